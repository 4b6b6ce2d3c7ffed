package orchestrator_test

import (
	"testing"

	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func TestATickTellsWhatWaitsForRoom(t *testing.T) {
	job := images()
	job.Concurrency.Max = 2
	w := newWorld(t, job)
	w.admit(want("images", "a.png"), want("images", "b.png"), want("images", "c.png"), want("images", "d.png"), want("images", "e.png"))
	if got := w.ticked(); got.Waiting["images"] != 3 {
		t.Errorf("waiting = %v, want 3 of images", got.Waiting)
	}
	for range 3 {
		w.finish(0)
		w.tick()
	}
	if got := w.ticked(); got.Waiting != nil || w.states()[run.Succeeded] != 5 {
		t.Errorf("waiting = %v and states = %v, want nothing that waits", got.Waiting, w.states())
	}
}

// ticked is the report of a tick.
func (w *world) ticked() orchestrator.Report {
	w.t.Helper()
	r, err := w.function(false).Tick(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
