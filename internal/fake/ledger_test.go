package fake_test

import (
	"errors"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/run"
)

func write(t *testing.T, l *fake.Ledger, r run.Run) {
	t.Helper()
	if err := l.Write(t.Context(), run.Write{Job: r.Job, Changes: []run.Change{{Run: r}}}); err != nil {
		t.Fatal(err)
	}
}

func TestTheIndexLagsBehind(t *testing.T) {
	now := noon
	l := &fake.Ledger{Lag: time.Minute, Now: func() time.Time { return now }}
	r := run.New("a", run.Job{Name: "images"}, run.ByObject, run.Input{}, noon)
	write(t, l, r)
	r.Revision = 1
	claimed, err := r.Claim(run.Decision{Capacity: "FARGATE"}, false, noon)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(30 * time.Second)
	write(t, l, claimed)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{59 * time.Second, 0}, {time.Minute, 1}, {89 * time.Second, 1}, {90 * time.Second, 0}} {
		now = noon.Add(step.after)
		queued, err := l.Queued(t.Context(), "images", now, 10)
		if err != nil || len(queued) != step.want {
			t.Errorf("after %s %d runs are queued, %v, want %d", step.after, len(queued), err, step.want)
		}
		if stored, err := l.Run(t.Context(), "a"); err != nil || stored.State != run.Starting {
			t.Errorf("after %s the run itself is %s, %v; want it as it was written", step.after, stored.State, err)
		}
	}
}

func TestABusyWriteWritesNothing(t *testing.T) {
	busy := true
	l := &fake.Ledger{Busy: func(run.Write) bool { return busy }}
	r := run.New("a", run.Job{Name: "images"}, run.ByObject, run.Input{}, noon)
	err := l.Write(t.Context(), run.Write{Job: "images", Changes: []run.Change{{Run: r}}})
	var c *run.Conflict
	if err == nil || errors.As(err, &c) || !run.Retryable(err) {
		t.Errorf("error = %v, want one that is worth another try and no conflict", err)
	}
	if _, err := l.Run(t.Context(), "a"); !errors.Is(err, run.ErrNotFound) {
		t.Errorf("the run: %v, want it not found", err)
	}
	busy = false
	write(t, l, r)
}
