package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The oracle walks every minute of the years 2024 to 2030, and of some later ones, in real time, and looks at the local wall clock. It knows
// nothing of the package but the text of the expressions, whose meaning the generator below writes down beside them.

var oracleZones = []string{
	"UTC", "Europe/Helsinki", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu",
	"Africa/Cairo", "Pacific/Apia", "Africa/Casablanca", "America/St_Johns", "Asia/Gaza", "Pacific/Chatham",
	"America/Asuncion", "Asia/Almaty", "Europe/London", "America/Nuuk",
}

// wallClock is, for each minute of real time, what the local clock reads: minutes since begin.
type wallClock struct {
	begin    time.Time
	quarters []int // of each quarter of an hour; no clock changes within one
}

func newWallClock(t testing.TB, zone string, firstYear, lastYear int) wallClock {
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	w := wallClock{begin: time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)}
	for at := w.begin; at.Year() <= lastYear; at = at.Add(15 * time.Minute) {
		read := at.In(location)
		asUTC := time.Date(read.Year(), read.Month(), read.Day(), read.Hour(), read.Minute(), 0, 0, time.UTC)
		w.quarters = append(w.quarters, int(asUTC.Sub(w.begin)/time.Minute))
	}
	return w
}

func (w wallClock) read(minute int) int { return w.quarters[minute/15] + minute%15 }

// meaning is what an expression says, as plain questions.
type meaning struct {
	text      string
	minute    [60]bool
	hour      [24]bool
	day       func(date time.Time) bool
	everyHour bool
}

// names says of each wall time whether the expression has it.
func (m meaning) names(w wallClock) func(wall int) bool {
	const margin = 2 * 24 * 60 // local times may lie before the first day
	days := make([]bool, len(w.quarters)/96+5)
	for i := range days {
		days[i] = m.day(w.begin.AddDate(0, 0, i-2))
	}
	return func(wall int) bool {
		wall += margin
		return days[wall/1440] && m.hour[wall/60%24] && m.minute[wall%60]
	}
}

// firesOnScheduler returns the minutes at which EventBridge Scheduler fires, as its documentation has it: not at a time
// that is left out, and once at one that is repeated.
func (m meaning) firesOnScheduler(w wallClock) []int {
	names, latest := m.names(w), w.read(0)-1
	var fires []int
	for minute := range len(w.quarters) * 15 {
		wall := w.read(minute)
		if wall > latest && names(wall) {
			fires = append(fires, minute)
		}
		latest = max(latest, wall)
	}
	return fires
}

// fires returns the minutes at which the expression fires, by walking through all of them.
func (m meaning) fires(w wallClock) []int {
	names := m.names(w)
	var fires []int
	reached := w.read(0) // the clock has read everything before this
	for minute := range len(w.quarters) * 15 {
		wall := w.read(minute)
		fire := false
		if m.everyHour {
			fire = names(wall)
		} else {
			for ; reached <= wall; reached++ { // more than one round after a gap, none in a repeated hour
				fire = fire || names(reached)
			}
		}
		if fire {
			fires = append(fires, minute)
		}
	}
	return fires
}

// generator draws expressions together with their meaning.
type generator struct{ *rand.Rand }

func newGenerator(seed int) generator {
	return generator{rand.New(rand.NewPCG(6, uint64(seed)))} //nolint:gosec // the same expressions in each run
}

// numbers draws a field: its text, and the values it stands for.
func (g generator) numbers(low, high int, names string, circular, open bool) (string, map[int]bool) {
	var texts []string
	set := map[int]bool{}
	for range 1 + g.IntN(3)/2 {
		text, from, to, step := g.span(low, high, names, circular, open)
		texts = append(texts, text)
		for v, left := from, (to-from+high-low+1)%(high-low+1); ; {
			set[v] = true
			if left -= step; left < 0 {
				break
			}
			if v += step; v > high {
				v -= high - low + 1
			}
		}
	}
	return strings.Join(texts, ","), set
}

func (g generator) span(low, high int, names string, circular, open bool) (text string, from, to, step int) {
	write := func(v int) string {
		if names == "" || g.IntN(2) == 0 {
			return fmt.Sprint(v)
		}
		return names[3*(v-low) : 3*(v-low)+3]
	}
	from, to, step = low+g.IntN(high-low+1), low+g.IntN(high-low+1), 1+g.IntN(high-low)
	if from > to && !circular {
		from, to = to, from
	}
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf("%s-%s/%d", write(from), write(to), step), from, to, step
	case 1:
		return fmt.Sprintf("%s-%s", write(from), write(to)), from, to, 1
	case 2:
		return fmt.Sprintf("*/%d", step), low, high, step
	case 3:
		if open {
			return fmt.Sprintf("%s/%d", write(from), step), from, high, step
		}
	}
	return write(from), from, from, 1
}

// times draws the minutes and hours; half of all expressions match every hour.
func (g generator) times(m *meaning, aws bool) string {
	minutes, set := g.numbers(0, 59, "", aws, aws)
	for v := range set {
		m.minute[v] = true
	}
	hours := "*"
	if g.IntN(2) == 0 {
		hours, set = g.numbers(0, 23, "", aws, aws)
	} else {
		set = map[int]bool{}
		for h := range 24 {
			set[h] = true
		}
	}
	for v := range set {
		m.hour[v] = true
	}
	m.everyHour = len(set) == 24
	return minutes + " " + hours
}

const (
	monthNames   = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
	weekdayNames = "SUNMONTUEWEDTHUFRISAT"
)

func (g generator) months(aws bool) (string, map[int]bool) {
	if g.IntN(3) > 0 {
		return "*", nil
	}
	return g.numbers(1, 12, monthNames, aws, aws)
}

// either draws an expression of one of the two kinds of cron.
func (g generator) either(i int) meaning {
	if i%3 == 0 {
		return g.unix()
	}
	return g.aws()
}

// unix draws a five-field expression.
func (g generator) unix() meaning {
	var m meaning
	times := g.times(&m, false)
	months, inMonth := g.months(false)
	days, weekdays := "*", "*"
	var onDay, onWeekday map[int]bool
	if g.IntN(2) == 0 {
		days, onDay = g.numbers(1, 31, "", false, false)
	}
	if g.IntN(2) == 0 {
		weekdays, onWeekday = g.numbers(0, 6, weekdayNames, false, false)
	}
	either := days[0] != '*' && weekdays[0] != '*'
	m.text = fmt.Sprintf("%s %s %s %s", times, days, months, weekdays)
	m.day = func(date time.Time) bool {
		byDay := onDay == nil || onDay[date.Day()]
		byWeekday := onWeekday == nil || onWeekday[int(date.Weekday())]
		if inMonth != nil && !inMonth[int(date.Month())] {
			return false
		}
		return either && (byDay || byWeekday) || byDay && byWeekday
	}
	return m
}

// aws draws a six-field expression.
func (g generator) aws() meaning {
	var m meaning
	times := g.times(&m, true)
	months, inMonth := g.months(true)
	days, weekdays := "?", "?"
	var onDay func(time.Time) bool
	if g.IntN(2) == 0 {
		days, onDay = g.days()
	} else {
		weekdays, onDay = g.weekdays()
	}
	years, inYear := "*", map[int]bool(nil)
	if g.IntN(4) == 0 {
		first := 2024 + g.IntN(4)
		last := first + g.IntN(4)
		years, inYear = fmt.Sprintf("%d-%d", first, last), map[int]bool{}
		for y := first; y <= last; y++ {
			inYear[y] = true
		}
	}
	m.text = fmt.Sprintf("cron(%s %s %s %s %s)", times, days, months, weekdays, years)
	m.day = func(date time.Time) bool {
		return (inMonth == nil || inMonth[int(date.Month())]) && (inYear == nil || inYear[date.Year()]) && onDay(date)
	}
	return m
}

func lastOf(date time.Time) int { return date.AddDate(0, 0, 1-date.Day()).AddDate(0, 1, -1).Day() }

func workday(date time.Time) bool {
	return date.Weekday() != time.Saturday && date.Weekday() != time.Sunday
}

// days draws AWS's day of the month.
func (g generator) days() (string, func(time.Time) bool) {
	switch g.IntN(5) {
	case 0:
		return "L", func(date time.Time) bool { return date.Day() == lastOf(date) }
	case 1:
		return "LW", func(date time.Time) bool { // a workday, and no other one after it in the month
			for later := date.AddDate(0, 0, 1); later.Month() == date.Month(); later = later.AddDate(0, 0, 1) {
				if workday(later) {
					return false
				}
			}
			return workday(date)
		}
	case 2:
		n := 1 + g.IntN(31)
		return fmt.Sprintf("%dW", n), func(date time.Time) bool { return nearestWorkday(date, n) }
	case 3:
		return "*", func(time.Time) bool { return true }
	}
	text, set := g.numbers(1, 31, "", true, true)
	return text, func(date time.Time) bool { return set[date.Day()] }
}

// nearestWorkday reports whether the date is the workday of its month with the smallest distance to day n, if the
// month has such a day. No two workdays are equally near: a weekend day has one at a distance of 1.
func nearestWorkday(date time.Time, n int) bool {
	if n > lastOf(date) {
		return false
	}
	best, bestDistance := 0, 99
	for d := 1; d <= lastOf(date); d++ {
		distance := max(d-n, n-d)
		if workday(date.AddDate(0, 0, d-date.Day())) && distance < bestDistance {
			best, bestDistance = d, distance
		}
	}
	return best == date.Day()
}

// weekdays draws AWS's day of the week.
func (g generator) weekdays() (string, func(time.Time) bool) {
	weekday := g.IntN(7)
	text := fmt.Sprint(weekday + 1)
	if g.IntN(2) == 0 {
		text = weekdayNames[3*weekday : 3*weekday+3]
	}
	is := func(date time.Time) bool { return int(date.Weekday()) == weekday }
	switch g.IntN(4) {
	case 0:
		return text + "L", func(date time.Time) bool { return is(date) && date.AddDate(0, 0, 7).Month() != date.Month() }
	case 1:
		n := 1 + g.IntN(5)
		return fmt.Sprintf("%s#%d", text, n), func(date time.Time) bool { return is(date) && (date.Day()+6)/7 == n }
	case 2:
		return "L", func(date time.Time) bool { return date.Weekday() == time.Saturday }
	}
	list, set := g.numbers(1, 7, weekdayNames, true, true)
	return list, func(date time.Time) bool { return set[int(date.Weekday())+1] }
}

var expressionsPerZone = 16

func TestAgainstEveryMinuteOfSevenYears(t *testing.T) {
	perZone := expressionsPerZone
	if testing.Short() {
		perZone = 2
	}
	for z, zone := range oracleZones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			g := newGenerator(z)
			clock := newWallClock(t, zone, 2024, 2030)
			for i := range perZone {
				compare(t, g, g.either(i), clock, zone)
			}
			clock = newWallClock(t, zone, 2039, 2041) // tables of clock changes end in 2037, rules go on
			for i := range perZone / 2 {
				compare(t, g, g.either(i), clock, zone)
			}
		})
	}
}

// TestDiffersSaysSoWhereItDoes walks the same minutes as EventBridge Scheduler would.
func TestDiffersSaysSoWhereItDoes(t *testing.T) {
	perZone := expressionsPerZone / 2
	if testing.Short() {
		perZone = 2
	}
	for z, zone := range oracleZones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			g := newGenerator(100 + z)
			clock := newWallClock(t, zone, 2024, 2030)
			for i := range perZone {
				m := g.either(i)
				notes := parse(t, m.text, zone).Differs(clock.begin)
				if !slices.Equal(m.fires(clock), m.firesOnScheduler(clock)) != foretold(t, notes) {
					t.Errorf("%s in %s: the notes are %q", m.text, zone, notes)
				}
			}
		})
	}
}

// foretold reports whether a note is about a time that the oracle sees.
func foretold(t *testing.T, notes []string) bool {
	t.Helper()
	if len(notes) == 0 {
		return false
	}
	date := strings.TrimPrefix(notes[0], "The local time ")
	at, err := time.Parse("2006-01-02", date[:10])
	if err != nil {
		t.Fatalf("%q names no time: %v", notes[0], err)
	}
	return at.Year() <= 2030
}

// compare holds Next and Prev against the oracle, but for the first and last day, where the oracle does not see what
// lies outside.
func compare(t *testing.T, g generator, m meaning, clock wallClock, zone string) {
	t.Helper()
	s := parse(t, m.text, zone)
	instant := func(minute int) time.Time { return clock.begin.Add(time.Duration(minute) * time.Minute) }
	begin, end := 3*1440, len(clock.quarters)*15-3*1440
	fires := slices.DeleteFunc(m.fires(clock), func(minute int) bool { return minute < begin || minute >= end })
	walk := fires
	if len(walk) > 5_000 { // all of them would take long; a part of a year, anywhere
		i := g.IntN(len(walk) - 5_000)
		walk = walk[i : i+5_000]
	}
	for i := range len(walk) - 1 {
		a, b := instant(walk[i]), instant(walk[i+1])
		if got, _ := s.Next(a); !got.Equal(b) {
			t.Fatalf("%s in %s: Next(%v) = %v, want %v", m.text, zone, a, got, b)
		}
		if got, _ := s.Prev(b); !got.Equal(a) {
			t.Fatalf("%s in %s: Prev(%v) = %v, want %v", m.text, zone, b, got, a)
		}
	}
	for range 50 {
		minute := begin + g.IntN(end-begin)
		at := instant(minute).Add(time.Duration(g.IntN(60)) * time.Second / 2)
		i, _ := slices.BinarySearch(fires, minute+1) // the first one after this minute
		if got, ok := s.Next(at); i < len(fires) && !got.Equal(instant(fires[i])) || i == len(fires) && ok && got.Before(instant(end)) {
			t.Fatalf("%s in %s: Next(%v) = %v %t, want fire %d of %d", m.text, zone, at, got, ok, i, len(fires))
		}
		at = instant(minute)
		i, _ = slices.BinarySearch(fires, minute) // the first one not before it
		if got, ok := s.Prev(at); i > 0 && !got.Equal(instant(fires[i-1])) || i == 0 && ok && !got.Before(instant(begin)) {
			t.Fatalf("%s in %s: Prev(%v) = %v %t, want fire %d of %d", m.text, zone, at, got, ok, i-1, len(fires))
		}
	}
}
