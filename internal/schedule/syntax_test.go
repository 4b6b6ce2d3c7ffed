package schedule_test

import (
	"errors"
	"strings"
	"testing"

	"slipway/internal/schedule"
)

func TestParseRefusesWithThePositionAndWhatWorks(t *testing.T) {
	for name, tc := range map[string]struct {
		expression string
		offset     int
		message    string
	}{
		"an empty expression":                   {"", 0, "cron("},
		"blanks":                                {"  ", 0, "empty"},
		"an unknown function":                   {"every(5 minutes)", 0, "rate(5 minutes)"},
		"no closing parenthesis":                {"cron(0 10 * * ? *", 17, "missing"},
		"something after the parenthesis":       {"cron(0 10 * * ? *) ; x", 22, "missing"},
		"a rate of nothing":                     {"rate(0 minutes)", 5, "rate(1 minute)"},
		"a negative rate":                       {"rate(-5 minutes)", 5, "rate(5 minutes)"},
		"a rate in fractions":                   {"rate(1.5 hours)", 5, "whole number"},
		"a rate without a unit":                 {"rate(5)", 5, "unit"},
		"a rate in seconds":                     {"rate(30 seconds)", 8, "minutes, hours and days"},
		"a rate in two parts":                   {"rate(1 hour 30 minutes)", 5, "one"},
		"a singular above one":                  {"rate(5 minute)", 7, "rate(5 minutes)"},
		"a rate beyond a century":               {"rate(900000 days)", 5, "100 years"},
		"a rate beyond all numbers":             {"rate(99999999999999999999 days)", 5, "whole number"},
		"at a date":                             {"at(2026-01-01)", 13, "at(2027-01-31T23:00:00)"},
		"at a time with a zone":                 {"at(2026-01-01T00:00:00Z)", 22, "timezone"},
		"at a month that is none":               {"at(2026-13-01T00:00:00)", 8, "01 to 12"},
		"at a day that is none":                 {"at(2026-02-29T00:00:00)", 11, "29"},
		"at an hour that is none":               {"at(2026-02-28T24:00:00)", 14, "00 to 23"},
		"at a year before 1970":                 {"at(1969-12-31T23:00:00)", 3, "1970"},
		"at a date in words":                    {"at(tomorrow)", 3, "at("},
		"five fields with a question mark":      {"cron(0 10 * * ?)", 15, "cron(0 10 * * ? *)"},
		"five fields in AWS's parentheses":      {"cron(0 10 * * *)", 5, "6 fields"},
		"seven fields":                          {"cron(0 0 10 * * ? *)", 5, "this has 7"},
		"a minute beyond 59":                    {"cron(60 10 * * ? *)", 5, "full hour is 0"},
		"an hour beyond 23":                     {"cron(0 24 * * ? *)", 7, "midnight is 0"},
		"a day beyond 31":                       {"cron(0 0 32 * ? *)", 9, "1 to 31"},
		"a day before 1":                        {"cron(0 0 0 * ? *)", 9, "1 to 31"},
		"a month beyond 12":                     {"cron(0 0 1 13 ? *)", 11, "JAN to DEC"},
		"a month in full":                       {"cron(0 0 1 MARCH ? *)", 11, "JAN to DEC"},
		"AWS's Sunday is not 0":                 {"cron(0 0 ? * 0 *)", 13, "Sunday is 1"},
		"a weekday beyond 7":                    {"cron(0 0 ? * 8 *)", 13, "1 to 7"},
		"a year beyond 2199":                    {"cron(0 0 1 1 ? 2200)", 15, "1970 to 2199"},
		"years that run back":                   {"cron(0 0 1 1 ? 2030-2026)", 20, "backwards"},
		"a step of nothing":                     {"cron(0/0 * * * ? *)", 7, "1 to 59"},
		"a step beyond the field":               {"cron(*/60 * * * ? *)", 7, "1 to 59"},
		"a step that is missing":                {"cron(0/ * * * ? *)", 7, "step"},
		"a sign":                                {"cron(+5 * * * ? *)", 5, "0 to 59"},
		"nothing between the commas":            {"cron(0,,5 * * * ? *)", 7, "missing"},
		"nothing after the last comma":          {"cron(0,5, * * * ? *)", 9, "missing"},
		"the second value of a list":            {"cron(0,99 * * * ? *)", 7, "0 to 59"},
		"the end of a range":                    {"cron(0 8-25 * * ? *)", 9, "0 to 23"},
		"no question mark":                      {"cron(0 0 * * * *)", 13, "write ? here"},
		"no question mark beside a weekday":     {"cron(0 0 * * MON *)", 9, "write ? here"},
		"no question mark beside a day":         {"cron(0 0 1 * * *)", 13, "write ? here"},
		"two restricted days":                   {"cron(0 0 1 * MON *)", 13, "two jobs"},
		"two question marks":                    {"cron(0 0 ? * ? *)", 13, "write * here"},
		"a question mark for the hour":          {"cron(0 ? * * ? *)", 7, "or *"},
		"a # with a list":                       {"cron(0 0 ? * 3#1,6#3 *)", 16, "two jobs"},
		"a sixth weekday":                       {"cron(0 0 ? * 3#6 *)", 15, "1 to 5"},
		"a # without a number":                  {"cron(0 0 ? * 3# *)", 15, "second Tuesday"},
		"a # without a weekday":                 {"cron(0 0 ? * #2 *)", 13, "missing"},
		"days before the last":                  {"cron(0 0 L-3 * ? *)", 9, "L stands alone"},
		"a W alone":                             {"cron(0 0 W * ? *)", 9, "missing"},
		"a range of W":                          {"cron(0 0 1-5W * ? *)", 9, "1 to 31"},
		"an L for the hour":                     {"cron(0 L * * ? *)", 7, "0 to 23"},
		"AWS's fields without cron":             {"0 10 * * ? *", 0, "write cron(0 10 * * ? *)"},
		"four fields":                           {"0 10 * *", 0, "5 fields"},
		"one word":                              {"daily", 0, "5 fields"},
		"Unix: a question mark":                 {"0 10 ? * 1", 5, "or *"},
		"Unix: an L":                            {"0 10 L * *", 5, "1 to 31"},
		"Unix: day 0":                           {"0 10 0 * *", 5, "1 to 31"},
		"Unix: weekday 8":                       {"0 10 * * 8", 9, "0 to 7"},
		"Unix: hours over midnight":             {"0 22-2 * * *", 5, "22-23,0-2"},
		"Unix: a step after a value":            {"5/15 * * * *", 0, "5-59/"},
		"Unix: a zone inside":                   {"CRON_TZ=UTC 0 10 * * *", 0, "timezone"},
		"Unix: blanks before it":                {"  0 99 * * *", 4, "0 to 23"},
		"a shorthand that is not known":         {"@fortnightly", 0, "@weekly"},
		"@reboot":                               {"@reboot", 0, "by hand"},
		"@every":                                {"@every 5m", 0, "rate(5 minutes)"},
		"something that is not ASCII":           {"cron(0 10 * * ? *é)", 16, "1970 to 2199"},
		"AWS: positions count blanks of fields": {"cron(  0   99 * * ? *)", 11, "0 to 23"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := schedule.Parse(tc.expression, "")
			var e *schedule.SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("error = %v, want a SyntaxError", err)
			}
			if e.Offset != tc.offset || e.Expression != tc.expression || !strings.Contains(err.Error(), tc.message) {
				t.Errorf("error = %v (offset %d), want offset %d and %q", err, e.Offset, tc.offset, tc.message)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	for _, expression := range []string{
		"rate(1 days)", "rate(1 minute)", "rate( 5  minutes )", " cron(0 10 * * ? *) ", "cron(0  10\t* * ? *)",
		"cron(*/5 */2 * * ? *)", "cron(0 0 ? jan-mar tue *)", "cron(0 0 l * ? *)", "cron(0 0 1,15W,lw * ? *)",
		"cron(0 0 ? * FRI-MON *)", "cron(0 0 ? * fril,2L *)", "cron(0 0 ? * tue#5 *)", "cron(0 22-2/2 28-3 NOV-FEB ? 2026/2)",
		"cron(59-1 * * * ? 1970-2199)", "cron(05 08 01 01 ? *)", "0 0 * * fri-sun", "0 0 * * 0-7", "*/15,7 1-9/2 1,2-3 jan,feb *",
		"@YEARLY", "@midnight",
	} {
		s, err := schedule.Parse(expression, "")
		if err != nil {
			t.Errorf("%q: %v", expression, err)
		} else if why := s.Never(); why != "" {
			t.Errorf("%q: %s", expression, why)
		}
	}
}
