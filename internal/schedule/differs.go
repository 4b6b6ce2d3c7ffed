package schedule

import (
	"fmt"
	"time"
)

// The next two years of clock changes are looked at: by then tzdata and slipway.yaml have been looked at again.
const lookAhead = 2 * 365 * day

// Differs says, in sentences, where the schedule fires at other times than EventBridge Scheduler would for the same
// expression, from the given time on. It is empty when it does not.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func (s Schedule) Differs(from time.Time) []string {
	switch r := s.rule.(type) {
	case rate:
		if s.bounds.first == nil {
			return []string{"A rate without a start counts from 1970-01-01T00:00Z; EventBridge Scheduler counts from when the schedule is made."}
		}
	case at:
		if s.bounds.first != nil || s.bounds.last != nil {
			return []string{"Start and end bound this one time; EventBridge Scheduler ignores them for at(...)."}
		}
	case localTimes:
		return r.inGaps(from.Unix())
	case realTime:
		return r.inOverlaps(from.Unix())
	}
	return nil
}

// inGaps looks for the next local time that a clock change leaves out.
func (r localTimes) inGaps(from int64) []string {
	for before, after := range r.clock.changes(from, from+lookAhead) {
		wall, ok := r.calendar.from(after.from + before.offset)
		if !ok || wall >= after.from+after.offset {
			continue
		}
		return []string{fmt.Sprintf(
			"The local time %s does not exist in %s: the job runs when the clock has passed it, at %s; EventBridge Scheduler leaves that run out.",
			wallText(wall), r.clock.location, wallText(after.from+after.offset))}
	}
	return nil
}

// inOverlaps looks for the next local time that a clock change repeats.
func (r realTime) inOverlaps(from int64) []string {
	for before, after := range r.clock.changes(from, from+lookAhead) {
		wall, ok := r.calendar.from(after.from + after.offset)
		if !ok || wall >= after.from+before.offset {
			continue
		}
		return []string{fmt.Sprintf(
			"The local time %s comes twice in %s: this schedule matches every hour and so runs both times; EventBridge Scheduler runs it once.",
			wallText(wall), r.clock.location)}
	}
	return nil
}

// changes are the stretches before and after each change of the clock, from one instant to another.
func (c clock) changes(from, to int64) func(yield func(before, after stretch) bool) {
	return func(yield func(before, after stretch) bool) {
		before := c.at(from)
		for before.to <= to {
			after := c.at(before.to)
			if after.offset != before.offset && !yield(before, after) {
				return
			}
			before = after
		}
	}
}

func wallText(wall int64) string { return time.Unix(wall, 0).UTC().Format("2006-01-02 15:04") }
