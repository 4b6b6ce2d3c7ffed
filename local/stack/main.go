package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"slipway/local/internal/screen"
	"slipway/local/internal/stack"
)

const usage = `usage: go run ./local/stack up|down|status

  up      start the local stack, build, deploy, and return when it is ready
  down    stop what up has started
  status  say what runs

environment: SLIPWAY_PORT (4566), SLIPWAY_ECS_PORT (4567), SLIPWAY_ENGINE (auto, docker or process),
CONFIG (the folder of slipway.yaml)
`

var errNotRunning = errors.New("the local stack does not run; start it with make up")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	commands := map[string]func(context.Context, stack.Options) error{"up": up, "down": down, "status": status}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2) //nolint:gocritic // nothing to stop yet
	}
	if err := run(ctx, commands[os.Args[1]]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command func(context.Context, stack.Options) error) error {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	o, err := stack.Options{Root: root, Screen: screen.New(os.Stdout)}.FromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	o.State = filepath.Join(root, ".local")
	return command(ctx, o)
}

func up(ctx context.Context, o stack.Options) error {
	r, err := stack.Up(ctx, o)
	if err != nil {
		return err
	}
	switch {
	case r.Ran && r.Deployed:
		o.Screen.Print("The local stack runs already; what has changed was deployed.")
	case r.Ran:
		o.Screen.Print("The local stack runs already, and nothing has changed.")
	default:
		o.Screen.Print("The local stack is ready.")
	}
	o.Screen.Print("%s", r.Guide(o.State))
	return nil
}

func down(ctx context.Context, o stack.Options) error {
	ran, err := stack.Down(ctx, o.State)
	if err != nil {
		return err
	}
	if ran {
		o.Screen.Print("The local stack is stopped. Logs are in %s.", filepath.Join(o.State, "log"))
	} else {
		o.Screen.Print("The local stack does not run.")
	}
	return nil
}

func status(_ context.Context, o stack.Options) error {
	r, err := stack.Load(o.State)
	if err != nil {
		return err
	}
	for _, p := range r.Processes {
		state := map[bool]string{true: "runs", false: "has ended"}[p.Alive()]
		o.Screen.Print("%-10s process %-8d %-10s log %s", p.Name, p.PID, state, p.Log)
	}
	if !r.Running() {
		return errNotRunning
	}
	o.Screen.Print("%s", r.Guide(o.State))
	return nil
}
