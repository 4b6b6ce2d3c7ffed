package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/tasks/internal/container"
	"slipway/worker"
)

func main() {
	ctx, stop := container.Signals(context.Background())
	defer stop()
	os.Exit(container.Run(ctx, "queue-worker", os.Stderr, grace, work))
}

func work(ctx context.Context, _ []string) error {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	options, err := readOptions(os.Getenv)
	if err != nil {
		return err
	}
	cfg, err := container.AWS(ctx)
	if err != nil {
		return err
	}
	options.Queue, options.Log = sqs.NewFromConfig(cfg), log
	options.Hooks = hooks(log)
	w, err := worker.New(options)
	if err != nil {
		return container.Usage("%v", err)
	}
	log.Info("started", "queue", options.URL)
	return container.Explain(w.Run(ctx))
}
