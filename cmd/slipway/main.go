package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones, also where the machine has none

	"github.com/aws/aws-sdk-go-v2/aws"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second interrupt ends the program at once
	os.Exit(execute(ctx, world{
		args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr, terminal: isTerminal(os.Stdin) && isTerminal(os.Stderr),
		getenv: os.Getenv, user: osUser, now: time.Now, sleep: sleep, poll: time.Second, connect: loadConfig, external: runCommand,
	}))
}

// world is everything that a command takes from outside.
type world struct {
	args     []string
	in       io.Reader
	out      io.Writer
	err      io.Writer
	terminal bool // somebody sits there who can be asked
	getenv   func(string) string
	user     func() string
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	poll     time.Duration // how long a queue that seems empty is waited for
	// connect reads credentials and region as every tool of AWS does. Empty texts are not given.
	connect func(ctx context.Context, region, profile string) (aws.Config, error)
	// external runs another program to its end: sam, docker and go, for a deployment.
	external func(context.Context, command) error
}
