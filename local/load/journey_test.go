package main

import (
	"testing"
	"time"

	"slipway/internal/run"
)

func TestStagesAddUpToTheWholeWay(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 3, 1, 12, 0, s, 0, time.UTC) }
	whole := run.Run{State: run.Failed, AdmittedAt: at(1), ClaimedAt: at(3), AcceptedAt: at(6), StartedAt: at(10), EndedAt: at(15)}
	waiting := run.Run{State: run.Queued, AdmittedAt: at(1)}
	var f figures
	f.add(journey{began: at(0), mailedAt: at(21)}, &whole)
	f.add(journey{began: at(0)}, &waiting)
	f.add(journey{began: at(0)}, nil)
	if f.Uploads != 3 || f.Unstarted != 2 || f.Unended != 2 {
		t.Errorf("got %d uploads, %d not started, %d not ended; want 3, 2, 2", f.Uploads, f.Unstarted, f.Unended)
	}
	for name, want := range map[string]float64{toAdmitted: 1, toClaimed: 2, toAccepted: 3, toStarted: 4, toEnded: 5, toMail: 6, wholeStart: 10, wholeMail: 21} {
		if got := f.Seconds[name]; len(got) == 0 || got[0] != want {
			t.Errorf("%s: got %v, want %g first", name, got, want)
		}
	}
	if got := len(f.Seconds[toClaimed]); got != 1 {
		t.Errorf("got %d times to the claim, want none of the run that waits", got)
	}
}

func TestRatesAreRead(t *testing.T) {
	if got, err := parse("1,0.5"); err != nil || len(got) != 2 || got[1] != 0.5 {
		t.Errorf("got %v, %v; want 1 and 0.5", got, err)
	}
	for _, wrong := range []string{"", "0", "-1", "many", "1,,2", "2000"} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
