package main

import (
	"context"
	"io"
	"os"
	"os/exec"
)

// command is a program to run to its end.
type command struct {
	args []string
	dir  string
	env  []string  // beside the environment of this program
	in   io.Reader // of a program that is given a secret, or that asks
	show io.Writer // where everything that it prints goes; nil: nowhere
}

// runCommand runs a program. Interrupted, it may tidy up.
func runCommand(ctx context.Context, c command) error {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...) //nolint:gosec // the programs of a deployment
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, append(os.Environ(), c.env...), c.in
	cmd.Stdout, cmd.Stderr = c.show, c.show
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd.Run()
}
