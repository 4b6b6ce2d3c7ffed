package run_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/run"
)

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later   = noon.Add(time.Minute)
	nightly = run.Job{Name: "nightly"}
	spot    = run.Decision{Cluster: "main", Definition: "batch:7", Capacity: "FARGATE_SPOT", Timeout: time.Hour}
	theTask = run.Task{ARN: "arn:task/1", LastStatus: "PENDING", Version: 1}
	failed  = run.Outcome{Class: "task-failed"}
	good    = run.Outcome{Class: "succeeded"}
)

func queued() run.Run {
	return run.New(run.ScheduledID("nightly", noon), nightly, run.BySchedule, run.Input{}, noon)
}

// must is for steps on the way to what a test is about.
func must(r run.Run, err error) run.Run {
	if err != nil {
		panic(err)
	}
	return r
}

func starting() run.Run { return must(queued().Claim(spot, true, noon)) }

func running() run.Run {
	t := theTask
	t.LastStatus, t.StartedAt, t.Version = run.StatusRunning, noon.Add(20*time.Second), 2
	return must(starting().Accept(theTask, noon)).Observe(t, later).Paid(run.OwesStarted).Clone()
}

// inState is a run in the state, as it comes there.
func inState(s run.State) run.Run {
	switch s {
	case run.Queued:
		return queued()
	case run.Starting:
		return starting()
	case run.Running:
		return running()
	case run.Succeeded:
		return must(running().End(good, later, later))
	case run.Failed:
		return must(running().End(failed, later, later))
	case run.Cancelled:
		return must(queued().WishFor(run.WishCancel, "by hand", later))
	case run.Skipped:
		return must(queued().Skip("another run is active", later))
	}
	panic("unknown state " + s)
}

var actions = map[string]struct {
	do   func(run.Run) (run.Run, error)
	from []run.State
	to   run.State
}{
	"claim":    {func(r run.Run) (run.Run, error) { return r.Claim(spot, true, later) }, []run.State{run.Queued}, run.Starting},
	"accept":   {func(r run.Run) (run.Run, error) { return r.Accept(theTask, later) }, []run.State{run.Starting}, run.Starting},
	"put back": {func(r run.Run) (run.Run, error) { return r.Refuse("no capacity", run.Place{Step: 1}, later, later) }, []run.State{run.Starting}, run.Queued},
	"retry": {
		func(r run.Run) (run.Run, error) { return r.Retry(failed, run.Place{}, later, later) },
		[]run.State{run.Starting, run.Running},
		run.Queued,
	},
	"succeed": {
		func(r run.Run) (run.Run, error) { return r.End(good, later, later) },
		[]run.State{run.Queued, run.Starting, run.Running},
		run.Succeeded,
	},
	"fail": {
		func(r run.Run) (run.Run, error) { return r.End(failed, later, later) },
		[]run.State{run.Queued, run.Starting, run.Running},
		run.Failed,
	},
	"skip": {func(r run.Run) (run.Run, error) { return r.Skip("full", later) }, []run.State{run.Queued}, run.Skipped},
	"time out": {
		func(r run.Run) (run.Run, error) { return r.WishFor(run.WishTimeout, "too long", later) },
		[]run.State{run.Running},
		run.Running,
	},
}

func TestWhichStateAllowsWhichAction(t *testing.T) {
	for name, action := range actions {
		for _, from := range run.States() {
			t.Run(fmt.Sprintf("%s a %s run", name, from), func(t *testing.T) {
				before := inState(from)
				want := before.Clone()
				got, err := action.do(before)
				if !reflect.DeepEqual(before, want) {
					t.Errorf("the run given was changed to %+v", before)
				}
				var refused *run.TransitionError
				switch {
				case !slices.Contains(action.from, from):
					if !errors.As(err, &refused) || refused.ID != before.ID || !strings.Contains(err.Error(), string(from)) {
						t.Errorf("error = %v, want a TransitionError that names the run and its state", err)
					}
					if !reflect.DeepEqual(got, before) {
						t.Errorf("a refused action returned %+v", got)
					}
				case err != nil || got.State != action.to:
					t.Errorf("state = %s, error %v, want %s", got.State, err, action.to)
				}
			})
		}
	}
}

func TestClaim(t *testing.T) {
	waiting := must(starting().Refuse("no capacity", run.Place{Step: 2}, later, noon))
	for name, tc := range map[string]struct {
		run run.Run
		at  time.Time
		ok  bool
	}{
		"a run that is due":                  {queued(), noon, true},
		"before its time":                    {waiting, later.Add(-1), false},
		"exactly at its time":                {waiting, later, true},
		"just before the launch deadline":    {queued(), noon.Add(run.DefaultStartWithin - 1), true},
		"when the launch deadline has come":  {queued(), noon.Add(run.DefaultStartWithin), false},
		"when the job's own deadline is set": {run.New("x", run.Job{StartWithin: time.Minute}, run.ByHand, run.Input{}, noon), later, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tc.run.Claim(spot, false, tc.at); (err == nil) != tc.ok {
				t.Errorf("error = %v, want ok %t", err, tc.ok)
			}
		})
	}
	got := must(running().Retry(failed, run.Place{}, later, later))
	got = must(got.Claim(spot, false, later))
	if got.TaskARN != "" || got.TaskVersion != 0 || !got.StartedAt.IsZero() || !got.AcceptedAt.IsZero() || got.Outcome != nil || got.Slot {
		t.Errorf("the claim of attempt 2 keeps something of attempt 1: %+v", got)
	}
}

func TestATaskIsTakenOverOnce(t *testing.T) {
	accepted := must(starting().Accept(theTask, noon))
	other := run.Task{ARN: "arn:task/2", LastStatus: run.StatusRunning}
	if _, err := accepted.Accept(other, later); err == nil {
		t.Error("a second task was accepted")
	}
	if got := accepted.Observe(other, later); !reflect.DeepEqual(got, accepted) {
		t.Errorf("the event of another task changed the run to %+v", got)
	}
	again := must(accepted.Accept(theTask, later))
	if !again.AcceptedAt.Equal(noon) || len(again.History) != len(accepted.History) {
		t.Errorf("accepted again = %+v, want no change", again)
	}
	first := starting().Observe(run.Task{ARN: theTask.ARN, LastStatus: run.StatusRunning}, later)
	if first.State != run.Running || first.TaskARN != theTask.ARN || !first.AcceptedAt.Equal(later) || !first.StartedAt.Equal(later) {
		t.Errorf("an event before the answer of RunTask = %+v, want running, accepted and started now", first)
	}
	late := running().Observe(theTask, later)
	if late.State != run.Running || late.TaskVersion != 2 {
		t.Errorf("a late event = %s at version %d, want running at 2", late.State, late.TaskVersion)
	}
}

func TestMissingLooksAreCountedInARow(t *testing.T) {
	r := running().Check(true, later).Check(true, later.Add(time.Minute))
	if r.Missing != 2 || !r.CheckedAt.Equal(later.Add(time.Minute)) {
		t.Errorf("missing %d, checked %v; want 2 and the last look", r.Missing, r.CheckedAt)
	}
	if got := r.Check(false, later).Missing; got != 0 {
		t.Errorf("missing after a good look = %d, want 0", got)
	}
	if got := r.Observe(theTask, later).Missing; got != 0 {
		t.Errorf("missing after an event = %d, want 0", got)
	}
}

func TestAttemptsAndLaunchesAreCountedApart(t *testing.T) {
	r := must(starting().Refuse("no capacity", run.Place{Step: 1}, later, noon))
	if r.Attempt != 1 || r.Launch != 2 || r.Place.Step != 1 || r.Slot || !r.NotBefore.Equal(later) {
		t.Errorf("refused = %+v, want attempt 1, launch 2, step 1, no slot, not before later", r)
	}
	r = must(r.Claim(spot, true, later))
	r = must(r.Retry(failed, run.Place{}, later, later))
	if r.Attempt != 2 || r.Launch != 1 || r.Place.Step != 0 || r.Slot || !r.Owes(run.OwesNudge) || r.Outcome.Class != failed.Class {
		t.Errorf("retried = %+v, want attempt 2, launch 1, step 0, no slot, a nudge and the outcome", r)
	}
}

func TestWishes(t *testing.T) {
	cancelled := must(running().WishFor(run.WishCancel, "by hand", later))
	if cancelled.State != run.Running || !cancelled.Slot {
		t.Errorf("a wish alone = %s, slot %t; want running with its slot", cancelled.State, cancelled.Slot)
	}
	for name, tc := range map[string]struct {
		wish run.Wish
		end  run.Outcome
		want run.State
	}{
		"a cancelled run ends as cancelled":          {run.WishCancel, failed, run.Cancelled},
		"a replaced run ends as cancelled":           {run.WishReplace, failed, run.Cancelled},
		"a run over its time ends as failed":         {run.WishTimeout, failed, run.Failed},
		"a run that had done its work has succeeded": {run.WishCancel, good, run.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			r := must(running().WishFor(tc.wish, "why", later))
			if got := must(r.End(tc.end, later, later)); got.State != tc.want || got.Slot {
				t.Errorf("ended = %s, slot %t; want %s without", got.State, got.Slot, tc.want)
			}
		})
	}
	t.Run("a queued run is cancelled at once, and says so", func(t *testing.T) {
		r := must(queued().WishFor(run.WishCancel, "by hand", later))
		if r.State != run.Cancelled || !r.Owes(run.OwesEvent) || !r.EndedAt.Equal(later) {
			t.Errorf("cancelled = %+v, want cancelled now, owing an event", r)
		}
	})
	t.Run("the timeout of one attempt is not that of the next", func(t *testing.T) {
		r := must(running().WishFor(run.WishTimeout, "too long", later))
		if r = must(r.Retry(failed, run.Place{}, later, later)); r.Wish != run.NoWish || r.WishWhy != "" {
			t.Errorf("wish of attempt 2 = %q (%s), want none", r.Wish, r.WishWhy)
		}
	})
	t.Run("a run that is no longer wanted is neither tried again nor put back", func(t *testing.T) {
		if _, err := cancelled.Retry(failed, run.Place{}, later, later); err == nil {
			t.Error("it was tried again")
		}
		unlaunched := must(starting().WishFor(run.WishCancel, "by hand", later))
		if _, err := unlaunched.Refuse("no capacity", run.Place{Step: 0}, later, later); err == nil {
			t.Error("it was put back")
		}
	})
	t.Run("a timeout does not hide that somebody has cancelled", func(t *testing.T) {
		if _, err := cancelled.WishFor(run.WishTimeout, "too long", later); err == nil {
			t.Error("the wish was replaced")
		}
	})
}

func TestWhatARunOwes(t *testing.T) {
	r := must(running().End(failed, later, later, run.OwesMail, run.OwesEvent, run.OwesMail))
	if want := []run.Effect{run.OwesMail, run.OwesEvent, run.OwesNudge}; !slices.Equal(r.Owed, want) {
		t.Errorf("owed = %v, want %v: each once, and a nudge for the slot", r.Owed, want)
	}
	if paid := r.Paid(run.OwesMail, run.OwesNudge); !slices.Equal(paid.Owed, []run.Effect{run.OwesEvent}) || !paid.Open() {
		t.Errorf("owed after paying = %v, want the event, and open", paid.Owed)
	}
	if paid := r.Paid(r.Owed...); paid.Open() || !paid.Due().IsZero() {
		t.Errorf("all paid: open %t, due %v; want neither", paid.Open(), paid.Due())
	}
	if r = must(must(queued().Claim(spot, false, noon)).End(failed, later, later)); r.Owes(run.OwesNudge) {
		t.Error("a run without a slot owes a nudge")
	}
}

func TestHistoryIsBoundedAndKeepsItsFirstLine(t *testing.T) {
	r := queued()
	for range 100 {
		r = must(r.Claim(spot, true, later))
		r = must(r.Refuse("no capacity", run.Place{Step: 0}, later, later))
	}
	if len(r.History) != 40 || r.History[0].Why != "admitted" || r.History[39].Launch != 101 {
		t.Errorf("%d lines from %q to launch %d; want 40 from admitted to 101", len(r.History), r.History[0].Why, r.History[len(r.History)-1].Launch)
	}
}

func TestDue(t *testing.T) {
	accepted := must(starting().Accept(theTask, noon))
	for name, tc := range map[string]struct {
		run  run.Run
		want time.Time
	}{
		"a queued run at its time":                        {queued(), noon},
		"a claimed run when nobody can be at it any more": {starting(), noon.Add(run.ResumeAfter)},
		"a claimed run that was looked at":                {starting().Check(false, noon.Add(2*time.Minute)), noon.Add(3 * time.Minute)},
		"an accepted run at the next regular look":        {accepted, noon.Add(run.CheckEvery)},
		"a checked run a regular time later":              {accepted.Check(false, noon.Add(time.Hour)), noon.Add(time.Hour + run.CheckEvery)},
		"a run that is to be stopped at once":             {must(accepted.WishFor(run.WishCancel, "", later)), later},
		"a run that ECS does not know a minute later":     {accepted.Check(true, noon.Add(time.Hour)), noon.Add(time.Hour + time.Minute)},
		"a run at the end of its time":                    {running().Check(false, noon.Add(59*time.Minute)), noon.Add(time.Hour + 20*time.Second)},
		"a settled run that owes, after a while":          {must(accepted.End(failed, later, later)), later.Add(run.SettleWithin)},
		"a settled run that owes nothing: never":          {must(queued().Skip("", later)), time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.run.Due(); !got.Equal(tc.want) {
				t.Errorf("Due = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestExpiresAt(t *testing.T) {
	ended := must(running().End(failed, later, later.Add(time.Hour)))
	if got := ended.ExpiresAt(); !got.IsZero() {
		t.Errorf("a run that owes a nudge expires at %v, want never", got)
	}
	if got, want := ended.Paid(run.OwesNudge).ExpiresAt(), later.Add(run.KeepFor); !got.Equal(want) {
		t.Errorf("expires at %v, want %v", got, want)
	}
	if got := running().ExpiresAt(); !got.IsZero() {
		t.Errorf("a running run expires at %v, want never", got)
	}
}

func TestTokenSafe(t *testing.T) {
	for after, want := range map[time.Duration]bool{0: true, 30*time.Minute - 1: true, 30 * time.Minute: false} {
		if got := starting().TokenSafe(noon.Add(after)); got != want {
			t.Errorf("safe after %v = %t, want %t", after, got, want)
		}
	}
}
