package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"slipway/internal/run"
)

func incident(key string) run.Incident {
	return run.Incident{
		Key: key, Event: "run.failed", Subject: run.Subject{Kind: run.JobSubject, Name: "images"}, OpenedAt: noon, SeenAt: noon,
		Count: 1, Told: 1, Check: noon.Add(time.Minute), Notices: []run.Notice{{Stage: key + "/1", Mail: true, NotBefore: noon}},
	}
}

func countsCasesOnce(ctx context.Context, t *testing.T, l whole) {
	if _, err := l.Incident(ctx, "k"); !errors.Is(err, run.ErrNotFound) {
		t.Errorf("an incident that is not there: %v, want ErrNotFound", err)
	}
	i := incident("k")
	if err := l.SaveIncident(ctx, i, "case 1"); err != nil {
		t.Fatal(err)
	}
	var c *run.Conflict
	if err := l.SaveIncident(ctx, i, "case 2"); !errors.As(err, &c) {
		t.Errorf("error = %v, want a conflict for an old revision", err)
	}
	stored, err := l.Incident(ctx, "k")
	if err != nil || stored.Count != 1 || stored.Revision != 1 || len(stored.Notices) != 1 {
		t.Fatalf("stored = %+v, %v", stored, err)
	}
	stored.Count = 2
	if err := l.SaveIncident(ctx, stored, "case 1"); !errors.Is(err, run.ErrRecorded) {
		t.Errorf("error = %v, want ErrRecorded for a case that was counted", err)
	}
	if err := l.SaveIncident(ctx, stored, "case 2"); err != nil {
		t.Errorf("a case whose first write was refused: %v", err)
	}
	if again, err := l.Incident(ctx, "k"); err != nil || again.Count != 2 || again.Revision != 2 {
		t.Errorf("stored = %+v, %v, want two cases at revision 2", again, err)
	}
}

func listsIncidents(ctx context.Context, t *testing.T, l whole) {
	closed, open := incident("closed"), incident("open")
	closed.ClosedAt, closed.Notices = noon, nil
	open.Notices = nil
	for _, i := range []run.Incident{closed, open, incident("due")} {
		if err := l.SaveIncident(ctx, i, ""); err != nil {
			t.Fatal(err)
		}
	}
	due, err := l.DueIncidents(ctx, noon, 10)
	if err != nil || len(due) != 1 || due[0].Key != "due" {
		t.Errorf("due = %+v, %v, want the one with a notice", due, err)
	}
	if due, err = l.DueIncidents(ctx, noon.Add(time.Hour), 1); err != nil || len(due) != 1 {
		t.Errorf("due = %+v, %v, want as many as were asked for", due, err)
	}
	of, err := l.OpenIncidents(ctx, run.Subject{Kind: run.JobSubject, Name: "images"})
	if err != nil || len(of) != 2 {
		t.Errorf("open = %+v, %v, want two", of, err)
	}
	if of, err = l.OpenIncidents(ctx, run.Subject{Kind: run.JobSubject, Name: "others"}); err != nil || len(of) != 0 {
		t.Errorf("open incidents of another job = %+v, %v", of, err)
	}
}

func keepsMarks(ctx context.Context, t *testing.T, l whole) {
	if _, err := l.Mark(ctx, "m"); !errors.Is(err, run.ErrNotFound) {
		t.Errorf("a mark that is not there: %v, want ErrNotFound", err)
	}
	for _, m := range []run.Mark{{Name: "m", Word: "second", At: noon.Add(time.Second)}, {Name: "m", Word: "first", At: noon}} {
		if err := l.SaveMark(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := l.Mark(ctx, "m"); err != nil || m.Word != "second" {
		t.Errorf("mark = %+v, %v, want the newer one", m, err)
	}
}
