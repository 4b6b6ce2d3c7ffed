package schedule_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zoneinfo

	"slipway/internal/schedule"
)

// utc reads an instant.
func utc(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}

func parse(t testing.TB, expression, zone string) schedule.Schedule {
	t.Helper()
	s, err := schedule.Parse(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNextAndPrev(t *testing.T) {
	for name, tc := range map[string]struct{ expression, from, next, prev string }{
		"every hour at the hour":             {"cron(0 * * * ? *)", "2026-03-01 10:00:00", "2026-03-01 11:00:00", "2026-03-01 09:00:00"},
		"between two fire times":             {"cron(0 * * * ? *)", "2026-03-01 10:30:10", "2026-03-01 11:00:00", "2026-03-01 10:00:00"},
		"a daily time over midnight":         {"cron(15 6 ? * * *)", "2026-12-31 06:15:00", "2027-01-01 06:15:00", "2026-12-30 06:15:00"},
		"lists, ranges and steps":            {"cron(0/20 8-9,12 * * ? *)", "2026-03-01 09:40:00", "2026-03-01 12:00:00", "2026-03-01 09:20:00"},
		"a second after a fire time":         {"cron(0 10 * * ? *)", "2026-03-01 10:00:01", "2026-03-02 10:00:00", "2026-03-01 10:00:00"},
		"a rate counts from 1970":            {"rate(5 minutes)", "2026-03-01 10:02:00", "2026-03-01 10:05:00", "2026-03-01 10:00:00"},
		"a rate at its own time":             {"rate(1 hour)", "2026-03-01 10:00:00", "2026-03-01 11:00:00", "2026-03-01 09:00:00"},
		"a rate of seven hours, before 1970": {"rate(7 hours)", "1969-12-31 20:00:00", "1970-01-01 00:00:00", "1969-12-31 17:00:00"},
		"the leap day of a leap century":     {"cron(0 0 29 2 ? *)", "1996-03-01 00:00:00", "2000-02-29 00:00:00", "1996-02-29 00:00:00"},
		"the leap day over one that is none": {"cron(0 0 29 2 ? *)", "2096-03-01 00:00:00", "2104-02-29 00:00:00", "2096-02-29 00:00:00"},
		"a Monday that is a leap day":        {"cron(0 0 29 2 ? 2044)", "2026-01-01 00:00:00", "2044-02-29 00:00:00", ""},
		"the last year is over":              {"cron(0 0 1 1 ? *)", "2199-06-01 00:00:00", "", "2199-01-01 00:00:00"},
		"long after the last year":           {"cron(0 0 1 1 ? *)", "9999-06-01 00:00:00", "", "2199-01-01 00:00:00"},
		"long before the first year":         {"cron(0 0 1 1 ? *)", "0001-01-01 00:00:00", "1970-01-01 00:00:00", ""},
		"a year that is over":                {"cron(0 0 1 1 ? 2020)", "2026-06-01 00:00:00", "", "2020-01-01 00:00:00"},
		"never":                              {"cron(0 0 31 2 ? *)", "2026-06-01 00:00:00", "", ""},
		"once, before":                       {"at(2026-11-20T13:00:30)", "2026-11-20 13:00:29", "2026-11-20 13:00:30", ""},
		"once, at its time":                  {"at(2026-11-20T13:00:30)", "2026-11-20 13:00:30", "", ""},
		"once, after":                        {"at(2026-11-20T13:00:30)", "2026-11-20 13:00:31", "", "2026-11-20 13:00:30"},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, tc.expression, "")
			if got, ok := s.Next(utc(tc.from)); text(got, ok) != tc.next {
				t.Errorf("Next = %q, want %q", text(got, ok), tc.next)
			}
			if got, ok := s.Prev(utc(tc.from)); text(got, ok) != tc.prev {
				t.Errorf("Prev = %q, want %q", text(got, ok), tc.prev)
			}
		})
	}
}

// text is an instant as the tests write it, or empty when there is none.
func text(at time.Time, ok bool) string {
	if !ok {
		return ""
	}
	return at.Format("2006-01-02 15:04:05")
}

func TestPartsOfASecondAreNotRoundedAway(t *testing.T) {
	s := parse(t, "cron(0 10 * * ? *)", "")
	ten := utc("2026-03-01 10:00:00")
	if got, _ := s.Next(ten.Add(-1)); !got.Equal(ten) {
		t.Errorf("Next just before = %v, want %v", got, ten)
	}
	if got, _ := s.Prev(ten.Add(1)); !got.Equal(ten) {
		t.Errorf("Prev just after = %v, want %v", got, ten)
	}
	if got, _ := s.Next(ten.Add(1)); !got.Equal(ten.AddDate(0, 0, 1)) {
		t.Errorf("Next just after = %v, want a day later", got)
	}
}

func TestTheZeroScheduleNeverFires(t *testing.T) {
	var s schedule.Schedule
	if got, ok := s.Next(time.Time{}); ok {
		t.Errorf("Next = %v, want none", got)
	}
	if got, ok := s.Prev(time.Now()); ok {
		t.Errorf("Prev = %v, want none", got)
	}
	if s.Never() == "" {
		t.Error("Never is empty, want a reason")
	}
}

func TestBetween(t *testing.T) {
	start, end := utc("2026-03-01 00:07:00"), utc("2026-03-01 01:00:00")
	for name, tc := range map[string]struct {
		expression string
		want       []string
	}{
		"a rate counts from the start":    {"rate(20 minutes)", []string{"00:07", "00:27", "00:47"}},
		"both bounds belong to it":        {"cron(0/53 * * * ? *)", []string{"00:53", "01:00"}},
		"one time inside the bounds":      {"at(2026-03-01T00:30:00)", []string{"00:30"}},
		"one time outside of the bounds":  {"at(2026-03-01T02:30:00)", nil},
		"a cron that begins at the start": {"7 * * * *", []string{"00:07"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, tc.expression, "").Between(&start, &end)
			times, more := s.Times(time.Time{}, utc("2030-01-01 00:00:00"), 10)
			var got []string
			for _, at := range times {
				got = append(got, at.At.Format("15:04"))
			}
			if strings.Join(got, " ") != strings.Join(tc.want, " ") || more {
				t.Errorf("times = %v, more %t, want %v", got, more, tc.want)
			}
			for i := len(times) - 1; i >= 0; i-- {
				if before, _ := s.Prev(times[i].At.Add(1)); !before.Equal(times[i].At) {
					t.Errorf("Prev after %v = %v", times[i].At, before)
				}
			}
			if before, ok := s.Prev(start); ok {
				t.Errorf("Prev before the start = %v, want none", before)
			}
		})
	}
}

func TestTimesSaysWhenThereAreMore(t *testing.T) {
	s := parse(t, "rate(1 hour)", "")
	times, more := s.Times(utc("2026-03-01 00:00:00"), utc("2026-03-01 05:00:00"), 4)
	if len(times) != 4 || !more {
		t.Fatalf("got %d times, more %t, want 4 and more", len(times), more)
	}
	if want := utc("2026-03-01 01:00:00"); !times[0].At.Equal(want) || !times[0].IntervalStart.Equal(want.Add(-time.Hour)) {
		t.Errorf("first = %+v, want %v and the hour before it", times[0], want)
	}
	if _, more = s.Times(utc("2026-03-01 00:00:00"), utc("2026-03-01 04:00:00"), 4); more {
		t.Error("more = true, want false when exactly all are returned")
	}
}

func TestAnIntervalWithoutATimeBeforeItIsEmpty(t *testing.T) {
	for _, expression := range []string{"at(2026-03-01T00:30:00)", "cron(30 0 1 3 ? 2026)"} {
		times, _ := parse(t, expression, "").Times(time.Time{}, utc("2030-01-01 00:00:00"), 10)
		if len(times) != 1 || !times[0].IntervalStart.Equal(times[0].At) {
			t.Errorf("%s: times = %+v, want one with an empty interval", expression, times)
		}
	}
}

func TestZones(t *testing.T) {
	for name, tc := range map[string]struct{ zone, suggestion string }{
		"the wrong case":               {"europe/helsinki", "Europe/Helsinki"},
		"a city alone":                 {"Helsinki", "Europe/Helsinki"},
		"a blank for an underscore":    {"America/New York", "America/New_York"},
		"a typing error":               {"Europe/Helsinky", "Europe/Helsinki"},
		"an abbreviation":              {"CEST", "Europe/Paris"},
		"UTC in small letters":         {"utc", "UTC"},
		"nothing near":                 {"Atlantis/Poseidonis", ""},
		"the zone of the machine":      {"Local", ""},
		"a path out of the directory":  {"../../etc/passwd", ""},
		"an offset that is not a zone": {"+02:00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schedule.Parse("@daily", tc.zone)
			var e *schedule.ZoneError
			if !errors.As(err, &e) || e.Suggestion != tc.suggestion {
				t.Fatalf("error = %v, want one that suggests %q", err, tc.suggestion)
			}
			if !strings.Contains(err.Error(), tc.suggestion) || !strings.Contains(err.Error(), tc.zone) {
				t.Errorf("message = %q, want the zone and the suggestion", err)
			}
		})
	}
	for _, zone := range []string{"", "UTC", "Europe/Helsinki", "Asia/Kathmandu", "Etc/GMT-2"} {
		if _, err := schedule.Parse("@daily", zone); err != nil {
			t.Errorf("zone %q: %v", zone, err)
		}
	}
}

func TestNever(t *testing.T) {
	for name, tc := range map[string]struct{ expression, want string }{
		"a day that no February has":        {"cron(0 0 31 2 ? *)", "cron(0 0 L 2 ? *)"},
		"a day that short months lack":      {"cron(5 4 31 2,4,6,9,11 ? *)", "cron(5 4 L 2,4,6,9,11 ? *)"},
		"a workday near a day that is none": {"cron(0 0 30W 2 ? *)", "cron(0 0 L 2 ? *)"},
		"a leap day of a common year":       {"cron(0 0 29 2 ? 2027)", "cron(0 0 L 2 ? 2027)"},
		"a fifth Tuesday of one February":   {"cron(0 0 ? 2 3#5 2027)", "cron(0 0 ? 2 3#5 *)"},
		"Unix cron":                         {"0 0 30 2 *", "cron(0 0 L 2 ? *)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, tc.expression, "Europe/Helsinki")
			if got := s.Never(); !strings.HasSuffix(got, tc.want) {
				t.Errorf("Never = %q, want a reason that ends with %s", got, tc.want)
			}
		})
	}
	for _, expression := range []string{"cron(0 0 29 2 ? *)", "cron(0 0 1 1 ? 1970)", "at(1970-01-01T00:00:00)", "0 0 30 2 1", "rate(1 day)"} {
		if got := parse(t, expression, "").Never(); got != "" {
			t.Errorf("%s: Never = %q, want nothing", expression, got)
		}
	}
	start, end := utc("2026-03-01 00:00:00"), utc("2026-03-01 05:00:00")
	if got := parse(t, "cron(0 6 * * ? *)", "").Between(&start, &end).Never(); !strings.Contains(got, "between") {
		t.Errorf("Never = %q, want that nothing lies between the bounds", got)
	}
}

func TestDiffers(t *testing.T) {
	start := utc("2026-03-01 00:00:00")
	for name, tc := range map[string]struct {
		expression, zone string
		start            *time.Time
		want             string
	}{
		"a time inside the gap":                        {"cron(30 2 * * ? *)", "America/Los_Angeles", nil, "2026-03-08 02:30 does not exist in America/Los_Angeles: the job runs when the clock has passed it, at 2026-03-08 03:00"},
		"a time inside the gap, as Unix cron":          {"30 3 * * 0", "Europe/Helsinki", nil, "2026-03-29 03:30 does not exist"},
		"an hourly job in the repeated hour":           {"cron(0 * * * ? *)", "Europe/Helsinki", nil, "2026-10-25 03:00 comes twice"},
		"a half-hour gap":                              {"cron(15 2 ? 10 1#1 *)", "Australia/Lord_Howe", nil, "2026-10-04 02:15 does not exist"},
		"a gap at midnight":                            {"@daily", "Africa/Cairo", nil, "2026-04-24 00:00 does not exist"},
		"a rate without a start":                       {"rate(5 minutes)", "", nil, "1970"},
		"a rate with a start":                          {"rate(5 minutes)", "", &start, ""},
		"once":                                         {"at(2026-05-01T00:00:00)", "", nil, ""},
		"once with bounds":                             {"at(2026-05-01T00:00:00)", "", &start, "ignores them"},
		"a time outside of the gap":                    {"cron(30 4 * * ? *)", "America/Los_Angeles", nil, ""},
		"a day that no gap falls on":                   {"cron(30 2 ? * MON *)", "America/Los_Angeles", nil, ""},
		"an hourly job where no clock moves":           {"cron(0 * * * ? *)", "Asia/Kathmandu", nil, ""},
		"a time that the end of the gap has, too":      {"cron(0 2-5 * * ? *)", "America/Los_Angeles", nil, ""},
		"a time that the end of the gap has not":       {"cron(30 2-5 * * ? *)", "America/Los_Angeles", nil, "2026-03-08 02:30 does not exist"},
		"a date that falls on a change years ahead":    {"cron(30 3 31 3 ? *)", "Europe/Helsinki", nil, "2030-03-31 03:30 does not exist"},
		"a day before any gap":                         {"cron(30 3 ? 3 7#4 *)", "Europe/Helsinki", nil, ""},
		"a range that begins after the gap of its day": {"cron(0 4-23 * * ? *)", "Europe/Helsinki", nil, ""},
		"every hour by name":                           {"cron(30 0-23 * * ? *)", "Europe/Helsinki", nil, "2026-10-25 03:30 comes twice"},
		"once inside a gap":                            {"at(2026-03-29T03:30:00)", "Europe/Helsinki", nil, "at 2026-03-29 04:00"},
		"once in the repeated hour":                    {"at(2026-10-25T03:30:00)", "Europe/Helsinki", nil, ""},
		"UTC":                                          {"cron(30 2 * * ? *)", "", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(parse(t, tc.expression, tc.zone).Between(tc.start, nil).Differs(start), "\n")
			if !strings.Contains(got, tc.want) || (got == "") != (tc.want == "") {
				t.Errorf("Differs = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestDiffersWithinTheBounds(t *testing.T) {
	before, after := utc("2026-03-01 00:00:00"), utc("2026-04-01 00:00:00")
	s := parse(t, "cron(30 3 * * ? *)", "Europe/Helsinki")
	if got := s.Between(nil, &before).Differs(utc("2026-01-01 00:00:00")); len(got) != 0 {
		t.Errorf("a schedule that ends before the change: %v", got)
	}
	if got := s.Between(&after, nil).Differs(utc("2026-01-01 00:00:00")); len(got) != 1 || !strings.Contains(got[0], "2027-03-28 03:30") {
		t.Errorf("a schedule that starts after the change: %v", got)
	}
}

func TestString(t *testing.T) {
	if got, want := parse(t, "@daily", "Europe/Helsinki").String(), "@daily (Europe/Helsinki)"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
	if got, want := parse(t, "@daily", "").String(), "@daily"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}
