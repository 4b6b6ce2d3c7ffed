package run_test

import (
	"slices"
	"testing"
	"time"

	"slipway/internal/run"
)

func TestWhatARunOwesOnItsWay(t *testing.T) {
	onTheWay := theTask
	onTheWay.LastStatus = run.StatusRunning
	started := must(starting().Accept(theTask, noon)).Observe(onTheWay, later)
	if want := []run.Effect{run.OwesStarted}; !slices.Equal(started.Owed, want) {
		t.Errorf("a run whose task is RUNNING owes %v, want %v", started.Owed, want)
	}
	if again := started.Observe(onTheWay, later); len(again.Owed) != 1 {
		t.Errorf("after the same event again it owes %v", again.Owed)
	}
	retried := must(started.Paid(run.OwesStarted).Retry(failed, run.Place{}, later, later))
	if want := []run.Effect{run.OwesRetrying, run.OwesNudge}; !slices.Equal(retried.Owed, want) {
		t.Errorf("a run that is tried again owes %v, want %v", retried.Owed, want)
	}
}

func TestIncidentKeysTellCausesApart(t *testing.T) {
	base := run.Case{ID: "1", Event: "run.failed", Subject: run.Subject{Kind: run.JobSubject, Name: "a"}, Outcome: run.Outcome{Class: "x", Container: "main"}}
	seen := map[string]string{run.IncidentKey(base): "the first"}
	for name, change := range map[string]func(*run.Case){
		"another event":     func(c *run.Case) { c.Event = "task.failed" },
		"another kind":      func(c *run.Case) { c.Subject.Kind = run.ServiceSubject },
		"another name":      func(c *run.Case) { c.Subject.Name = "b" },
		"another cluster":   func(c *run.Case) { c.Subject.Cluster = "c" },
		"another class":     func(c *run.Case) { c.Outcome.Class = "y" },
		"another container": func(c *run.Case) { c.Outcome.Container = "other" },
		"a drill":           func(c *run.Case) { c.Drill = true },
	} {
		c := base
		change(&c)
		key := run.IncidentKey(c)
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s have the same key", name, other)
		}
		seen[key] = name
	}
	same := base
	same.ID, same.At = "2", noon
	if run.IncidentKey(same) != run.IncidentKey(base) {
		t.Error("another case of the same cause has another key")
	}
}

func TestWhenAnIncidentIsDue(t *testing.T) {
	for name, tc := range map[string]struct {
		incident run.Incident
		want     time.Time
	}{
		"nothing is to come":             {run.Incident{Key: "k", ClosedAt: noon}, time.Time{}},
		"a notice":                       {run.Incident{Key: "k", ClosedAt: noon, Notices: []run.Notice{{NotBefore: later}}}, later},
		"a digest":                       {run.Incident{Key: "k", ClosedAt: noon, Count: 2, Told: 1, LastMail: noon, Wait: time.Minute}, noon.Add(time.Minute)},
		"a digest that is held back":     {run.Incident{Key: "k", ClosedAt: noon, Count: 2, Told: 1, LastMail: noon, Wait: time.Minute, HeldUntil: noon.Add(time.Hour)}, noon.Add(time.Hour)},
		"the next look at an open one":   {run.Incident{Key: "k", Check: later}, later},
		"the soonest of what is to come": {run.Incident{Key: "k", Check: later.Add(time.Hour), Notices: []run.Notice{{NotBefore: later}}}, later},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.incident.Due(); !got.Equal(tc.want) || tc.incident.Pending() == tc.want.IsZero() {
				t.Errorf("Due = %s, pending %t; want %s", got, tc.incident.Pending(), tc.want)
			}
		})
	}
}
