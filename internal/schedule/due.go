package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"slipway/internal/run"
)

// Decision is what is due at one moment.
type Decision struct {
	Times []Time
	// Missed is how many scheduled times passed and are given up, counted up to MaxMissed.
	Missed int
	// Last is the newest scheduled time decided on, to be remembered.
	Last time.Time
	// More says that more is due than Times holds: decide again, from Last on.
	More bool
}

// What CatchUp.Runs may say.
const (
	CatchUpNone   = "none"   // no time that was missed
	CatchUpLatest = "latest" // the newest of the times missed; the default
	CatchUpAll    = "all"    // each of them
)

// CatchUpRuns lists what CatchUp.Runs may say; empty stands for CatchUpLatest.
func CatchUpRuns() []string { return []string{CatchUpNone, CatchUpLatest, CatchUpAll} }

const (
	// maxTimes bounds the times of one decision.
	maxTimes = 200
	// MaxMissed bounds how far Decision.Missed counts.
	MaxMissed = 1000
	// onTime is how late a scheduled time may be and still not count as missed: two ticks and what they take.
	onTime = 3 * time.Minute
)

// For reads a trigger: its expression in its zone, within its start and end, and its catchUp. The errors are a
// *SyntaxError, a *ZoneError, or plain text.
func For(t run.ScheduleTrigger) (Schedule, error) {
	s, err := Parse(t.Expression, t.Timezone)
	if err != nil {
		return Schedule{}, err
	}
	switch {
	case t.Start != nil && t.End != nil && t.End.Before(*t.Start):
		return Schedule{}, fmt.Errorf("the end %s is before the start %s", t.End.Format(time.RFC3339), t.Start.Format(time.RFC3339))
	case t.CatchUp.Runs != "" && !slices.Contains(CatchUpRuns(), t.CatchUp.Runs):
		return Schedule{}, fmt.Errorf("catchUp.runs %q is not known: use %s", t.CatchUp.Runs, strings.Join(CatchUpRuns(), ", "))
	case t.CatchUp.Within < 0:
		return Schedule{}, fmt.Errorf("catchUp.within %s is negative", t.CatchUp.Within)
	}
	return s.Between(t.Start, t.End), nil
}

// Due returns the scheduled times of a job that are due at now: those after last, the newest time decided on, and
// after firstSeen, so that a job just added begins with the next fire time. A clock that went back gives nothing.
//
// As long as none of them is more than a few minutes late, all are due. When one is, nothing could be admitted for a
// while, and catchUp says which are due: with "none" those that are not late, with "latest" the newest, with "all"
// each, but none that is later than catchUp.within. The others are given up.
func Due(t run.ScheduleTrigger, firstSeen, last, now time.Time) (Decision, error) {
	s, err := For(t)
	if err != nil {
		return Decision{}, fmt.Errorf("read the schedule: %w", err)
	}
	after := firstSeen
	if last.After(after) {
		after = last
	}
	first, ok := s.Next(after)
	if !ok || first.After(now) {
		return Decision{Last: last}, nil
	}
	if now.Sub(first) <= onTime {
		return s.decide(after, after, now), nil
	}
	return s.catchUp(t.CatchUp, after, now), nil
}

// catchUp decides on times of which the oldest is late.
func (s Schedule) catchUp(policy run.CatchUp, after, now time.Time) Decision {
	within := policy.Within
	if within <= 0 {
		within = run.DefaultCatchUp
	}
	within = max(within, onTime)
	switch policy.Runs {
	case CatchUpAll:
		return s.decide(after, now.Add(-within), now)
	case CatchUpNone:
		return s.decide(after, now.Add(-onTime), now)
	}
	newest, _ := s.Prev(now.Add(1))
	return s.decide(after, latest(now.Add(-within), newest), now)
}

// decide takes the times from the oldest one wanted up to now, both included, and gives up those before it.
func (s Schedule) decide(after, oldest, now time.Time) Decision {
	var d Decision
	from := latest(after, oldest.Add(-1))
	d.Missed = s.count(after, from)
	d.Times, d.More = s.Times(from, now, maxTimes)
	if d.More {
		d.Last = d.Times[len(d.Times)-1].At
		return d
	}
	d.Last, _ = s.Prev(now.Add(1))
	return d
}

// count counts the times after from, up to and including to, up to MaxMissed.
func (s Schedule) count(from, to time.Time) int {
	n := 0
	for at, ok := s.Next(from); ok && !at.After(to) && n < MaxMissed; at, ok = s.Next(at) {
		n++
	}
	return n
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
