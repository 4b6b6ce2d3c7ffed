package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"slipway/internal/event"
	"slipway/internal/orchestrator"
	"slipway/internal/telemetry"
)

// runs is the part of the orchestrator that a tick needs.
type runs interface {
	Tick(ctx context.Context) (orchestrator.Report, error)
}

// function is the name of this function in logs and metrics.
const function = "scheduler"

// shares is into how many parts the quota of RunTask is divided: one for this function, and one for each instance of
// the function s3-trigger.
const shares = 5

// longest is how long a lease is held at most: a tick that was killed must not keep the next one from its work.
const longest = 55 * time.Second

type handler struct {
	runs    runs
	leases  orchestrator.Leases
	now     func() time.Time
	metrics *telemetry.Metrics
	log     *slog.Logger
}

// answer is the report of a tick. Skipped says that another tick was still at work, so that this one did nothing.
type answer struct {
	orchestrator.Report
	Skipped bool `json:"skipped,omitempty"`
}

// handle does what a minute asks for. The time that the tick was scheduled for is not looked at: late or missing ticks
// are made up for by what the ledger says.
func (h *handler) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	if _, ok := event.ParseTick(payload); !ok {
		return nil, errors.New("read the payload: it is not a tick")
	}
	holder := rand.Text()
	got, err := h.leases.Acquire(ctx, function, holder, h.now(), h.hold(ctx))
	if err != nil {
		return nil, fmt.Errorf("take the lease: %w", err)
	}
	if !got {
		h.log.InfoContext(ctx, "another tick is at work")
		return answer{Skipped: true}, nil
	}
	report, err := h.runs.Tick(ctx)
	h.report(ctx, report, err)
	if lost := h.leases.Release(ctx, function, holder); lost != nil {
		h.log.WarnContext(ctx, "lease not released", "error", lost) // it expires by itself
	}
	return answer{Report: report}, err
}

// hold is how long the lease lasts: as long as this invocation may, but not into the next minute.
func (h *handler) hold(ctx context.Context) time.Duration {
	if deadline, bounded := ctx.Deadline(); bounded {
		return min(max(deadline.Sub(h.now()), time.Second), longest)
	}
	return longest
}

func (h *handler) report(ctx context.Context, r orchestrator.Report, err error) {
	counts := map[telemetry.Metric]int{telemetry.Ticks: 1}
	for metric, n := range map[telemetry.Metric]int{
		telemetry.RunsAdmitted: r.Admitted, telemetry.TimesMissed: r.Missed, telemetry.RunsReconciled: r.Reconciled,
	} {
		if n > 0 {
			counts[metric] = n
		}
	}
	h.metrics.Emit(function, counts)
	for job, n := range r.Waiting {
		h.metrics.Emit(job, map[telemetry.Metric]int{telemetry.RunsWaiting: n})
	}
	if err != nil {
		h.log.ErrorContext(ctx, "tick not complete", "admitted", r.Admitted, "missed", r.Missed, "reconciled", r.Reconciled, "error", err)
		return
	}
	h.log.InfoContext(ctx, "tick done", "admitted", r.Admitted, "missed", r.Missed, "reconciled", r.Reconciled)
}
