package schedule_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"slipway/internal/run"
	"slipway/internal/schedule"
)

// consistent checks what holds for every schedule at every instant: fire times lie strictly after and before, and
// between two neighbours lies nothing.
func consistent(t *testing.T, s schedule.Schedule, at time.Time) {
	t.Helper()
	next, hasNext := s.Next(at)
	prev, hasPrev := s.Prev(at)
	switch {
	case hasNext && !next.After(at):
		t.Fatalf("%v: Next(%v) = %v", s, at, next)
	case hasPrev && !prev.Before(at):
		t.Fatalf("%v: Prev(%v) = %v", s, at, prev)
	}
	if hasNext {
		if before, ok := s.Prev(next); ok && before.After(at) {
			t.Fatalf("%v: Next(%v) = %v leaves out %v", s, at, next, before)
		}
		if again, ok := s.Next(next.Add(-1)); !ok || !again.Equal(next) {
			t.Fatalf("%v: Next just before %v = %v", s, next, again)
		}
	}
	if hasPrev {
		if after, ok := s.Next(prev); ok && after.Before(at) {
			t.Fatalf("%v: Prev(%v) = %v leaves out %v", s, at, prev, after)
		}
		if again, ok := s.Prev(prev.Add(1)); !ok || !again.Equal(prev) {
			t.Fatalf("%v: Prev just after %v = %v", s, prev, again)
		}
	}
}

var manyZones = append([]string{
	"America/Caracas", "America/Havana", "America/Scoresbysund", "Antarctica/Troll", "Asia/Pyongyang", "Asia/Tehran",
	"Europe/Dublin", "Europe/Istanbul", "Europe/Volgograd", "Pacific/Kiritimati", "Pacific/Kwajalein", "Pacific/Tongatapu",
	"Africa/Monrovia", "America/Juneau", "Asia/Manila",
}, oracleZones...)

func TestNextAdvancesOverEveryClockChange(t *testing.T) {
	for _, zone := range manyZones {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		var schedules []schedule.Schedule
		for _, expression := range []string{
			"0/7 * * * ? *", "30 2 * * ? *", "0/30 0-3 * * ? *", "59 23 ? * SUN *", "* 1 L * ? *", "0 0 ? * 1L *", "* * ? * 1#2 *",
		} {
			schedules = append(schedules, parse(t, "cron("+expression+")", zone))
		}
		for at := utc("2000-01-01 00:00:00").In(location); at.Year() < 2038; {
			_, change := at.ZoneBounds()
			if change.IsZero() {
				break
			}
			if !change.After(at) { // the last day of a leap year, which Go gets wrong
				change = at.Add(24 * time.Hour)
			}
			for _, s := range schedules {
				around(t, s, change)
			}
			at = change
		}
	}
}

// around walks over a clock change from two hours before to two hours after, forwards and backwards.
func around(t *testing.T, s schedule.Schedule, change time.Time) {
	t.Helper()
	at, end := change.Add(-2*time.Hour), change.Add(2*time.Hour)
	var forwards, backwards int
	for next, ok := s.Next(at); ok && next.Before(end); next, ok = s.Next(next) {
		if !next.After(at) {
			t.Fatalf("%v: Next(%v) = %v", s, at, next)
		}
		at = next
		forwards++
	}
	for prev, ok := s.Prev(end); ok && prev.After(change.Add(-2*time.Hour)); prev, ok = s.Prev(prev) {
		backwards++
	}
	if forwards != backwards {
		t.Fatalf("%v around %v: %d times forwards, %d backwards", s, change, forwards, backwards)
	}
	for offset := -time.Hour; offset <= time.Hour; offset += 15 * time.Minute {
		consistent(t, s, change.Add(offset))
	}
}

func TestConsistentAnywhereInHistory(t *testing.T) {
	g := newGenerator(1970)
	for range 300 {
		m := g.aws()
		zone := manyZones[g.IntN(len(manyZones))]
		s := parse(t, m.text, zone)
		for range 20 {
			consistent(t, s, time.Unix(g.Int64N(8e9)-5e8, g.Int64N(2)*5e8))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, tc := range documentedInstants {
		f.Add(tc.expression, tc.zone, int64(1_772_000_000))
	}
	f.Add("cron(0 0 L-3 * ? *)", "Pacific/Apia", int64(1_325_200_000))
	f.Add("59-1/59 22-2 28-3 NOV-FEB 5-7", "Africa/Monrovia", int64(62_000_000))
	f.Add("at(2026-03-29T03:30:00)", "Europe/Helsinki", int64(-1))
	f.Fuzz(func(t *testing.T, expression, zone string, unix int64) {
		s, err := schedule.Parse(expression, zone)
		var syntax *schedule.SyntaxError
		var unknown *schedule.ZoneError
		switch {
		case errors.As(err, &syntax):
			if syntax.Offset < 0 || syntax.Offset > len(expression) || syntax.Expression != expression {
				t.Fatalf("position %d of %q", syntax.Offset, expression)
			}
			return
		case errors.As(err, &unknown):
			return
		case err != nil:
			t.Fatalf("error = %v, want one with a position", err)
		}
		consistent(t, s, time.Unix(unix, 0))
		s.Never()
		s.Differs(time.Unix(unix%1e10, 0))
	})
}

// FuzzAgainstEveryMinute draws more expressions for the oracle than the test has time for.
func FuzzAgainstEveryMinute(f *testing.F) {
	for i := range oracleZones {
		f.Add(1_000_000+i, i)
	}
	var clocks sync.Map
	f.Fuzz(func(t *testing.T, seed, zone int) {
		if testing.Short() {
			t.Skip("a walk over seven years")
		}
		name := oracleZones[uint(zone)%uint(len(oracleZones))]
		clock, ok := clocks.Load(name)
		if !ok {
			clock, _ = clocks.LoadOrStore(name, newWallClock(t, name, 2024, 2030))
		}
		g := newGenerator(seed)
		compare(t, g, g.either(g.IntN(3)), clock.(wallClock), name)
	})
}

// BenchmarkTick evaluates 1,000 jobs, as the scheduler does each minute. It must take less than 5 ms.
func BenchmarkTick(b *testing.B) {
	g := newGenerator(1000)
	var jobs []run.ScheduleTrigger
	for i := range 1000 {
		m := g.aws()
		if i%2 == 0 {
			m = g.unix()
		}
		jobs = append(jobs, run.ScheduleTrigger{Expression: m.text, Timezone: oracleZones[i%len(oracleZones)]})
	}
	now := utc("2026-10-25 01:00:10")
	for b.Loop() {
		for _, job := range jobs {
			if _, err := schedule.Due(job, now.AddDate(-1, 0, 0), now.Add(-time.Minute), now); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/1000-jobs")
}

func BenchmarkNext(b *testing.B) {
	for name, expression := range map[string]string{
		"hourly": "cron(0 * * * ? *)", "daily": "cron(30 2 * * ? *)", "monthly": "cron(0 0 LW * ? *)",
		"years-ahead": "cron(0 0 29 2 ? 2096)", "never": "cron(0 0 31 2 ? *)", "rate": "rate(5 minutes)",
	} {
		b.Run(name, func(b *testing.B) {
			s, err := schedule.Parse(expression, "Europe/Helsinki")
			if err != nil {
				b.Fatal(err)
			}
			at := utc("2026-10-24 23:30:00")
			for b.Loop() {
				s.Next(at)
			}
		})
	}
}
