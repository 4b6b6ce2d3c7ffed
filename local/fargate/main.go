package main

import (
	"cmp"
	"context"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"slipway/local/fargate/internal/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := server.Run(ctx, options()); err != nil {
		slog.Error("cannot run", "error", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be undone
	}
}

func options() server.Options {
	o := server.Options{
		Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1"),
		Key:    cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), "test"), Secret: cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), "test"),
		Log: slog.Default(),
	}
	flag.StringVar(&o.Listen, "listen", "127.0.0.1:4567", "address to serve ECS on")
	flag.StringVar(&o.Upstream, "upstream", "http://127.0.0.1:4566", "URL of the AWS emulator")
	flag.StringVar(&o.Engine, "engine", "auto", "how tasks run: docker, process, or auto (docker where an engine answers)")
	flag.StringVar(&o.Bin, "bin", ".local/bin", "folder of the programs that stand for images slipway/NAME:TAG")
	flag.DurationVar(&o.Start, "start", 1200*time.Millisecond, "time from RunTask to RUNNING")
	flag.Parse()
	return o
}
