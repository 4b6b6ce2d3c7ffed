package alert_test

import (
	"fmt"
	"testing"
	"time"

	"slipway/internal/alert"
	"slipway/internal/run"
)

// told is an incident with everything that was told of it, in a world that tells each notice at once.
type told struct {
	run.Incident
	mails    []run.Notice
	events   []run.Notice
	failures int
}

func (w *told) next(i run.Incident) {
	for _, n := range i.Notices {
		if n.Mail {
			w.mails = append(w.mails, n)
			w.failures += n.New
		} else {
			w.events = append(w.events, n)
		}
		i = alert.Paid(i, n.Stage)
	}
	w.Incident = i
}

func (w *told) add(at time.Time) { w.addCase(aCase(), at) }

func (w *told) addCase(c run.Case, at time.Time) {
	c.At = at
	w.next(alert.Add(w.Incident, c, at))
}

// until lets minutes pass.
func (w *told) until(from, to time.Time) {
	for at := from; !at.After(to); at = at.Add(time.Minute) {
		if due := w.Due(); !due.IsZero() && !due.After(at) {
			w.next(alert.Advance(w.Incident, time.Time{}, at))
		}
	}
}

func scheduled(at time.Time) run.Case {
	c := aCase()
	c.Object, c.ScheduledTime, c.Trigger = nil, &at, run.BySchedule
	return c
}

func TestTheFirstFailureIsToldAtOnceAndTheRestInDigests(t *testing.T) {
	var w told
	w.add(noon)
	if len(w.mails) != 1 || w.mails[0].Kind != run.Opened || w.mails[0].New != 1 {
		t.Fatalf("mails = %+v, want one at once", w.mails)
	}
	for k := range 999 {
		w.add(noon.Add(time.Duration(k) * 300 * time.Millisecond))
	}
	w.until(noon, noon.Add(30*time.Minute))
	if len(w.mails) != 2 || w.failures != 1000 {
		t.Errorf("%d mails about %d failures, want 2 about 1000", len(w.mails), w.failures)
	}
}

func TestDigestsGrowRareAndCountEverything(t *testing.T) {
	var w told
	for k := range 24 * 60 {
		at := noon.Add(time.Duration(k) * time.Minute)
		w.add(at)
		w.until(at, at)
	}
	w.until(noon.Add(24*time.Hour), noon.Add(30*time.Hour))
	if len(w.mails) > 12 || w.failures != 24*60 {
		t.Errorf("%d mails about %d failures, want at most 12 about all", len(w.mails), w.failures)
	}
}

// TestOneCorruptUploadInEveryTen holds for every rate: what fails seldom is told as seldom.
func TestOneCorruptUploadInEveryTen(t *testing.T) {
	for _, every := range []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, 61 * time.Minute, 100 * time.Minute, 5 * time.Hour} {
		t.Run(every.String(), func(t *testing.T) {
			var w told
			failures := 0
			for at := noon; at.Before(noon.Add(24 * time.Hour)); at = at.Add(every) {
				w.until(at.Add(-every), at)
				w.add(at)
				failures++
			}
			day := len(w.mails)
			w.until(noon.Add(24*time.Hour), noon.Add(29*time.Hour))
			if day > 12 || w.failures != failures {
				t.Errorf("%d mails about %d of %d failures", day, w.failures, failures)
			}
			t.Logf("%d mails in a day, about %d failures", day, failures)
			for _, n := range w.mails {
				if n.Kind == run.Resolved {
					t.Error("a mail says that it has recovered")
				}
			}
		})
	}
}

func TestAnHourWithoutAnotherClosesSilently(t *testing.T) {
	var w told
	w.add(noon)
	w.until(noon, noon.Add(59*time.Minute))
	if !w.Open() {
		t.Fatal("closed too soon")
	}
	w.until(noon, noon.Add(61*time.Minute))
	if w.Open() || w.ClosedBy != alert.ByQuiet || len(w.mails) != 1 || len(w.events) != 2 {
		t.Errorf("open %t by %q after %d mails and %d events", w.Open(), w.ClosedBy, len(w.mails), len(w.events))
	}
	w.add(noon.Add(2 * time.Hour))
	if len(w.mails) != 2 || w.Episode != 2 || w.Count != 1 {
		t.Errorf("%d mails in episode %d with %d failures; want what comes again told again", len(w.mails), w.Episode, w.Count)
	}
}

func TestWhatResolves(t *testing.T) {
	service := aCase()
	service.Event, service.Subject = "task.failed", run.Subject{Kind: run.ServiceSubject, Name: "web", Cluster: "c"}
	launch := aCase()
	launch.Outcome.Class = "capacity"
	for name, tc := range map[string]struct {
		of   run.Case
		good time.Time
		want bool
	}{
		"the next scheduled run":                 {scheduled(noon), noon.Add(time.Hour), true},
		"the same scheduled run, retried":        {scheduled(noon), noon, true},
		"not an earlier scheduled run":           {scheduled(noon), noon.Add(-time.Hour), false},
		"the steady state after a task failed":   {service, noon.Add(time.Second), true},
		"not the one before":                     {service, noon.Add(-time.Second), false},
		"not another object":                     {aCase(), noon.Add(time.Hour), false},
		"not a success for a matter of launches": {launch, noon.Add(time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			var w told
			w.addCase(tc.of, noon)
			w.next(alert.Advance(w.Incident, tc.good, noon.Add(30*time.Second)))
			resolved := len(w.mails) == 2 && w.mails[1].Kind == run.Resolved
			if resolved != tc.want || w.Open() == tc.want {
				t.Errorf("resolved %t, open %t, want %t", resolved, w.Open(), tc.want)
			}
		})
	}
}

func TestTenLaunchesResolveAMatterOfLaunching(t *testing.T) {
	c := aCase()
	c.Outcome.Class = "capacity"
	var w told
	w.addCase(c, noon)
	for k := range 9 {
		w.next(alert.Launched(w.Incident, noon.Add(time.Duration(k)*time.Minute)))
	}
	w.addCase(c, noon.Add(10*time.Minute))
	for range 9 {
		w.next(alert.Launched(w.Incident, noon.Add(time.Hour)))
	}
	if !w.Open() {
		t.Fatal("nine launches after another failure resolved it")
	}
	w.next(alert.Launched(w.Incident, noon.Add(time.Hour)))
	if w.Open() || w.ClosedBy != alert.ByLaunches {
		t.Errorf("ten launches did not resolve it: %+v", w.Incident)
	}
}

func TestWhatWasNotToldYetIsToldWithTheEnd(t *testing.T) {
	var w told
	w.addCase(scheduled(noon), noon)
	w.addCase(scheduled(noon), noon.Add(time.Minute))
	w.next(alert.Resolve(w.Incident, alert.BySuccess, noon.Add(2*time.Minute)))
	w.until(noon, noon.Add(time.Hour))
	if len(w.mails) != 2 || w.mails[1].Kind != run.Digest || w.failures != 2 {
		t.Errorf("mails = %+v, want the second failure in a digest and nothing more", w.mails)
	}
}

func TestWhatComesAndGoesIsNotToldEachTime(t *testing.T) {
	var w told
	for k := range 24 * 6 {
		at := noon.Add(time.Duration(k) * 10 * time.Minute)
		w.addCase(scheduled(at), at)
		w.until(at, at.Add(4*time.Minute))
		w.next(alert.Resolve(w.Incident, alert.BySuccess, at.Add(5*time.Minute)))
		w.until(at.Add(5*time.Minute), at.Add(9*time.Minute))
	}
	w.until(noon.Add(24*time.Hour), noon.Add(30*time.Hour))
	if len(w.mails) > 24 || w.failures != 24*6 {
		t.Errorf("%d mails about %d failures of a day of coming and going", len(w.mails), w.failures)
	}
}

func TestAMailThatIsHeldBackWaits(t *testing.T) {
	c := aCase()
	c.HeldUntil = noon.Add(15 * time.Minute)
	var w told
	w.addCase(c, noon)
	w.until(noon, noon.Add(14*time.Minute))
	if len(w.mails) != 0 {
		t.Fatalf("told while held back: %+v", w.mails)
	}
	swallowed := alert.Swallow(w.Incident, noon.Add(14*time.Minute))
	if swallowed.Open() || swallowed.Untold() != 0 {
		t.Errorf("swallowed: %+v", swallowed)
	}
	w.until(noon, noon.Add(16*time.Minute))
	if len(w.mails) != 1 || w.mails[0].Kind != run.Opened {
		t.Errorf("mails = %+v, want one after the time is over", w.mails)
	}
}

func TestReleaseLetsAMailGo(t *testing.T) {
	c := aCase()
	c.HeldUntil = noon.Add(15 * time.Minute)
	var w told
	w.addCase(c, noon)
	w.next(alert.Release(w.Incident, noon.Add(time.Minute)))
	if len(w.mails) != 1 {
		t.Errorf("mails = %+v", w.mails)
	}
}

func TestANoticeIsTakenByOneAndTriedAgainLater(t *testing.T) {
	i := alert.Add(run.Incident{}, aCase(), noon)
	stage := i.Notices[1].Stage
	taken := alert.Taken(i, stage, noon.Add(time.Minute))
	if n := taken.Notices[1]; n.Tries != 1 || !n.NotBefore.After(noon.Add(time.Minute)) {
		t.Errorf("taken: %+v", n)
	}
	last := time.Duration(0)
	for tries := range alert.MaxTries {
		wait := alert.Postponed(taken, stage, []string{"b"}, noon).Notices[1].NotBefore.Sub(noon)
		if wait < last || wait > time.Hour {
			t.Errorf("after %d tries it waits %s, after %s before", tries, wait, last)
		}
		last, taken = wait, alert.Taken(taken, stage, noon)
	}
	if got := alert.Postponed(i, stage, []string{"b"}, noon).Notices[1].To; fmt.Sprint(got) != "[b]" {
		t.Errorf("left = %v", got)
	}
	if i.Notices[1].To != nil || i.Notices[1].Tries != 0 {
		t.Error("the incident given was changed")
	}
}

func TestExamplesAreTheNewest(t *testing.T) {
	var w told
	for _, k := range []int{5, 1, 9, 3, 7, 2, 8} {
		c := aCase()
		c.ID = fmt.Sprint(k)
		w.addCase(c, noon.Add(time.Duration(k)*time.Second))
	}
	var got string
	for _, c := range w.Examples {
		got += c.ID
	}
	if got != "98753" || w.Count != 7 {
		t.Errorf("examples %s of %d", got, w.Count)
	}
}
