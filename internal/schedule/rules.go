package schedule

// localTimes is a cron expression that names hours: each wall time of the calendar fires once, at the first instant at
// which the local clock has reached it.
type localTimes struct {
	calendar *calendar
	clock    clock
}

func (r localTimes) next(from int64) (int64, bool) {
	wall, ok := r.calendar.from(r.clock.reached(from))
	if !ok {
		return 0, false
	}
	return r.clock.instant(wall), true
}

func (r localTimes) prev(before int64) (int64, bool) {
	wall, ok := r.calendar.before(r.clock.reached(before))
	if !ok {
		return 0, false
	}
	return r.clock.instant(wall), true
}

// realTime is a cron expression that matches every hour: it fires at each instant at which the local clock reads a
// wall time of the calendar.
type realTime struct {
	calendar *calendar
	clock    clock
}

func (r realTime) next(from int64) (int64, bool) {
	for {
		s := r.clock.at(from)
		wall, ok := r.calendar.from(from + s.offset)
		switch {
		case ok && wall-s.offset < s.to:
			return wall - s.offset, true
		case s.to-from < 2*maxOffset: // the clock may go back to before where this search began
			from = s.to
		case !ok:
			return 0, false
		default:
			from = max(s.to, wall-maxOffset)
		}
	}
}

func (r realTime) prev(before int64) (int64, bool) {
	for {
		s := r.clock.at(before - 1)
		wall, ok := r.calendar.before(before + s.offset)
		switch {
		case ok && wall-s.offset >= s.from:
			return wall - s.offset, true
		case before-s.from < 2*maxOffset:
			before = s.from
		case !ok:
			return 0, false
		default:
			before = min(s.from, wall+maxOffset+1)
		}
	}
}

// cron chooses between the two.
func (c *calendar) rule(local clock) rule {
	if c.hours == allHours {
		return realTime{c, local}
	}
	return localTimes{c, local}
}
