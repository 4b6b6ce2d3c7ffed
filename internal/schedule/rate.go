package schedule

import (
	"strings"
	"time"
)

// rate fires each so many seconds from an anchor, which is a Unix second, in both directions.
type rate struct{ every, anchor int64 }

var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// maxRate keeps arithmetic far from overflow, and typing errors from becoming schedules.
const maxRate = 100 * 365 * 24 * time.Hour

// parseRate reads "5 minutes". A day is 24 hours, whatever local clocks do, as on AWS.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func parseRate(body word) (rule, error) {
	list := words(body.text, body.offset)
	if len(list) != 2 {
		return nil, mistake(body.offset, "write one whole number and one unit, as in rate(5 minutes)")
	}
	number, unit := list[0], list[1]
	n, ok := digits(number.text, 9)
	switch {
	case ok && n == 0:
		return nil, mistake(number.offset, "a rate is at least 1; the shortest is rate(1 minute)")
	case !ok:
		return nil, mistake(number.offset, "%q is not a whole number of at least 1, as in rate(5 minutes)", number.text)
	}
	step, known := units[strings.TrimSuffix(unit.text, "s")]
	switch {
	case !known:
		return nil, mistake(unit.offset, "%q is not a unit; the units are minutes, hours and days", unit.text)
	case n > 1 && !strings.HasSuffix(unit.text, "s"):
		return nil, mistake(unit.offset, "AWS wants the plural above 1: write rate(%d %ss)", n, unit.text)
	case n > int(maxRate/step):
		return nil, mistake(number.offset, "a rate is at most 100 years")
	}
	return rate{every: int64(n) * int64(step/time.Second)}, nil
}

func (r rate) next(from int64) (int64, bool) {
	return from + floorMod(r.anchor-from, r.every), true
}

func (r rate) prev(before int64) (int64, bool) {
	return before - 1 - floorMod(before-1-r.anchor, r.every), true
}

// floorMod is the remainder of a division that rounds down, so never negative.
func floorMod(a, b int64) int64 { return ((a % b) + b) % b }

// floorDiv is a division that rounds down.
func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

// digits reads a whole number of up to so many digits, and nothing else.
func digits(text string, most int) (n int, ok bool) {
	if text == "" || len(text) > most {
		return 0, false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
