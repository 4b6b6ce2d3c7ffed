package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"slipway/tasks/internal/container"
)

func main() { container.Main("hourly-batch", work) }

func work(ctx context.Context, _ []string) error {
	settings, err := readSettings(os.Getenv, time.Now())
	if err != nil {
		return err
	}
	client, err := container.S3(ctx)
	if err != nil {
		return err
	}
	b := batch{
		store: &s3Store{client: client, bucket: settings.bucket},
		log:   slog.New(slog.NewJSONHandler(os.Stdout, nil)),
	}
	return b.run(ctx, settings)
}
