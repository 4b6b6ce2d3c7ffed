package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"slipway/local/internal/screen"
	"slipway/local/internal/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "usage: [BREAK=processor|mail|trigger|scaler] go run ./local/demo")
		os.Exit(2) //nolint:gocritic // nothing to stop yet
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	broken, err := sabotageOf(os.Getenv("BREAK"))
	if err != nil {
		return err
	}
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	o := stack.Options{
		Root: root, State: filepath.Join(root, ".local"), Config: filepath.Join(root, "local", "demo"), Screen: screen.New(os.Stdout),
	}
	if o, err = o.FromEnvironment(os.Getenv); err != nil {
		return err
	}
	return demonstrate(ctx, o, broken)
}
