package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SyntaxError says what is wrong with an expression, and where. Offset counts bytes from 0.
type SyntaxError struct {
	Expression string
	Offset     int
	Message    string
}

// Error shows the expression, the position and what would work.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("schedule %q, position %d: %s", e.Expression, e.Offset+1, e.Message)
}

// Schedule is a parsed expression. Its zero value never fires.
type Schedule struct {
	every  time.Duration // rate; zero: cron
	minute [60]bool
	hour   [24]bool
}

// Parse reads rate(n minutes|hours|days) or cron(minutes hours * * ? *). Zone is an IANA name; only UTC is known.
// A rate counts from 1970-01-01T00:00Z, so that a deployment moves nothing.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
func Parse(expression, zone string) (Schedule, error) {
	if zone != "" && zone != "UTC" {
		return Schedule{}, &SyntaxError{expression, 0, fmt.Sprintf("the zone %s is not supported yet; leave timezone out, or write UTC", zone)}
	}
	name, body, ok := strings.Cut(expression, "(")
	if !ok || !strings.HasSuffix(body, ")") {
		return Schedule{}, &SyntaxError{expression, 0, "write rate(5 minutes) or cron(0 * * * ? *)"}
	}
	body, offset := strings.TrimSuffix(body, ")"), len(name)+1
	switch name {
	case "rate":
		return parseRate(expression, body, offset)
	case "cron":
		return parseCron(expression, body, offset)
	}
	return Schedule{}, &SyntaxError{expression, 0, fmt.Sprintf("%s(...) is not known; write rate(5 minutes) or cron(0 * * * ? *)", name)}
}

var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// maxRate keeps arithmetic with durations far from overflow.
const maxRate = 366 * 24 * time.Hour

func parseRate(expression, body string, offset int) (Schedule, error) {
	number, unit, ok := strings.Cut(body, " ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 {
		return Schedule{}, &SyntaxError{expression, offset, "write a whole number of at least 1 and a unit, as in rate(5 minutes)"}
	}
	step, known := units[strings.TrimSuffix(unit, "s")]
	switch {
	case !known:
		return Schedule{}, &SyntaxError{expression, offset + len(number) + 1, "the unit is minutes, hours or days"}
	case (n == 1) == strings.HasSuffix(unit, "s"):
		return Schedule{}, &SyntaxError{expression, offset + len(number) + 1, "AWS wants the singular for 1 and the plural above, as in rate(1 hour)"}
	case n > int(maxRate/step):
		return Schedule{}, &SyntaxError{expression, offset, "a rate is at most a year"}
	}
	return Schedule{every: time.Duration(n) * step}, nil
}

func parseCron(expression, body string, offset int) (Schedule, error) {
	fields := strings.Fields(body)
	if len(fields) != 6 {
		return Schedule{}, &SyntaxError{expression, offset, fmt.Sprintf(
			"AWS's cron has 6 fields (minutes hours day-of-month month day-of-week year), this has %d", len(fields))}
	}
	if day := fields[2] + " " + fields[4]; day != "* ?" && day != "? *" {
		return Schedule{}, &SyntaxError{expression, offset, "fields for days are not supported yet, and AWS wants ? in one of the two; write * * ? *"}
	}
	if fields[3] != "*" || fields[5] != "*" {
		return Schedule{}, &SyntaxError{expression, offset, "fields for months and years are not supported yet; write *"}
	}
	var s Schedule
	if err := field(fields[0], s.minute[:]); err != nil {
		return Schedule{}, &SyntaxError{expression, offset, "minutes: " + err.Error()}
	}
	if err := field(fields[1], s.hour[:]); err != nil {
		return Schedule{}, &SyntaxError{expression, offset + len(fields[0]) + 1, "hours: " + err.Error()}
	}
	return s, nil
}

// field sets what a list of values, ranges and steps names.
func field(text string, set []bool) error {
	for part := range strings.SplitSeq(text, ",") {
		low, high, step, err := span(part, len(set)-1)
		if err != nil {
			return err
		}
		for v := low; v <= high; v += step {
			set[v] = true
		}
	}
	return nil
}

// span reads "*", "5", "1-5", each with an optional "/step". A single value with a step runs to the end, as on AWS.
func span(part string, last int) (low, high, step int, err error) {
	values, stepText, stepped := strings.Cut(part, "/")
	step = 1
	if stepped {
		if step, err = number(stepText, 1, last); err != nil {
			return 0, 0, 0, err
		}
	}
	if values == "*" {
		return 0, last, step, nil
	}
	from, to, ranged := strings.Cut(values, "-")
	if low, err = number(from, 0, last); err != nil {
		return 0, 0, 0, err
	}
	switch {
	case ranged:
		if high, err = number(to, low, last); err != nil {
			return 0, 0, 0, err
		}
	case stepped:
		high = last
	default:
		high = low
	}
	return low, high, step, nil
}

func number(text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%q is not a number from %d to %d", text, low, high)
	}
	return n, nil
}

// Next is the first fire time after t, to the minute, in UTC. It is false when there is none.
func (s Schedule) Next(t time.Time) (time.Time, bool) {
	if s.every > 0 {
		sec, step := t.Unix(), int64(s.every/time.Second)
		return time.Unix((sec-mod(sec, step))+step, 0).UTC(), true
	}
	for m, end := t.UTC().Truncate(time.Minute).Add(time.Minute), t.Add(2*24*time.Hour); m.Before(end); m = m.Add(time.Minute) {
		if s.hour[m.Hour()] && s.minute[m.Minute()] {
			return m, true
		}
	}
	return time.Time{}, false
}

// Prev is the last fire time before t, to the minute, in UTC. It is false when there is none.
func (s Schedule) Prev(t time.Time) (time.Time, bool) {
	if s.every > 0 {
		sec, step := t.Unix(), int64(s.every/time.Second)
		if t.Nanosecond() == 0 {
			sec--
		}
		return time.Unix(sec-mod(sec, step), 0).UTC(), true
	}
	first := t.UTC().Truncate(time.Minute)
	if first.Equal(t) {
		first = first.Add(-time.Minute)
	}
	for m, end := first, t.Add(-2*24*time.Hour); m.After(end); m = m.Add(-time.Minute) {
		if s.hour[m.Hour()] && s.minute[m.Minute()] {
			return m, true
		}
	}
	return time.Time{}, false
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }
