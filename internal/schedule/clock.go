package schedule

import (
	"math"
	"time"
)

// clock is the local clock of a zone. It speaks of instants, in Unix seconds, and of wall times: what the local clock
// reads, as the Unix seconds that UTC would have when its clock reads the same.
//
// Nothing here asks time.Date for the instant of a wall time: it answers for times that do not exist or exist twice,
// and does not say so.
type clock struct{ location *time.Location }

// maxOffset is more than any zone has ever been away from UTC (15:56 hours, Manila before 1845).
const maxOffset = 16 * 60 * 60

// stretch is a time, from its first instant up to but without its last, in which the offset from UTC stays the same.
type stretch struct{ from, to, offset int64 }

// at is the stretch that the instant is in.
func (c clock) at(instant int64) stretch {
	t := time.Unix(instant, 0).In(c.location)
	_, offset := t.Zone()
	s := stretch{math.MinInt64 / 4, math.MaxInt64 / 4, int64(offset)}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		s.from = start.Unix()
	}
	if !end.IsZero() {
		s.to = end.Unix()
	}
	if s.to <= instant { // Go ends leap years a day early where a zone's last rule goes on for ever
		s.to = (floorDiv(instant, day) + 1) * day
	}
	return s
}

// instant is the first instant at which the local clock has reached the wall time: at which it reads that time or a
// later one.
func (c clock) instant(wall int64) int64 {
	s := c.at(wall - maxOffset) // before it, every wall time is earlier
	for max(s.from, wall-s.offset) >= s.to {
		s = c.at(s.to)
	}
	return max(s.from, wall-s.offset)
}

// reached is the wall time that the local clock has come up to before the instant: all earlier ones have been reached,
// this one and later ones have not.
func (c clock) reached(instant int64) int64 {
	s := c.at(instant - 1)
	wall := instant + s.offset
	for s.from > instant-2*maxOffset { // what was read longer ago is earlier than what is read now
		end := s.from
		s = c.at(end - 1)
		wall = max(wall, end+s.offset)
	}
	return wall
}
