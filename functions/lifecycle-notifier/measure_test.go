package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"slipway/internal/cloud/eventbridge"
	"slipway/internal/run"
)

func TestWhatIsMeasuredOfARun(t *testing.T) {
	as := func(change func(*run.Run)) run.Run {
		r := failed()
		change(&r)
		return r
	}
	started := func(r *run.Run) {
		r.State, r.Outcome, r.EventAt, r.StartedAt = run.Running, nil, noon, noon.Add(70*time.Second)
	}
	for name, tc := range map[string]struct {
		run    run.Run
		effect run.Effect
		want   []string
	}{
		"a start, with the time since the event": {as(started), run.OwesStarted, []string{"images RunsRunning 1", "images StartSeconds 70"}},
		"a second start, without": {
			as(func(r *run.Run) { started(r); r.History = []run.Step{{State: run.Running}, {State: run.Running}} }),
			run.OwesStarted,
			[]string{"images RunsRunning 1"},
		},
		"a failure":  {failed(), run.OwesEvent, []string{"application-error AttemptsFailed 1", "images RunsFailed 1"}},
		"a success":  {as(func(r *run.Run) { r.State, r.Outcome.Class = run.Succeeded, "succeeded" }), run.OwesEvent, []string{"images RunsSucceeded 1"}},
		"a skip":     {as(func(r *run.Run) { r.State, r.Outcome = run.Skipped, nil }), run.OwesEvent, []string{"images RunsSkipped 1"}},
		"an attempt": {as(func(r *run.Run) { r.State = run.Queued }), run.OwesRetrying, []string{"application-error AttemptsFailed 1"}},
		"one that was cancelled is no failure": {
			as(func(r *run.Run) { r.State = run.Cancelled }), run.OwesEvent,
			[]string{"images RunsCancelled 1"},
		},
		"a batch, which its objects tell of": {as(func(r *run.Run) { r.Objects = &run.Objects{} }), run.OwesEvent, nil},
		"a batch that is split": {
			as(func(r *run.Run) { r.Objects = &run.Objects{Into: []run.ID{"a", "b"}} }), run.OwesEvent,
			[]string{"application-error AttemptsFailed 1"},
		},
		"nothing of an end that somebody has undone": {as(func(r *run.Run) { r.State = run.Queued }), run.OwesEvent, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var p post
			if err := p.effects("").Publish(t.Context(), tc.run, tc.effect); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(p.metrics, tc.want) {
				t.Errorf("metrics = %q, want %q", p.metrics, tc.want)
			}
		})
	}
}

func TestNothingIsMeasuredThatCouldNotBeTold(t *testing.T) {
	var p post
	e := p.effects("")
	e.put = func(context.Context, eventbridge.Entry) error { return errors.New("away") }
	if err := e.Publish(t.Context(), failed(), run.OwesEvent); err == nil || len(p.metrics) > 0 {
		t.Errorf("error = %v, metrics = %q: it is told again, and would count twice", err, p.metrics)
	}
}
