package schedule_test

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/run"
	"slipway/internal/schedule"
)

func every(expression, policy string, within time.Duration) run.ScheduleTrigger {
	return run.ScheduleTrigger{Expression: expression, CatchUp: run.CatchUp{Runs: policy, Within: within}}
}

func hourly(policy string, within time.Duration) run.ScheduleTrigger {
	return every("cron(0 * * * ? *)", policy, within)
}

// on is an instant of the day that the tests of Due play on, or zero for nothing.
func on(clock string) time.Time {
	if clock == "" {
		return time.Time{}
	}
	return utc("2026-03-01 " + clock)
}

func TestDue(t *testing.T) {
	for name, tc := range map[string]struct {
		trigger         run.ScheduleTrigger
		seen, last, now string
		times           string // "at" or "interval start-at"
		missed          int
		wantLast        string
	}{
		"a new job begins with the next fire time": {trigger: hourly("", 0), seen: "10:30:00", now: "10:59:00"},
		"a job first seen at a fire time begins with the next": {
			trigger: hourly("all", 0), seen: "10:00:00", now: "11:00:00", times: "10:00-11:00", wantLast: "11:00:00",
		},
		"the fire time that has come": {
			trigger: hourly("", 0), seen: "10:30:00", now: "11:00:20", times: "10:00-11:00", wantLast: "11:00:00",
		},
		"a tick delivered twice": {trigger: hourly("", 0), seen: "08:00:00", last: "11:00:00", now: "11:00:30", wantLast: "11:00:00"},
		"a clock that went back": {trigger: hourly("", 0), seen: "08:00:00", last: "11:00:00", now: "09:00:00", wantLast: "11:00:00"},
		"a clock that went back before the job was seen": {
			trigger: hourly("", 0), seen: "08:00:00", now: "07:00:00",
		},
		"a tick that was left out loses nothing, whatever catchUp says": {
			trigger: every("* * * * *", "latest", 0), seen: "08:00:00", last: "10:00:00", now: "10:02:50",
			times: "10:00-10:01 10:01-10:02", wantLast: "10:02:00",
		},
		"after an outage the latest": {
			trigger: hourly("latest", 6*time.Hour), seen: "01:00:00", last: "08:00:00", now: "12:30:00",
			times: "11:00-12:00", missed: 3, wantLast: "12:00:00",
		},
		"the latest is what happens when the job says nothing": {
			trigger: hourly("", 6*time.Hour), seen: "01:00:00", last: "08:00:00", now: "12:30:00",
			times: "11:00-12:00", missed: 3, wantLast: "12:00:00",
		},
		"after an outage the latest is too old": {
			trigger: hourly("latest", 20*time.Minute), seen: "01:00:00", last: "08:00:00", now: "12:30:00",
			missed: 4, wantLast: "12:00:00",
		},
		"after an outage the latest of a job of each minute": {
			trigger: every("* * * * *", "latest", 0), seen: "01:00:00", last: "10:00:00", now: "10:10:10",
			times: "10:09-10:10", missed: 9, wantLast: "10:10:00",
		},
		"after an outage all within the bound": {
			trigger: hourly("all", 2*time.Hour), seen: "01:00:00", last: "08:00:00", now: "12:30:00",
			times: "10:00-11:00 11:00-12:00", missed: 2, wantLast: "12:00:00",
		},
		"exactly as late as the bound": {
			trigger: hourly("all", 2*time.Hour), seen: "01:00:00", last: "08:00:00", now: "12:00:00",
			times: "09:00-10:00 10:00-11:00 11:00-12:00", missed: 1, wantLast: "12:00:00",
		},
		"an hour is the bound when the job says nothing": {
			trigger: hourly("all", 0), seen: "01:00:00", last: "08:00:00", now: "12:30:00",
			times: "11:00-12:00", missed: 3, wantLast: "12:00:00",
		},
		"a bound below two ticks still takes what is not late": {
			trigger: hourly("all", time.Second), seen: "01:00:00", last: "08:00:00", now: "12:02:00",
			times: "11:00-12:00", missed: 3, wantLast: "12:00:00",
		},
		"after an outage none": {
			trigger: hourly("none", 6*time.Hour), seen: "01:00:00", last: "08:00:00", now: "12:30:00",
			missed: 4, wantLast: "12:00:00",
		},
		"after an outage none, but for the time that has just come": {
			trigger: hourly("none", 6*time.Hour), seen: "01:00:00", last: "08:00:00", now: "12:00:30",
			times: "11:00-12:00", missed: 3, wantLast: "12:00:00",
		},
		"the scheduler was away since before the job was seen": {
			trigger: hourly("all", 24*time.Hour), seen: "10:30:00", last: "08:00:00", now: "12:30:00",
			times: "10:00-11:00 11:00-12:00", wantLast: "12:00:00",
		},
		"a rate counts from the start, and begins with it": {
			trigger: run.ScheduleTrigger{Expression: "rate(2 hours)", Start: ptr(on("10:30:00"))},
			seen:    "01:00:00", now: "10:31:00", times: "08:30-10:30", wantLast: "10:30:00",
		},
		"nothing after the end": {
			trigger: run.ScheduleTrigger{Expression: "@hourly", End: ptr(on("10:59:59"))},
			seen:    "09:30:00", last: "10:00:00", now: "11:01:00", wantLast: "10:00:00",
		},
		"once": {trigger: every("at(2026-03-01T10:00:00)", "", 0), seen: "09:30:00", now: "10:00:30", times: "10:00-10:00", wantLast: "10:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := schedule.Due(tc.trigger, on(tc.seen), on(tc.last), on(tc.now))
			if err != nil {
				t.Fatal(err)
			}
			var times []string
			for _, at := range got.Times {
				times = append(times, at.IntervalStart.Format("15:04")+"-"+at.At.Format("15:04"))
			}
			if strings.Join(times, " ") != tc.times || got.Missed != tc.missed || got.More {
				t.Errorf("Due = %v, %d missed, more %t; want %q and %d", times, got.Missed, got.More, tc.times, tc.missed)
			}
			if !got.Last.Equal(on(tc.wantLast)) {
				t.Errorf("last = %v, want %s", got.Last, tc.wantLast)
			}
		})
	}
}

func ptr(t time.Time) *time.Time { return &t }

func TestDueIsBoundedAndGoesOn(t *testing.T) {
	trigger := every("* * * * *", "all", 24*time.Hour)
	now := on("23:00:30")
	last := now.Add(-10 * time.Hour).Truncate(time.Minute)
	seen := map[time.Time]bool{}
	for more := true; more; {
		d, err := schedule.Due(trigger, on("01:00:00"), last, now)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Times) > 200 || !d.Last.After(last) {
			t.Fatalf("%d times, last %v after %v; want at most 200 and progress", len(d.Times), d.Last, last)
		}
		for _, at := range d.Times {
			if seen[at.At] {
				t.Fatalf("%v is due twice", at.At)
			}
			seen[at.At] = true
		}
		last, more = d.Last, d.More
	}
	if len(seen) != 600 || !last.Equal(on("23:00:00")) {
		t.Errorf("%d times up to %v, want 600 up to 23:00", len(seen), last)
	}
}

func TestDueAfterYearsIsQuick(t *testing.T) {
	for _, policy := range schedule.CatchUpRuns() {
		d, err := schedule.Due(every("* * * * *", policy, time.Hour), utc("2000-01-01 00:00:00"), time.Time{}, on("12:00:30"))
		if err != nil {
			t.Fatal(err)
		}
		if d.Missed != 1000 || !d.Last.Equal(on("12:00:00")) {
			t.Errorf("%s: %d missed, last %v; want counting to end at 1000, and 12:00", policy, d.Missed, d.Last)
		}
	}
}

func TestDueTwiceGivesNothingNew(t *testing.T) {
	for _, policy := range schedule.CatchUpRuns() {
		trigger := every("0/7 * * * *", policy, 5*time.Hour)
		trigger.Expression = "cron(0/7 * * * ? *)"
		for now := on("10:00:00"); now.Before(on("12:00:00")); now = now.Add(11 * time.Minute) {
			d, err := schedule.Due(trigger, on("03:00:00"), on("08:00:00"), now)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := schedule.Due(trigger, on("03:00:00"), d.Last, now)
			if len(again.Times) != 0 || again.Missed != 0 || !again.Last.Equal(d.Last) {
				t.Fatalf("%s at %v: again = %+v, want nothing", policy, now, again)
			}
		}
	}
}

func TestForRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		trigger run.ScheduleTrigger
		want    string
	}{
		"a bad expression":          {run.ScheduleTrigger{Expression: "rate(0 minutes)"}, "at least 1"},
		"an unknown zone":           {run.ScheduleTrigger{Expression: "@daily", Timezone: "Europe/Helsinky"}, "Europe/Helsinki"},
		"an end before the start":   {run.ScheduleTrigger{Expression: "@daily", Start: ptr(on("10:00:00")), End: ptr(on("09:00:00"))}, "before the start"},
		"a catchUp that is unknown": {every("@daily", "some", 0), "none, latest, all"},
		"a negative catchUp":        {every("@daily", "all", -time.Hour), "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schedule.For(tc.trigger)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want %q", err, tc.want)
			}
			if _, err := schedule.Due(tc.trigger, on("01:00:00"), time.Time{}, on("12:00:00")); err == nil {
				t.Error("Due took it")
			}
		})
	}
}
