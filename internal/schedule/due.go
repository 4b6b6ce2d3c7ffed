package schedule

import (
	"fmt"
	"slices"
	"time"

	"slipway/internal/run"
)

// Decision is what is due at one moment.
type Decision struct {
	Times  []Time
	Missed int       // scheduled times that passed and are given up
	Last   time.Time // the newest scheduled time decided on, to be remembered
}

// Time is one scheduled time. The run stands for [IntervalStart, At).
type Time struct {
	At            time.Time
	IntervalStart time.Time
}

// What CatchUp.Runs may say.
const (
	CatchUpNone   = "none"   // only a time of this very minute
	CatchUpLatest = "latest" // the newest of the missed times
	CatchUpAll    = "all"    // each of them
)

// maxDue bounds how many scheduled times one decision looks at; a longer outage goes on at the next tick.
const maxDue = 1000

// onTime is how late a scheduled time may be and still not count as missed: two ticks and what they take.
const onTime = 3 * time.Minute

// Due returns the scheduled times of a job that are due at now: those after last, and after the job was first seen.
// A job that was just added begins with the next fire time. A clock that went back gives nothing.
func Due(t run.ScheduleTrigger, firstSeen, last, now time.Time) (Decision, error) {
	s, err := Parse(t.Expression, t.Timezone)
	if err != nil {
		return Decision{}, fmt.Errorf("read the schedule: %w", err)
	}
	d := Decision{Last: last}
	after := firstSeen
	if last.After(after) {
		after = last
	}
	within := t.CatchUp.Within
	if within <= 0 {
		within = run.DefaultCatchUp
	}
	if oldest := now.Add(-within - maxDue*time.Minute); after.Before(oldest) {
		after = oldest
	}
	var times []time.Time
	for at, ok := s.Next(after); ok && !at.After(now) && len(times) < maxDue; at, ok = s.Next(at) {
		times = append(times, at)
		d.Last = at
	}
	kept := keep(times, t.CatchUp.Runs, now, within)
	for _, at := range kept {
		from, _ := s.Prev(at)
		d.Times = append(d.Times, Time{At: at, IntervalStart: from})
	}
	d.Missed = len(times) - len(kept)
	return d, nil
}

// keep drops the times that catchUp gives up. A time that is not late is always kept.
func keep(times []time.Time, policy string, now time.Time, within time.Duration) []time.Time {
	if policy == "" {
		policy = CatchUpLatest
	}
	times = slices.DeleteFunc(slices.Clone(times), func(at time.Time) bool { return now.Sub(at) > max(within, onTime) })
	switch {
	case len(times) == 0 || policy == CatchUpAll:
		return times
	case policy == CatchUpNone:
		return slices.DeleteFunc(times, func(at time.Time) bool { return now.Sub(at) > onTime })
	}
	return times[len(times)-1:]
}
