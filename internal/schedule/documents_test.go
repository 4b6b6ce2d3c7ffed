package schedule_test

import (
	"strings"
	"testing"
)

// The pages that the instants below are worked out from by hand, with a calendar.
const (
	pageRules     = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"
	pageScheduler = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"
	pageCrontab   = "https://manpages.debian.org/bookworm/cron/crontab.5.en.html"
	pageCron      = "https://manpages.debian.org/bookworm/cron/cron.8.en.html"
)

// documented is an expression of a page, or one that a rule of the page speaks of, with the fire times that follow the
// first instant, in UTC.
type documented struct {
	page, expression, zone, from string
	want                         string // days and times, in order
}

var documentedInstants = map[string]documented{
	// pageRules, table of examples and wildcards.
	"at 10:00 every day":                              {pageRules, "cron(0 10 * * ? *)", "", "2026-02-28 09:00:00", "02-28 10:00, 03-01 10:00, 03-02 10:00"},
	"at 12:15 every day":                              {pageRules, "cron(15 12 * * ? *)", "", "2026-12-31 12:15:00", "01-01 12:15, 01-02 12:15"},
	"at 18:00 every Monday through Friday":            {pageRules, "cron(0 18 ? * MON-FRI *)", "", "2026-03-05 18:00:00", "03-06 18:00, 03-09 18:00, 03-10 18:00"},
	"at 08:00 every first day of the month":           {pageRules, "cron(0 8 1 * ? *)", "", "2026-01-01 08:00:01", "02-01 08:00, 03-01 08:00"},
	"every 15 minutes":                                {pageRules, "cron(0/15 * * * ? *)", "", "2026-03-01 23:30:00", "03-01 23:45, 03-02 00:00, 03-02 00:15"},
	"every 10 minutes Monday through Friday":          {pageRules, "cron(0/10 * ? * MON-FRI *)", "", "2026-03-06 23:40:00", "03-06 23:50, 03-09 00:00, 03-09 00:10"},
	"every 5 minutes on weekdays, last one at 17:55":  {pageRules, "cron(0/5 8-17 ? * MON-FRI *)", "", "2026-03-06 17:50:00", "03-06 17:55, 03-09 08:00, 03-09 08:05"},
	"every 30 minutes from 20 to 2 on weekdays":       {pageRules, "cron(0/30 20-2 ? * MON-FRI *)", "", "2026-03-09 01:30:00", "03-09 02:00, 03-09 02:30, 03-09 20:00, 03-09 20:30"},
	"the same, from midnight on Monday on":            {pageRules, "cron(0/30 20-2 ? * MON-FRI *)", "", "2026-03-06 23:00:00", "03-06 23:30, 03-09 00:00, 03-09 00:30"},
	"JAN,FEB,MAR are those three months":              {pageRules, "cron(0 0 1 JAN,FEB,MAR ? *)", "", "2026-02-01 00:00:00", "03-01 00:00, 01-01 00:00"},
	"1-15 are the days 1 through 15":                  {pageRules, "cron(0 0 1-15 * ? *)", "", "2026-03-14 00:00:00", "03-15 00:00, 04-01 00:00"},
	"1/10 are the 1st, 11th, 21st, 31st, … minutes":   {pageRules, "cron(1/10 * * * ? *)", "", "2026-03-01 00:00:00", "03-01 00:01, 03-01 00:11, 03-01 00:21, 03-01 00:31, 03-01 00:41, 03-01 00:51, 03-01 01:01"},
	"7 with ? is the seventh, whatever weekday":       {pageRules, "cron(0 0 7 * ? *)", "", "2026-01-07 00:00:00", "02-07 00:00, 03-07 00:00"},
	"L is the last day of the month":                  {pageRules, "cron(0 0 L * ? *)", "", "2028-01-31 00:00:00", "02-29 00:00, 03-31 00:00, 04-30 00:00"},
	"L is the last day of the week":                   {pageRules, "cron(0 0 ? * L *)", "", "2026-03-07 00:00:00", "03-14 00:00, 03-21 00:00"},
	"3W is the weekday closest to the third":          {pageRules, "cron(0 0 3W * ? *)", "", "2026-01-01 00:00:00", "01-02 00:00, 02-03 00:00, 03-03 00:00, 04-03 00:00, 05-04 00:00"},
	"3W when the third is a Saturday":                 {pageRules, "cron(0 0 3W 10 ? 2026)", "", "2026-01-01 00:00:00", "10-02 00:00"},
	"1W when the first is a Saturday stays in August": {pageRules, "cron(0 0 1W 8 ? 2026)", "", "2026-01-01 00:00:00", "08-03 00:00"},
	"31W when the last is a Sunday stays in May":      {pageRules, "cron(0 0 31W 5 ? 2026)", "", "2026-01-01 00:00:00", "05-29 00:00"},
	"LW when the last is a Saturday":                  {pageRules, "cron(0 0 LW 2 ? 2026)", "", "2026-01-01 00:00:00", "02-27 00:00"},
	"3#2 is the second Tuesday":                       {pageRules, "cron(0 0 ? * 3#2 *)", "", "2026-01-01 00:00:00", "01-13 00:00, 02-10 00:00, 03-10 00:00"},
	"TUE#2 is the same":                               {pageRules, "cron(0 0 ? * TUE#2 *)", "", "2026-03-10 00:00:00", "04-14 00:00, 05-12 00:00"},
	"a fifth Tuesday is not in every month":           {pageRules, "cron(0 0 ? * 3#5 *)", "", "2026-01-01 00:00:00", "03-31 00:00, 06-30 00:00, 09-29 00:00, 12-29 00:00"},
	"day 1 of the week is Sunday":                     {pageRules, "cron(0 0 ? * 1 *)", "", "2026-03-01 00:00:00", "03-08 00:00, 03-15 00:00"},
	"day 7 of the week is Saturday":                   {pageRules, "cron(0 0 ? * 7 *)", "", "2026-03-01 00:00:00", "03-07 00:00, 03-14 00:00"},
	"years go to 2199":                                {pageRules, "cron(0 0 1 1 ? 1970-2199)", "", "2198-06-01 00:00:00", "01-01 00:00"},
	"a rate of minutes":                               {pageRules, "rate(5 minutes)", "", "2026-03-01 23:51:00", "03-01 23:55, 03-02 00:00"},
	"a rate of hours":                                 {pageRules, "rate(1 hour)", "", "2026-03-01 22:59:59", "03-01 23:00, 03-02 00:00"},
	"a rate of days":                                  {pageRules, "rate(1 day)", "", "2026-03-01 00:00:00", "03-02 00:00, 03-03 00:00"},

	// pageScheduler, examples and clock changes.
	"10:15 on the last Friday of each month in 2022-23": {pageScheduler, "cron(15 10 ? * 6L 2022-2023)", "", "2022-11-01 00:00:00", "11-25 10:15, 12-30 10:15, 01-27 10:15, 02-24 10:15"},
	"the last one of them":                              {pageScheduler, "cron(15 10 ? * 6L 2022-2023)", "", "2023-12-01 00:00:00", "12-29 10:15"},
	"08:00 Pacific on the first Monday of every month":  {pageScheduler, "cron(0 8 ? * MON#1 *)", "America/Los_Angeles", "2026-02-01 00:00:00", "02-02 16:00, 03-02 16:00, 04-06 15:00"},
	"once at 13:00 UTC-8 on November 20, 2022":          {pageScheduler, "at(2022-11-20T13:00:00)", "America/Los_Angeles", "2022-01-01 00:00:00", "11-20 21:00"},
	"every day at 08:30 in New York":                    {pageScheduler, "cron(30 8 * * ? *)", "America/New_York", "2026-03-07 00:00:00", "03-07 13:30, 03-08 12:30, 03-09 12:30"},
	"02:30 in Los Angeles runs once when clocks go back": {
		pageScheduler, "cron(30 2 * * ? *)", "America/Los_Angeles", "2025-11-01 00:00:00", "11-01 09:30, 11-02 10:30, 11-03 10:30",
	},
	"01:30 in Los Angeles runs once, before the shift": {
		pageScheduler, "cron(30 1 * * ? *)", "America/Los_Angeles", "2025-11-02 00:00:00", "11-02 08:30, 11-03 09:30",
	},
	"rate(1 days) stays 24 hours in a zone that changes": {
		pageScheduler, "rate(1 days)", "America/New_York", "2026-03-07 00:00:00", "03-08 00:00, 03-09 00:00",
	},

	// pageCrontab, examples.
	"five minutes after midnight, every day":         {pageCrontab, "5 0 * * *", "", "2026-03-01 00:05:00", "03-02 00:05, 03-03 00:05"},
	"at 2:15pm on the first of every month":          {pageCrontab, "15 14 1 * *", "", "2026-03-01 14:15:00", "04-01 14:15, 05-01 14:15"},
	"at 10 pm on weekdays":                           {pageCrontab, "0 22 * * 1-5", "", "2026-03-05 22:00:00", "03-06 22:00, 03-09 22:00"},
	"23 minutes after midnight, 2am, 4am …":          {pageCrontab, "23 0-23/2 * * *", "", "2026-03-01 20:23:00", "03-01 22:23, 03-02 00:23, 03-02 02:23"},
	"at 5 after 4 every Sunday":                      {pageCrontab, "5 4 * * sun", "", "2026-03-01 04:05:00", "03-08 04:05, 03-15 04:05"},
	"Sunday is 0 and 7":                              {pageCrontab, "5 4 * * 7", "", "2026-03-01 04:05:00", "03-08 04:05"},
	"at 4:30 on the 1st and 15th, plus every Friday": {pageCrontab, "30 4 1,15 * 5", "", "2026-05-01 04:30:00", "05-08 04:30, 05-15 04:30, 05-22 04:30, 05-29 04:30, 06-01 04:30, 06-05 04:30"},
	"8-11 for the hours are 8, 9, 10 and 11":         {pageCrontab, "0 8-11 * * *", "", "2026-03-01 08:00:00", "03-01 09:00, 03-01 10:00, 03-01 11:00, 03-02 08:00"},
	"lists of numbers and ranges":                    {pageCrontab, "0 0-4,8-12 * * *", "", "2026-03-01 03:30:00", "03-01 04:00, 03-01 08:00"},
	"*/2 is every two hours":                         {pageCrontab, "0 */2 * * *", "", "2026-03-01 21:00:00", "03-01 22:00, 03-02 00:00"},
	"@yearly":                                        {pageCrontab, "@yearly", "", "2026-03-01 00:00:00", "01-01 00:00"},
	"@monthly":                                       {pageCrontab, "@monthly", "", "2026-03-01 00:00:00", "04-01 00:00"},
	"@weekly":                                        {pageCrontab, "@weekly", "", "2026-03-01 00:00:00", "03-08 00:00"},
	"@hourly":                                        {pageCrontab, "@hourly", "", "2026-03-01 00:00:00", "03-01 01:00"},

	// pageCron: "If the time has moved forwards, those jobs which would have run in the time that was skipped will be
	// run soon after the change. Conversely … those jobs that fall into the repeated time will not be re-run. Only jobs
	// that run at a particular time (not … with '*' in the hour …) are affected."
	"a job in the skipped hour runs soon after the change": {
		pageCron, "30 2 * * *", "America/New_York", "2026-03-07 12:00:00", "03-08 07:00, 03-09 06:30",
	},
	"a job in the repeated hour is not run again": {
		pageCron, "30 1 * * *", "America/New_York", "2025-11-02 00:00:00", "11-02 05:30, 11-03 06:30",
	},
	"a job of every hour follows real time in spring": {
		pageCron, "0 * * * *", "America/New_York", "2026-03-08 05:30:00", "03-08 06:00, 03-08 07:00, 03-08 08:00",
	},
	"a job of every hour follows real time in autumn": {
		pageCron, "0 * * * *", "America/New_York", "2025-11-02 04:30:00", "11-02 05:00, 11-02 06:00, 11-02 07:00",
	},
	"several jobs of the skipped hour run at one time": {
		pageCron, "0,15,30 2,3 * * *", "Europe/Helsinki", "2026-03-29 00:20:00", "03-29 00:30, 03-29 01:00, 03-29 23:00",
	},
}

func TestInstantsOfTheDocuments(t *testing.T) {
	if len(documentedInstants) < 40 {
		t.Fatalf("only %d instants", len(documentedInstants))
	}
	for name, tc := range documentedInstants {
		t.Run(name, func(t *testing.T) {
			s := parse(t, tc.expression, tc.zone)
			at := utc(tc.from)
			for i, want := range strings.Split(tc.want, ", ") {
				next, ok := s.Next(at)
				if got := next.Format("01-02 15:04"); !ok || got != want {
					t.Fatalf("%s in %q: time %d = %s, want %s (%s)", tc.expression, tc.zone, i+1, got, want, tc.page)
				}
				if before, ok := s.Prev(next); ok && before.After(at) {
					t.Errorf("Prev(%v) = %v, which Next left out", next, before)
				}
				at = next
			}
		})
	}
}

// The zones beside the common ones: gaps of half an hour, gaps at midnight, a day left out.
func TestInstantsOfRareClocks(t *testing.T) {
	for name, tc := range map[string]documented{
		"the half hour that Lord Howe leaves out":        {expression: "cron(15 2 * * ? *)", zone: "Australia/Lord_Howe", from: "2025-10-04 00:00:00", want: "10-04 15:30, 10-05 15:15"},
		"the half hour that Lord Howe repeats":           {expression: "cron(45 1 * * ? *)", zone: "Australia/Lord_Howe", from: "2025-04-05 00:00:00", want: "04-05 14:45, 04-06 15:15"},
		"each quarter in Lord Howe's repeated time":      {expression: "cron(0/15 * * * ? *)", zone: "Australia/Lord_Howe", from: "2025-04-05 14:35:00", want: "04-05 14:45, 04-05 15:00, 04-05 15:15, 04-05 15:30"},
		"midnight that Sao Paulo left out":               {expression: "@daily", zone: "America/Sao_Paulo", from: "2018-11-03 12:00:00", want: "11-04 03:00, 11-05 02:00"},
		"midnight that Cairo leaves out":                 {expression: "30 0 * * *", zone: "Africa/Cairo", from: "2026-04-23 12:00:00", want: "04-23 22:00, 04-24 21:30"},
		"the hour before midnight that Cairo repeats":    {expression: "cron(30 23 * * ? *)", zone: "Africa/Cairo", from: "2026-10-29 12:00:00", want: "10-29 20:30, 10-30 21:30"},
		"the day that Apia left out":                     {expression: "cron(0 12 * * ? *)", zone: "Pacific/Apia", from: "2011-12-29 12:00:00", want: "12-29 22:00, 12-30 10:00, 12-30 22:00, 12-31 22:00"},
		"an hourly job over the day that Apia left out":  {expression: "cron(0 * * * ? *)", zone: "Pacific/Apia", from: "2011-12-30 08:30:00", want: "12-30 09:00, 12-30 10:00, 12-30 11:00"},
		"a quarter of an hour east of India":             {expression: "@daily", zone: "Asia/Kathmandu", from: "2026-03-01 00:00:00", want: "03-01 18:15, 03-02 18:15"},
		"the last day of a leap year":                    {expression: "cron(0 * * * ? *)", zone: "Europe/Helsinki", from: "2040-12-31 00:30:00", want: "12-31 01:00, 12-31 02:00"},
		"once inside a gap":                              {expression: "at(2026-03-29T03:30:00)", zone: "Europe/Helsinki", from: "2026-01-01 00:00:00", want: "03-29 01:00"},
		"an hour before midnight that only this day has": {expression: "cron(30 * 29 10 ? *)", zone: "Africa/Cairo", from: "2026-10-29 20:00:00", want: "10-29 20:30, 10-29 21:30, 10-28 22:30"},
		"a midnight that St. John's repeated":            {expression: "cron(0 * 7 11 ? 2010)", zone: "America/St_Johns", from: "2010-11-07 00:00:00", want: "11-07 02:30, 11-07 03:30, 11-07 04:30"},
		"once inside a repeated hour":                    {expression: "at(2026-10-25T03:30:00)", zone: "Europe/Helsinki", from: "2026-01-01 00:00:00", want: "10-25 00:30"},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, tc.expression, tc.zone)
			at := utc(tc.from)
			for i, want := range strings.Split(tc.want, ", ") {
				next, ok := s.Next(at)
				if got := next.Format("01-02 15:04"); !ok || got != want {
					t.Fatalf("time %d = %s, want %s", i+1, got, want)
				}
				if before, ok := s.Prev(next.Add(-1)); ok && before.After(at) || i > 0 && !before.Equal(at) {
					t.Fatalf("Prev before time %d = %v, want %v", i+1, before, at)
				}
				at = next
			}
		})
	}
}

func TestPrevInARepeatedTimeThatBeganAfterMidnight(t *testing.T) {
	s := parse(t, "cron(0 * 7 11 ? 2010)", "America/St_Johns") // 00:01 went back to 23:01, the day before
	if got, _ := s.Prev(utc("2010-11-07 03:00:00")); !got.Equal(utc("2010-11-07 02:30:00")) {
		t.Errorf("Prev = %v, want the first midnight", got)
	}
}
