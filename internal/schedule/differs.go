package schedule

import (
	"fmt"
	"time"
)

// The clock changes of 28 years are looked at: after that, dates fall on the same days of the week again.
const lookAhead = 28 * 365.25 * day

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
		return s.once(r)
	case localTimes:
		return r.inGaps(s.lookedAt(from))
	case realTime:
		return r.inOverlaps(s.lookedAt(from))
	}
	return nil
}

// lookedAt is the time in which clock changes are looked for, as far as the schedule's bounds let it fire.
func (s Schedule) lookedAt(from time.Time) (begin, end int64) {
	begin = from.Unix()
	if s.bounds.first != nil {
		begin = max(begin, *s.bounds.first)
	}
	end = begin + lookAhead
	if s.bounds.last != nil {
		end = min(end, *s.bounds.last)
	}
	return begin, end
}

// once is about a schedule that fires once.
func (s Schedule) once(r at) []string {
	var notes []string
	if s.bounds.first != nil || s.bounds.last != nil {
		notes = append(notes, "Start and end bound this one time; EventBridge Scheduler ignores them for at(...).")
	}
	if reads := r.instant + s.clock.at(r.instant).offset; reads != r.wall {
		notes = append(notes, fmt.Sprintf(
			"That local time does not exist in %s: the job runs when the clock has passed it, at %s; what EventBridge Scheduler does is not documented.",
			s.clock.location, wallText(reads)))
	}
	return notes
}

// inGaps looks for the next local time that a clock change leaves out. One that falls together with another of the
// schedule's times makes no difference.
func (r localTimes) inGaps(begin, end int64) []string {
	for before, after := range r.clock.changes(begin, end) {
		wall, ok := r.calendar.from(after.from + before.offset)
		reads := after.from + after.offset
		if !ok || wall >= reads {
			continue
		}
		if first, ok := r.calendar.from(reads); ok && first == reads {
			continue
		}
		return []string{fmt.Sprintf(
			"The local time %s does not exist in %s: the job runs when the clock has passed it, at %s; EventBridge Scheduler leaves that run out.",
			wallText(wall), r.clock.location, wallText(reads))}
	}
	return nil
}

// inOverlaps looks for the next local time that a clock change repeats.
func (r realTime) inOverlaps(begin, end int64) []string {
	for before, after := range r.clock.changes(begin, end) {
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
