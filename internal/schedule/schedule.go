package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Schedule is a parsed expression in its zone, with bounds. Its zero value never fires. It is never changed, so any
// number of goroutines may use it.
type Schedule struct {
	expression string
	rule       rule
	clock      clock
	bounds     bounds
}

// rule is what the kinds of expression have in common. Instants are Unix seconds.
type rule interface {
	// next is the first fire time at or after from.
	next(from int64) (int64, bool)
	// prev is the last fire time before the given one.
	prev(before int64) (int64, bool)
}

// bounds are the first and the last second at which a schedule may fire. Nil means none.
type bounds struct{ first, last *int64 }

const usage = "write cron(0 10 * * ? *), rate(5 minutes), at(2027-01-31T23:00:00), five fields as in 0 10 * * 1-5, or @daily"

// Parse reads an expression in a zone, an IANA name; empty means UTC. The errors are a *SyntaxError or a *ZoneError.
// A rate counts from 1970-01-01T00:00Z, so that a deployment moves nothing; Between changes that.
func Parse(expression, zone string) (Schedule, error) {
	location, err := loadZone(zone)
	if err != nil {
		return Schedule{}, err
	}
	c := clock{location}
	r, err := parseRule(expression, c)
	if err != nil {
		return Schedule{}, in(expression, err)
	}
	return Schedule{expression: expression, rule: r, clock: c}, nil
}

func parseRule(expression string, c clock) (rule, error) {
	trimmed := strings.TrimSpace(expression)
	offset := strings.Index(expression, trimmed)
	name, body, ok := strings.Cut(trimmed, "(")
	switch {
	case trimmed == "":
		return nil, mistake(0, "it is empty; %s", usage)
	case strings.HasPrefix(trimmed, "@"):
		return parseShorthand(word{trimmed, offset}, c)
	case !ok:
		return parseUnix(word{trimmed, offset}, c)
	case !strings.HasSuffix(body, ")"):
		return nil, mistake(offset+len(trimmed), "the closing ) is missing")
	}
	inside := word{strings.TrimSuffix(body, ")"), offset + len(name) + 1}
	switch name {
	case "cron":
		return parseAWS(inside, c)
	case "rate":
		return parseRate(inside)
	case "at":
		return parseAt(inside, c)
	}
	return nil, mistake(offset, "%q is not known; %s", name, usage)
}

// Between bounds the schedule: it fires neither before start nor after end, both included; nil means no bound. A rate
// counts from start when there is one.
func (s Schedule) Between(start, end *time.Time) Schedule {
	if start != nil {
		first := ceil(*start)
		s.bounds.first = &first
		if r, ok := s.rule.(rate); ok {
			s.rule = rate{every: r.every, anchor: first}
		}
	}
	if end != nil {
		last := end.Unix()
		s.bounds.last = &last
	}
	return s
}

// Next is the first fire time after the given one, in UTC. It is false when there is none.
func (s Schedule) Next(after time.Time) (time.Time, bool) {
	if s.rule == nil {
		return time.Time{}, false
	}
	from := clamp(after.Unix() + 1)
	if s.bounds.first != nil {
		from = max(from, *s.bounds.first)
	}
	at, ok := s.rule.next(from)
	if !ok || s.bounds.last != nil && at > *s.bounds.last {
		return time.Time{}, false
	}
	return time.Unix(at, 0).UTC(), true
}

// Prev is the last fire time before the given one, in UTC. It is false when there is none.
func (s Schedule) Prev(before time.Time) (time.Time, bool) {
	if s.rule == nil {
		return time.Time{}, false
	}
	to := clamp(ceil(before))
	if s.bounds.last != nil {
		to = min(to, *s.bounds.last+1)
	}
	at, ok := s.rule.prev(to)
	if !ok || s.bounds.first != nil && at < *s.bounds.first {
		return time.Time{}, false
	}
	return time.Unix(at, 0).UTC(), true
}

// Times are the fire times after from, up to and including to, each with the interval that it stands for; at most
// limit of them. More says that there are others.
func (s Schedule) Times(from, to time.Time, limit int) (times []Time, more bool) {
	for at, ok := s.Next(from); ok && !at.After(to); at, ok = s.Next(at) {
		if len(times) == limit {
			return times, true
		}
		times = append(times, s.time(at))
	}
	return times, false
}

// Time is one scheduled time. The run stands for the interval [IntervalStart, At).
type Time struct {
	At time.Time
	// IntervalStart is the fire time before At, be it inside the schedule's bounds or not. It is At, and the interval
	// empty, when the expression has none: an at(...), or the first time of a range of years.
	IntervalStart time.Time
}

func (s Schedule) time(at time.Time) Time {
	before, ok := s.rule.prev(at.Unix())
	if !ok {
		return Time{At: at, IntervalStart: at}
	}
	return Time{At: at, IntervalStart: time.Unix(before, 0).UTC()}
}

// String is the expression, with its zone unless that is UTC.
func (s Schedule) String() string {
	if s.clock.location == nil || s.clock.location == time.UTC {
		return s.expression
	}
	return fmt.Sprintf("%s (%s)", s.expression, s.clock.location)
}

// ceil is the first whole second at or after t.
func ceil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// clamp keeps an instant within 30,000 years, far from overflow.
func clamp(instant int64) int64 { return min(max(instant, -1e12), 1e12) }
