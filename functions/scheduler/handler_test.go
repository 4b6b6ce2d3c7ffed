package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/telemetry"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tickFunc is an orchestrator that does nothing else.
type tickFunc func() (orchestrator.Report, error)

func (f tickFunc) Tick(context.Context) (orchestrator.Report, error) { return f() }

func newHandler(metrics *bytes.Buffer, tick tickFunc) *handler {
	now := func() time.Time { return noon }
	return &handler{
		runs: tick, leases: &fake.Ledger{}, now: now, metrics: telemetry.NewMetrics(metrics, "example", now), log: slog.New(slog.DiscardHandler),
	}
}

func TestATickReports(t *testing.T) {
	sample, err := os.ReadFile("../../events/scheduler-tick.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, payload := range map[string]string{
		"what EventBridge Scheduler sends": string(sample),
		"an empty input":                   `{}`,
		"a time that nothing filled in":    `{"scheduledTime":"<aws.scheduler.scheduled-time>"}`,
	} {
		t.Run(name, func(t *testing.T) {
			var metrics bytes.Buffer
			h := newHandler(&metrics, func() (orchestrator.Report, error) { return orchestrator.Report{Admitted: 2, Reconciled: 1}, nil })
			out, err := h.handle(t.Context(), []byte(payload))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(out)
			if want := `{"admitted":2,"missed":0,"reconciled":1}`; err != nil || string(got) != want {
				t.Errorf("answer = %s, %v, want %s", got, err, want)
			}
			if !strings.Contains(metrics.String(), `"RunsAdmitted":2`) || !strings.Contains(metrics.String(), `"Ticks":1`) {
				t.Errorf("metrics = %s", metrics.String())
			}
		})
	}
}

func TestWhatWaitsIsMeasuredByJob(t *testing.T) {
	var metrics bytes.Buffer
	h := newHandler(&metrics, func() (orchestrator.Report, error) {
		return orchestrator.Report{Waiting: map[string]int{"images": 7}}, errors.New("the tick was cut off")
	})
	if _, err := h.handle(t.Context(), []byte(`{}`)); err == nil {
		t.Error("no error")
	}
	if got := metrics.String(); !strings.Contains(got, `"Job":"images","RunsWaiting":7`) {
		t.Errorf("metrics = %s, want what waits, though the tick failed", got)
	}
}

func TestAnEventIsNoTick(t *testing.T) {
	h := newHandler(&bytes.Buffer{}, func() (orchestrator.Report, error) {
		t.Error("a tick was done")
		return orchestrator.Report{}, nil
	})
	if _, err := h.handle(t.Context(), []byte(`{"Records":[]}`)); err == nil {
		t.Error("no error for a batch")
	}
}

func TestOneTickAtATime(t *testing.T) {
	var h *handler
	h = newHandler(&bytes.Buffer{}, func() (orchestrator.Report, error) {
		out, err := h.handle(t.Context(), []byte(`{}`)) // another invocation while this one is at work
		if got, ok := out.(answer); err != nil || !ok || !got.Skipped {
			t.Errorf("the second tick = %+v, %v, want skipped", out, err)
		}
		return orchestrator.Report{}, nil
	})
	for range 2 { // the first gives the lease back
		if out, err := h.handle(t.Context(), []byte(`{}`)); err != nil || out.(answer).Skipped {
			t.Errorf("tick = %+v, %v", out, err)
		}
	}
}

func TestATickThatFailsIsAnErrorAndGivesTheLeaseBack(t *testing.T) {
	fails := true
	h := newHandler(&bytes.Buffer{}, func() (orchestrator.Report, error) {
		if fails {
			return orchestrator.Report{}, errors.New("the table is away")
		}
		return orchestrator.Report{}, nil
	})
	if _, err := h.handle(t.Context(), []byte(`{}`)); err == nil {
		t.Error("no error")
	}
	fails = false
	if out, err := h.handle(t.Context(), []byte(`{}`)); err != nil || out.(answer).Skipped {
		t.Errorf("the next tick = %+v, %v", out, err)
	}
}

func TestALeaseDoesNotReachIntoTheNextMinute(t *testing.T) {
	h := newHandler(&bytes.Buffer{}, nil)
	ctx, cancel := context.WithDeadline(t.Context(), noon.Add(5*time.Minute))
	defer cancel()
	if got := h.hold(ctx); got >= time.Minute {
		t.Errorf("lease of %s", got)
	}
}
