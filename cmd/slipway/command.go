package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
)

// command is a program to run to its end.
type command struct {
	args  []string
	dir   string
	env   []string  // beside the environment of this program
	in    io.Reader // of a program that is given a secret, or that asks
	show  io.Writer // where its output goes; nil: it is returned
	quiet bool      // its errors are of no interest either
}

// runCommand runs a program and returns what it prints, unless that is shown.
func runCommand(ctx context.Context, c command) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...) //nolint:gosec // the programs of a deployment
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, append(os.Environ(), c.env...), c.in
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if c.show != nil {
		cmd.Stdout, cmd.Stderr = c.show, c.show
	}
	if c.quiet {
		cmd.Stderr = io.Discard
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // sam and docker tidy up
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}
