package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func (s *stackSession) filled(want int, args ...string) backfilledTimes {
	s.t.Helper()
	out, _ := s.run(want, append([]string{"backfill", "--json"}, args...)...)
	var b backfilledTimes
	decode(s.t, out, &b)
	return b
}

// scheduled admits the run of a scheduled time, as a tick does.
func (s *stackSession) scheduled(job string, at time.Time) run.Run {
	s.t.Helper()
	from := at.Add(-time.Hour)
	return s.admit(orchestrator.Want{Job: job, Trigger: run.BySchedule, Input: run.Input{ScheduledTime: &at, IntervalStart: &from}})
}

func clockTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, "2027-04-01T"+text+"Z")
	if err != nil {
		panic(err)
	}
	return t
}

func between(from, to string) []string {
	return []string{"--from", stamp(clockTime(from)), "--to", stamp(clockTime(to))}
}

func TestBackfillOfScheduledTimes(t *testing.T) {
	s := newScheduled(t)
	had := s.scheduled("hourly", clockTime("09:00:00"))
	args := append([]string{"hourly"}, between("08:00:00", "12:00:00")...)
	b := s.filled(0, append(args, "--dry-run")...)
	if b.Times != 4 || b.HadRun != 1 || b.Admitted != 3 || !b.DryRun || b.Runs[0].ID != "hourly-20270401T080000Z" || !b.Runs[0].IntervalStart.Equal(clockTime("07:00:00")) {
		t.Errorf("got %+v", b)
	}
	out, errs := s.run(0, "backfill", "hourly", "--from", "2027-04-01T11:00:00+03:00", "--to", "2027-04-01T15:00:00+03:00", "--dry-run")
	contains(t, out, "hourly-20270401T080000Z  [2027-04-01T07:00:00Z, 2027-04-01T08:00:00Z)", "4 scheduled times of job hourly", "1 had a run, 3 would be admitted")
	if errs != "" {
		t.Errorf("it says %q", errs)
	}
	s.run(0, append([]string{"backfill"}, args...)...)
	r := s.get("hourly-20270401T110000Z")
	if r.State != run.Queued || r.Trigger != run.BySchedule || !r.Input.IntervalStart.Equal(clockTime("10:00:00")) || !r.Input.ScheduledTime.Equal(clockTime("11:00:00")) || r.NotBefore.After(s.now) {
		t.Errorf("got %+v", r)
	}
	if again := s.get(had.ID); again.Revision != had.Revision {
		t.Error("a run that was there has changed")
	}
	if got := s.received("LaunchQueueUrl"); len(got) != 1 {
		t.Errorf("got %d nudges, want 1", len(got))
	}
	if b := s.filled(0, args...); b.Admitted != 0 || b.HadRun != 4 || b.Unfinished != 4 {
		t.Errorf("run again, it gives %+v", b)
	}
}

func TestBackfillWithoutJitter(t *testing.T) {
	s := newScheduled(t)
	s.now = clockTime("12:00:01")
	s.filled(0, append([]string{"hourly"}, between("12:00:00", "12:00:01")...)...)
	if r := s.get("hourly-20270401T120000Z"); r.NotBefore.After(s.now) {
		t.Errorf("it waits until %v", r.NotBefore)
	}
}

func TestBackfillOfSeveralRunsForOneTime(t *testing.T) {
	s := newScheduled(t)
	b := s.filled(0, "shards", "--from", "2027-03-30T00:00:00Z", "--to", "2027-04-01T00:00:00Z", "--reverse", "--limit", "4")
	if b.Times != 2 || b.Matched != 6 || b.Admitted != 4 || !b.Limited || b.Runs[0].ID != "shards-20270331T000000Z-2" {
		t.Errorf("got %+v", b)
	}
	if r := s.get("shards-20270331T000000Z-1"); r.Input.Index != 1 || r.Input.Count != 3 {
		t.Errorf("got %+v", r)
	}
	if b := s.filled(0, "shards", "--from", "2027-03-30T00:00:00Z", "--to", "2027-04-01T00:00:00Z"); b.Admitted != 2 || b.HadRun != 4 {
		t.Errorf("it does not go on: %+v", b)
	}
}

// succeed ends every open run of the job, and returns how many there were.
func (s *stackSession) succeed(job string) int {
	s.t.Helper()
	runs, err := s.ledger.Queued(s.t.Context(), job, s.now, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range runs {
		r = s.claimed(r)
		n, err := r.End(run.Outcome{Class: "succeeded"}, s.now, s.now)
		if err != nil {
			s.t.Fatal(err)
		}
		s.save(r, n)
	}
	return len(runs)
}

func TestBackfillInParallelFollowsItsRuns(t *testing.T) {
	s := newScheduled(t)
	s.scheduled("hourly", clockTime("05:00:00")) // it is unfinished, and counts
	var seen []int
	s.world.sleep = func(context.Context, time.Duration) error {
		s.now = s.now.Add(20 * time.Second)
		seen = append(seen, s.succeed("hourly"))
		return nil
	}
	out, errs := s.run(0, append([]string{"backfill", "hourly", "--parallel", "3"}, between("04:00:00", "12:00:00")...)...)
	if want := []int{3, 3}; !slices.Equal(seen, want) {
		t.Errorf("unfinished at a time: %v, want %v", seen, want)
	}
	contains(t, out, "8 runs: 1 had a run, 7 were admitted", "2 runs not finished yet")
	contains(t, errs, "unfinished")
	if got := s.succeed("hourly"); got != 2 {
		t.Errorf("%d runs are left, want 2", got)
	}
}

func TestBackfillInterruptedGoesOn(t *testing.T) {
	s := newScheduled(t)
	ctx, interrupt := context.WithCancel(t.Context())
	s.world.sleep = func(context.Context, time.Duration) error { interrupt(); return ctx.Err() }
	args := append([]string{"backfill", "hourly", "--parallel", "2"}, between("08:00:00", "12:00:00")...)
	out, errs := s.runIn(ctx, 1, args...)
	contains(t, out, "2 were admitted")
	contains(t, errs, "interrupted", "running the command again does no harm")
	s.world.sleep = func(context.Context, time.Duration) error { s.succeed("hourly"); return nil }
	out, _ = s.run(0, args...)
	contains(t, out, "2 had a run, 2 were admitted")
}

func TestBackfillEndsWhenTheJobIsPaused(t *testing.T) {
	s := newScheduled(t)
	s.world.sleep = func(context.Context, time.Duration) error {
		s.saveJob(run.JobState{Name: "hourly", Paused: true, PausedWhy: "3 scheduled runs in a row have failed"})
		return nil
	}
	args := append([]string{"backfill", "hourly", "--parallel", "2"}, between("08:00:00", "12:00:00")...)
	out, errs := s.run(1, args...)
	contains(t, out, "2 were admitted")
	contains(t, errs, "job hourly has been paused meanwhile: 3 scheduled runs in a row have failed")
	s.world.sleep = func(context.Context, time.Duration) error { s.succeed("hourly"); return nil }
	_, errs = s.run(0, args...)
	contains(t, errs, "job hourly is paused; a backfill admits its runs all the same")
}

func TestBackfillOfAJobThatSkipsWhenFull(t *testing.T) {
	s := newScheduled(t)
	s.world.sleep = func(context.Context, time.Duration) error { s.succeed("minutely"); return nil }
	out, errs := s.run(0, append([]string{"backfill", "minutely"}, between("08:00:00", "08:05:00")...)...)
	contains(t, errs, "as with --parallel 2")
	contains(t, out, "5 were admitted", "1 run not finished yet")
}

func TestBackfillOfManyTimesAsks(t *testing.T) {
	s := newScheduled(t)
	s.write(strings.Replace(scheduledFile, ", whenFull: skip", "", 1))
	args := append([]string{"minutely"}, between("08:00:00", "09:41:00")...)
	_, errs := s.run(2, append([]string{"backfill"}, args...)...)
	contains(t, errs, "backfill 101 runs of job minutely", "--yes")
	s.world.terminal, s.world.in = true, strings.NewReader("n\n")
	s.run(1, append([]string{"backfill"}, args...)...)
	if b := s.filled(0, append(args, "--yes")...); b.Admitted != 101 {
		t.Errorf("got %d", b.Admitted)
	}
}

func TestBackfillOfTimesRefuses(t *testing.T) {
	s := newScheduled(t)
	for name, tc := range map[string]struct {
		args []string
		says []string
	}{
		"no range":           {[]string{"hourly"}, []string{"--from 2027-03-31T00:00:00Z --to 2027-04-01T00:00:00Z"}},
		"no end":             {[]string{"hourly", "--from", "2027-03-31T00:00:00Z"}, []string{"--to"}},
		"no time":            {[]string{"hourly", "--from", "yesterday", "--to", "2027-03-31T00:00:00Z"}, []string{"read --from", "2027-03-27T00:00:00Z"}},
		"backwards":          {append([]string{"hourly"}, between("09:00:00", "08:00:00")...), []string{"turn them around, as in --from 2027-04-01T08:00:00Z --to 2027-04-01T09:00:00Z"}},
		"nothing":            {append([]string{"hourly"}, between("09:00:00", "09:00:00")...), []string{"are the same"}},
		"the future":         {append([]string{"hourly"}, between("09:00:00", "13:00:00")...), []string{"in the future", "--to 2027-04-01T12:30:00Z"}},
		"only the future":    {append([]string{"hourly"}, between("13:00:00", "14:00:00")...), []string{"--from 2027-04-01T13:00:00Z is in the future"}},
		"a million runs":     {[]string{"minutely", "--from", "2025-01-01T00:00:00Z", "--to", "2027-01-01T00:00:00Z"}, []string{"more than the 100000 runs", "--from 2025-01-01T00:00:00Z --to 2025-03-11T10:40:00Z"}},
		"a hundred thousand": {[]string{"shards", "--from", "1700-01-01T00:00:00Z", "--to", "2027-01-01T00:00:00Z"}, []string{"more than the 100000 runs"}},
		"so many at a time":  {append([]string{"hourly", "--parallel", "-1"}, between("08:00:00", "09:00:00")...), []string{"--parallel"}},
		"a prefix":           {[]string{"hourly", "--prefix", "incoming/"}, []string{"is started by a schedule", "--from and --to"}},
		"since":              {[]string{"hourly", "--since", "7d"}, []string{"--from and --to"}},
		"times of objects":   {append([]string{"images"}, between("08:00:00", "09:00:00")...), []string{"is started by objects", "--prefix, --since and --until"}},
		"an unknown job":     {append([]string{"huorly"}, between("08:00:00", "09:00:00")...), []string{"did you mean hourly?"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := s.run(2, append([]string{"backfill"}, tc.args...)...)
			contains(t, errs, tc.says...)
		})
	}
}

func TestTheNearestRangeOfAMillionRunsWorks(t *testing.T) {
	s := newScheduled(t)
	_, errs := s.run(2, "backfill", "minutely", "--from", "2025-01-01T00:00:00Z", "--to", "2027-01-01T00:00:00Z")
	_, nearest, _ := strings.Cut(errs, "the first is ")
	nearest, _, _ = strings.Cut(nearest, "\n")
	f := backfillFlags{from: strings.Fields(nearest)[1], to: strings.Fields(nearest)[3]}
	s.world.err = new(strings.Builder)
	d := &deployed{options: &options{world: s.world}, name: "test"}
	job := run.Job{Name: "minutely", Trigger: run.JobTrigger{Schedule: &run.ScheduleTrigger{Expression: "rate(1 minute)"}}}
	b, err := d.newTimesBackfill([]run.Job{job}, job, f)
	if err != nil {
		t.Fatal(err)
	}
	if wants, err := b.wants(); err != nil || len(wants) != maxBackfill {
		t.Errorf("got %d runs, %v, want %d", len(wants), err, maxBackfill)
	}
}

func TestBackfillOfARangeWithoutTimes(t *testing.T) {
	s := newScheduled(t)
	out, _ := s.run(0, append([]string{"backfill", "hourly"}, between("08:10:00", "08:20:00")...)...)
	contains(t, out, "0 scheduled times", "The last time before it is 2027-04-01T08:00:00Z", "The first time after it is 2027-04-01T09:00:00Z")
	_, errs := s.run(0, "backfill", "hourly", "--from", "2026-12-01T00:00:00Z", "--to", "2026-12-01T00:30:00Z")
	contains(t, errs, "times before 2027-01-01T12:30:00Z may have had one")
}

func TestBackfillWaitsForWhatAnEarlierOneHasQueued(t *testing.T) {
	s := newScheduled(t)
	s.filled(0, append([]string{"hourly"}, between("00:00:00", "10:00:00")...)...)
	rounds := 0
	s.world.sleep = func(context.Context, time.Duration) error {
		if rounds++; rounds == 2 {
			s.succeed("hourly")
		}
		return nil
	}
	b := s.filled(0, append([]string{"hourly", "--parallel", "2"}, between("00:00:00", "12:00:00")...)...)
	if b.Admitted != 2 || b.HadRun != 10 || rounds != 2 {
		t.Errorf("after %d rounds, got %+v", rounds, b)
	}
}
