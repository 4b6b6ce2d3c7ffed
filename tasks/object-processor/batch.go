package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"slipway/tasks/internal/container"
)

const (
	// reportEvery is how old the news of a report may be while the batch is at work.
	reportEvery = 5 * time.Second
	// maxReason is how many characters of the reason of a failure are reported.
	maxReason = 500
)

// outcome is what is reported of one object.
type outcome struct {
	ID       string `json:"id"`
	ExitCode int    `json:"exitCode"`
	Reason   string `json:"reason,omitempty"`
}

// report is what is said of a batch. An object that is not in it has no outcome yet.
type report struct {
	Version int       `json:"version"`
	Objects []outcome `json:"objects"`
}

// batch processes the objects of a manifest, one after the other: the pixels of two pictures at once would not fit into
// the task. A failure of one never stops the others.
type batch struct {
	objects []listed
	process func(context.Context, listed) error
	// put writes the report; nil when there is no place for one. It may be called while process is at work, but by one
	// goroutine at a time.
	put func(context.Context, []byte) error
	log *slog.Logger

	mu       sync.Mutex // of outcomes
	outcomes []outcome
	writing  sync.Mutex // of put and written, so that no report replaces a newer one
	written  int        // how many outcomes the report holds; -1 before the first one
}

// run returns nil when every object's outcome is reported, or is a success where there is no place for a report.
func (b *batch) run(ctx context.Context) error {
	b.written = -1
	done, kept := make(chan struct{}), make(chan struct{})
	go func() { defer close(kept); b.keepReporting(ctx, done) }()
	failed, err := b.each(ctx)
	close(done)
	<-kept
	// The last report is written also when it is time to stop, for as long as the process may still take.
	if unwritten := b.report(context.WithoutCancel(ctx)); unwritten != nil && err == nil {
		err = &container.Transient{Err: fmt.Errorf("write the report: %w", unwritten)}
	}
	b.log.InfoContext(ctx, "batch ended", "objects", len(b.objects), "done", len(b.outcomes)-failed, "failed", failed)
	if err == nil && failed > 0 && b.put == nil {
		return fmt.Errorf("%d of %d objects failed, and SLIPWAY_REPORT names no place to say which", failed, len(b.objects))
	}
	return err
}

// each processes the objects and returns how many failed. Once ctx has ended, it begins no other and gives up the one in
// work, which then has no outcome; one that is done nevertheless is done.
func (b *batch) each(ctx context.Context) (failed int, err error) {
	for _, o := range b.objects {
		if ctx.Err() != nil {
			return failed, context.Cause(ctx)
		}
		err := b.process(ctx, o)
		if err != nil && ctx.Err() != nil {
			return failed, context.Cause(ctx)
		}
		x := outcomeOf(o, err)
		if err != nil {
			failed++
			b.log.ErrorContext(ctx, "failed", "runId", o.ID, "bucket", o.Bucket, "key", o.Key, "version", o.VersionID,
				"exitCode", x.ExitCode, "reason", x.Reason)
		}
		b.mu.Lock()
		b.outcomes = append(b.outcomes, x)
		b.mu.Unlock()
	}
	return failed, nil
}

// outcomeOf has the exit code that a run of the object alone would have ended with.
func outcomeOf(o listed, err error) outcome {
	x := outcome{ID: o.ID, ExitCode: container.ExitCode(err, false)}
	if err != nil {
		reason := []rune(container.Line(err))
		x.Reason = string(reason[:min(len(reason), maxReason)])
	}
	return x
}

// keepReporting writes the report from time to time, and at once when it is time to stop: the object in work may take
// longer to give up than the process has.
func (b *batch) keepReporting(ctx context.Context, done <-chan struct{}) {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			b.tryReport(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			b.tryReport(ctx)
		}
	}
}

// tryReport leaves it to the next report to make a failure good.
func (b *batch) tryReport(ctx context.Context) {
	if err := b.report(ctx); err != nil && !errors.Is(err, context.Canceled) {
		b.log.WarnContext(ctx, "report not written", "reason", container.Line(err))
	}
}

// report writes the report when there is something new to say.
func (b *batch) report(ctx context.Context) error {
	if b.put == nil {
		return nil
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	r := report{formVersion, append([]outcome{}, b.outcomes...)}
	b.mu.Unlock()
	if len(r.Objects) == b.written {
		return nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := b.put(ctx, text); err != nil {
		return err
	}
	b.written = len(r.Objects)
	return nil
}
