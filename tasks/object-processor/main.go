package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"slipway/tasks/internal/container"
)

func main() { container.Main("object-processor", work) }

func work(ctx context.Context, args []string) error {
	settings, err := readSettings(args, os.Getenv)
	if err != nil {
		return err
	}
	client, err := container.S3(ctx)
	if err != nil {
		return err
	}
	p := processor{
		store:    &s3Store{client: client, results: settings.results},
		settings: settings,
		now:      time.Now,
		log:      slog.New(slog.NewJSONHandler(os.Stdout, nil)),
	}
	return p.process(ctx, settings.source)
}
