package schedule

import (
	"math/bits"
	"time"
)

// The years that AWS's cron knows.
const (
	firstYear = 1970
	lastYear  = 2199
)

const (
	day         = 24 * 60 * 60
	allHours    = 1<<24 - 1
	allDays     = 1<<32 - 2 // bits 1 to 31
	allWeekdays = 1<<7 - 1
)

// calendar holds the wall times that a cron expression names. In each set, bit n stands for the value n; the days of
// the week count from Sunday = 0.
type calendar struct {
	minutes, hours, days, months, weekdays uint64
	years                                  [4]uint64 // from firstYear

	lastDay     bool      // L among the days
	lastWorkday bool      // LW
	nearest     uint64    // 15W: the workday nearest to these days
	nth         [7]uint64 // 3#2: which ones of each weekday in a month, from 1
	last        uint64    // 6L: the last of each of these weekdays in a month
	// either says that a day counts when one of its two fields has it, not both: two restricted fields of Unix cron.
	either bool
}

func (c *calendar) hasYear(year int) bool {
	i := year - firstYear
	return i >= 0 && year <= lastYear && c.years[i/64]>>(i%64)&1 == 1
}

// everyYear is what * stands for: 230 years.
var everyYear = [4]uint64{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<(lastYear-firstYear+1-3*64) - 1}

func (c *calendar) addYear(year int) { c.years[(year-firstYear)/64] |= 1 << ((year - firstYear) % 64) }

// in is the set of the days of a month that the calendar names.
func (c *calendar) in(year int, month time.Month) uint64 {
	if c.months>>month&1 == 0 {
		return 0
	}
	m := monthOf(year, month)
	days, weekdays := c.byDate(m), c.byWeekday(m)
	if c.either {
		return (days | weekdays) & m.all()
	}
	return days & weekdays & m.all()
}

// byDate is what the field for days of the month names.
func (c *calendar) byDate(m month) uint64 {
	set := c.days
	if c.lastDay {
		set |= 1 << m.length
	}
	if c.lastWorkday {
		set |= 1 << m.nearestWorkday(m.length)
	}
	for rest := c.nearest & m.all(); rest != 0; rest &= rest - 1 {
		set |= 1 << m.nearestWorkday(bits.TrailingZeros64(rest))
	}
	return set
}

// byWeekday is what the field for days of the week names.
func (c *calendar) byWeekday(m month) uint64 {
	if c.weekdays == allWeekdays {
		return allDays
	}
	const weekly = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28
	var set uint64
	for weekday := range 7 {
		first := m.first(weekday)
		if c.weekdays>>weekday&1 == 1 {
			set |= weekly << first
		}
		if c.last>>weekday&1 == 1 {
			set |= 1 << (first + (m.length-first)/7*7)
		}
		for rest := c.nth[weekday]; rest != 0; rest &= rest - 1 {
			set |= 1 << (first + 7*(bits.TrailingZeros64(rest)-1))
		}
	}
	return set
}

// month is one month of one year: how many days it has, and the weekday of its day 0, from Sunday = 0.
type month struct{ length, zero int }

func monthOf(year int, m time.Month) month {
	begin := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)
	length := 31
	switch m {
	case time.April, time.June, time.September, time.November:
		length = 30
	case time.February:
		length = 28
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			length = 29
		}
	}
	return month{length, (int(begin.Weekday()) + 6) % 7}
}

func (m month) all() uint64 { return 1<<(m.length+1) - 2 }

func (m month) weekday(day int) time.Weekday { return time.Weekday((m.zero + day) % 7) }

// first is the first day with that weekday.
func (m month) first(weekday int) int { return (weekday-m.zero+6)%7 + 1 }

// nearestWorkday is the day from Monday to Friday nearest to the given one, in the same month.
func (m month) nearestWorkday(day int) int {
	switch weekday := m.weekday(day); {
	case weekday == time.Saturday && day == 1:
		return 3
	case weekday == time.Saturday:
		return day - 1
	case weekday == time.Sunday && day == m.length:
		return day - 2
	case weekday == time.Sunday:
		return day + 1
	}
	return day
}

// from is the first wall time of the calendar at or after the given one.
func (c *calendar) from(wall int64) (int64, bool) {
	minute := max(floorDiv(wall+59, 60), 0)
	today, clock := minute/(24*60), int(minute%(24*60))
	if date, ok := c.dayFrom(today); !ok || date != today {
		return date*day + c.firstTime(), ok
	}
	if at, ok := c.timeFrom(clock); ok {
		return today*day + at, true
	}
	date, ok := c.dayFrom(today + 1)
	return date*day + c.firstTime(), ok
}

// before is the last wall time of the calendar before the given one.
func (c *calendar) before(wall int64) (int64, bool) {
	minute := floorDiv(wall-1, 60)
	if minute < 0 {
		return 0, false
	}
	today, clock := minute/(24*60), int(minute%(24*60))
	if date, ok := c.dayUpTo(today); !ok || date != today {
		return date*day + c.lastTime(), ok
	}
	if at, ok := c.timeUpTo(clock); ok {
		return today*day + at, true
	}
	date, ok := c.dayUpTo(today - 1)
	return date*day + c.lastTime(), ok
}

// dayFrom is the first day of the calendar, counted from 1970-01-01 as 0, that is not before the given one.
func (c *calendar) dayFrom(date int64) (int64, bool) {
	year, month, from := time.Unix(date*day, 0).UTC().Date()
	for ; year <= lastYear; year, month, from = year+1, time.January, 1 {
		if !c.hasYear(year) {
			continue
		}
		for ; month <= time.December; month, from = month+1, 1 {
			if set := c.in(year, month) >> from << from; set != 0 {
				return dayOf(year, month, bits.TrailingZeros64(set)), true
			}
		}
	}
	return 0, false
}

// dayUpTo is the last day of the calendar that is not after the given one.
func (c *calendar) dayUpTo(date int64) (int64, bool) {
	if date < 0 {
		return 0, false
	}
	year, month, to := time.Unix(date*day, 0).UTC().Date()
	if year > lastYear {
		year, month, to = lastYear, time.December, 31
	}
	for ; year >= firstYear; year, month, to = year-1, time.December, 31 {
		if !c.hasYear(year) {
			continue
		}
		for ; month >= time.January; month, to = month-1, 31 {
			if set := c.in(year, month) << (63 - to) >> (63 - to); set != 0 {
				return dayOf(year, month, 63-bits.LeadingZeros64(set)), true
			}
		}
	}
	return 0, false
}

func dayOf(year int, month time.Month, date int) int64 {
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / day
}

// timeFrom is the first time of day of the calendar, in seconds, that is not before the given minute of the day.
func (c *calendar) timeFrom(minute int) (int64, bool) {
	hour := minute / 60
	if c.hours>>hour&1 == 1 {
		if set := c.minutes >> (minute % 60) << (minute % 60); set != 0 {
			return seconds(hour, bits.TrailingZeros64(set)), true
		}
	}
	later := c.hours >> (hour + 1) << (hour + 1)
	return seconds(bits.TrailingZeros64(later), bits.TrailingZeros64(c.minutes)), later != 0
}

// timeUpTo is the last time of day of the calendar, in seconds, that is not after the given minute of the day.
func (c *calendar) timeUpTo(minute int) (int64, bool) {
	hour := minute / 60
	if c.hours>>hour&1 == 1 {
		if set := c.minutes << (63 - minute%60) >> (63 - minute%60); set != 0 {
			return seconds(hour, 63-bits.LeadingZeros64(set)), true
		}
	}
	earlier := c.hours & (1<<hour - 1)
	return seconds(63-bits.LeadingZeros64(earlier), 63-bits.LeadingZeros64(c.minutes)), earlier != 0
}

func (c *calendar) firstTime() int64 {
	return seconds(bits.TrailingZeros64(c.hours), bits.TrailingZeros64(c.minutes))
}

func (c *calendar) lastTime() int64 {
	return seconds(63-bits.LeadingZeros64(c.hours), 63-bits.LeadingZeros64(c.minutes))
}

func seconds(hour, minute int) int64 { return int64(hour)*3600 + int64(minute)*60 }
