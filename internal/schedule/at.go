package schedule

import (
	"strconv"
	"time"
)

// at fires once, at a Unix second; wall is the local time that was written.
type at struct{ instant, wall int64 }

const atShape = "yyyy-mm-ddThh:mm:ss"

// parseAt reads "2027-01-31T23:00:00", a local time. One that the local clock leaves out fires at the end of the gap,
// one that it repeats the first time.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func parseAt(body word, c clock) (rule, error) {
	for i := range len(atShape) {
		if i >= len(body.text) || !fits(body.text[i], atShape[i]) {
			return nil, mistake(body.offset+i, "write the local time as at(2027-01-31T23:00:00)")
		}
	}
	if len(body.text) > len(atShape) {
		return nil, mistake(body.offset+len(atShape), "nothing may follow the seconds; the zone is the trigger's timezone")
	}
	wall, err := time.Parse("2006-01-02T15:04:05", body.text)
	if err != nil || wall.Year() < firstYear || wall.Year() > lastYear {
		return nil, wrongPart(body)
	}
	return at{c.instant(wall.Unix()), wall.Unix()}, nil
}

// fits reports whether a character may stand where the shape has a letter for a digit, or itself.
func fits(c, shape byte) bool {
	if shape >= 'a' && shape <= 'z' {
		return c >= '0' && c <= '9'
	}
	return c == shape
}

// wrongPart says which number of a date of the right shape is out of range.
func wrongPart(body word) error {
	for _, p := range []struct {
		name      string
		begin     int
		low, high int
	}{{"year", 0, firstYear, lastYear}, {"month", 5, 1, 12}, {"hour", 11, 0, 23}, {"minute", 14, 0, 59}, {"second", 17, 0, 59}} {
		text := body.text[p.begin : p.begin+len(strconv.Itoa(p.high))]
		if n, ok := digits(text, 4); !ok || n < p.low || n > p.high {
			return mistake(body.offset+p.begin, "%s is not a %s: use %02d to %02d", text, p.name, p.low, p.high)
		}
	}
	return mistake(body.offset+8, "that month has no day %s", body.text[8:10])
}

func (a at) next(from int64) (int64, bool) { return a.instant, a.instant >= from }

func (a at) prev(before int64) (int64, bool) { return a.instant, a.instant < before }
