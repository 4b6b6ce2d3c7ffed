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
		store:    &s3Store{client, settings.results},
		settings: settings,
		now:      time.Now,
		log:      slog.New(slog.NewJSONHandler(os.Stdout, nil)),
	}
	if settings.manifest == "" {
		return p.process(ctx, settings.source)
	}
	m, err := loadManifest(ctx, p.store, settings.manifest)
	if err != nil {
		return err
	}
	b := batch{objects: m.Objects, process: p.processListed, log: p.log}
	if r := settings.report; r != (source{}) {
		reports := &s3Store{client, r.bucket}
		b.put = func(ctx context.Context, text []byte) error { return reports.put(ctx, r.key, "application/json", text) }
	}
	return b.run(ctx)
}
