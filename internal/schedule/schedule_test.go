package schedule_test

import (
	"errors"
	"testing"
	"time"

	"slipway/internal/run"
	"slipway/internal/schedule"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNextAndPrev(t *testing.T) {
	for name, tc := range map[string]struct{ expression, from, next, prev string }{
		"every hour at the hour":             {"cron(0 * * * ? *)", "2026-03-01 10:00:00", "2026-03-01 11:00:00", "2026-03-01 09:00:00"},
		"between two fire times":             {"cron(0 * * * ? *)", "2026-03-01 10:30:10", "2026-03-01 11:00:00", "2026-03-01 10:00:00"},
		"a daily time over midnight":         {"cron(15 6 ? * * *)", "2026-12-31 06:15:00", "2027-01-01 06:15:00", "2026-12-30 06:15:00"},
		"lists, ranges and steps":            {"cron(0/20 8-9,12 * * ? *)", "2026-03-01 09:40:00", "2026-03-01 12:00:00", "2026-03-01 09:20:00"},
		"a rate counts from 1970":            {"rate(5 minutes)", "2026-03-01 10:02:00", "2026-03-01 10:05:00", "2026-03-01 10:00:00"},
		"a rate at its own time":             {"rate(1 hour)", "2026-03-01 10:00:00", "2026-03-01 11:00:00", "2026-03-01 09:00:00"},
		"a rate of seven hours, before 1970": {"rate(7 hours)", "1969-12-31 20:00:00", "1970-01-01 00:00:00", "1969-12-31 17:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := schedule.Parse(tc.expression, "")
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := s.Next(at(tc.from)); !ok || !got.Equal(at(tc.next)) {
				t.Errorf("Next = %v, want %s", got, tc.next)
			}
			if got, ok := s.Prev(at(tc.from)); !ok || !got.Equal(at(tc.prev)) {
				t.Errorf("Prev = %v, want %s", got, tc.prev)
			}
		})
	}
}

func TestParseRefusesWithAPosition(t *testing.T) {
	for name, tc := range map[string]struct {
		expression, zone string
		offset           int
	}{
		"an empty expression":        {"", "", 0},
		"an unknown function":        {"at(2026-01-01T00:00:00)", "", 0},
		"a rate of nothing":          {"rate(0 minutes)", "", 5},
		"a rate without a unit":      {"rate(5)", "", 5},
		"an unknown unit":            {"rate(5 weeks)", "", 7},
		"a plural for one":           {"rate(1 hours)", "", 7},
		"a rate beyond a year":       {"rate(9000000000 days)", "", 5},
		"five fields":                {"cron(0 * * * *)", "", 5},
		"a minute beyond 59":         {"cron(60 * * * ? *)", "", 5},
		"a range that runs back":     {"cron(0 9-8 * * ? *)", "", 7},
		"a step of nothing":          {"cron(0/0 * * * ? *)", "", 5},
		"a day that is not known":    {"cron(0 0 1 * ? *)", "", 5},
		"a month that is not known":  {"cron(0 0 * 2 ? *)", "", 5},
		"a zone that is not known":   {"cron(0 * * * ? *)", "Europe/Helsinki", 0},
		"a day field without ?":      {"cron(0 * * * * *)", "", 5},
		"nothing between the commas": {"cron(0,,5 * * * ? *)", "", 5},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schedule.Parse(tc.expression, tc.zone)
			var e *schedule.SyntaxError
			if !errors.As(err, &e) || e.Offset != tc.offset {
				t.Errorf("error = %v, want one at offset %d", err, tc.offset)
			}
		})
	}
}

func hourly(policy string, within time.Duration) run.ScheduleTrigger {
	return run.ScheduleTrigger{Expression: "cron(0 * * * ? *)", CatchUp: run.CatchUp{Runs: policy, Within: within}}
}

func TestDue(t *testing.T) {
	for name, tc := range map[string]struct {
		trigger         run.ScheduleTrigger
		seen, last, now string
		times           []string
		missed          int
		wantLast        string
		firstInterval   string
	}{
		"a new job begins with the next fire time": {trigger: hourly("", 0), seen: "2026-03-01 10:30:00", now: "2026-03-01 10:59:00"},
		"the fire time that has come": {
			trigger: hourly("", 0), seen: "2026-03-01 10:30:00", now: "2026-03-01 11:00:20",
			times: []string{"2026-03-01 11:00:00"}, wantLast: "2026-03-01 11:00:00", firstInterval: "2026-03-01 10:00:00",
		},
		"a tick delivered twice": {trigger: hourly("", 0), seen: "2026-03-01 08:00:00", last: "2026-03-01 11:00:00", now: "2026-03-01 11:00:30", wantLast: "2026-03-01 11:00:00"},
		"a clock that went back": {trigger: hourly("", 0), seen: "2026-03-01 08:00:00", last: "2026-03-01 11:00:00", now: "2026-03-01 09:00:00", wantLast: "2026-03-01 11:00:00"},
		"after an outage the latest": {
			trigger: hourly("latest", 6*time.Hour), seen: "2026-03-01 01:00:00", last: "2026-03-01 08:00:00", now: "2026-03-01 12:30:00",
			times: []string{"2026-03-01 12:00:00"}, missed: 3, wantLast: "2026-03-01 12:00:00", firstInterval: "2026-03-01 11:00:00",
		},
		"after an outage all within the bound": {
			trigger: hourly("all", 2*time.Hour), seen: "2026-03-01 01:00:00", last: "2026-03-01 08:00:00", now: "2026-03-01 12:30:00",
			times: []string{"2026-03-01 11:00:00", "2026-03-01 12:00:00"}, missed: 2, wantLast: "2026-03-01 12:00:00", firstInterval: "2026-03-01 10:00:00",
		},
		"after an outage none": {
			trigger: hourly("none", 6*time.Hour), seen: "2026-03-01 01:00:00", last: "2026-03-01 08:00:00", now: "2026-03-01 12:30:00",
			missed: 4, wantLast: "2026-03-01 12:00:00",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var last time.Time
			if tc.last != "" {
				last = at(tc.last)
			}
			got, err := schedule.Due(tc.trigger, at(tc.seen), last, at(tc.now))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Times) != len(tc.times) || got.Missed != tc.missed {
				t.Fatalf("Due = %+v, want %v and %d missed", got, tc.times, tc.missed)
			}
			for i, want := range tc.times {
				if !got.Times[i].At.Equal(at(want)) {
					t.Errorf("time %d = %v, want %s", i, got.Times[i].At, want)
				}
			}
			if tc.firstInterval != "" && !got.Times[0].IntervalStart.Equal(at(tc.firstInterval)) {
				t.Errorf("interval start = %v, want %s", got.Times[0].IntervalStart, tc.firstInterval)
			}
			if tc.wantLast != "" && !got.Last.Equal(at(tc.wantLast)) {
				t.Errorf("last = %v, want %s", got.Last, tc.wantLast)
			}
		})
	}
}
