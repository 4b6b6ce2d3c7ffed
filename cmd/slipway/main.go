package main

import (
	"context"
	"io"
	"os"
	"time"
	_ "time/tzdata" // zones, also where the machine has none
)

func main() {
	os.Exit(execute(context.Background(), world{
		args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, now: time.Now,
	}))
}

// world is everything that a command takes from outside.
type world struct {
	args   []string
	in     io.Reader
	out    io.Writer
	err    io.Writer
	getenv func(string) string
	now    func() time.Time
}
