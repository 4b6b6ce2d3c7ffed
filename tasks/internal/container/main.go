package container

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long the work may take to end after SIGTERM. ECS kills a container 30 seconds after SIGTERM unless the
// task definition's stopTimeout says otherwise.
const grace = 10 * time.Second

// Work is what a container does. Its context ends, with the cause ErrStopped, when the container is told to stop.
type Work func(ctx context.Context, args []string) error

// Main does the work and ends the process with its exit code. On SIGTERM or SIGINT the work's context ends, and the
// process with it, at the latest after ten seconds.
func Main(name string, work Work) {
	ctx, stop := Signals(context.Background())
	defer stop()
	os.Exit(Run(ctx, name, os.Stderr, grace, work))
}

// Signals returns a context that ends with the cause ErrStopped on SIGTERM or SIGINT.
func Signals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		select {
		case <-signals:
			cancel(ErrStopped)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// Run does the work and returns the exit code. When ctx ends, it waits for the work no longer than the grace given.
func Run(ctx context.Context, name string, stderr io.Writer, grace time.Duration, work Work) int {
	done := make(chan error, 1)
	go func() { done <- work(ctx, os.Args[1:]) }()
	stopped, err := wait(ctx, done, grace)
	code := ExitCode(err, stopped)
	switch code {
	case ExitDone:
	case ExitStopped:
		_, _ = fmt.Fprintf(stderr, "%s: told to stop before the work was done\n", name)
	default:
		_, _ = fmt.Fprintf(stderr, "%s: %s\n", name, Line(err))
	}
	return code
}

// wait returns whether the container was told to stop, and the error of the work.
func wait(ctx context.Context, done <-chan error, grace time.Duration) (bool, error) {
	select {
	case err := <-done:
		return ctx.Err() != nil, err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return true, err
	case <-time.After(grace):
		return true, context.Cause(ctx)
	}
}
