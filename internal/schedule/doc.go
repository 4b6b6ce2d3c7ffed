// Package schedule decides at which times a job is due.
//
// What comes in: an expression with its zone and bounds, when the job was first seen, the newest scheduled time
// decided on, and now. What goes out: the scheduled times that are due, each with the interval that it stands for, and
// how many were given up; for people, the times before and after any instant, the position of a mistake, and where a
// schedule differs from EventBridge Scheduler.
//
// It must never read a clock: now is an argument. It imports the standard library and package run only.
//
// # Expressions
//
//	cron(0 10 ? * MON-FRI *)      AWS: minutes hours day-of-month month day-of-week year; Sunday is 1
//	rate(5 minutes)               counted from the job's start, else from 1970-01-01T00:00Z
//	at(2027-01-31T23:00:00)       once
//	0 10 * * 1-5                  Unix: minutes hours day-of-month month day-of-week; Sunday is 0 or 7
//	@hourly                       @yearly @annually @monthly @weekly @daily @midnight @hourly
//
// AWS's fields are those of
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html and
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html, Unix's those of crontab(5).
//
// # When clocks change
//
// A cron expression whose hour field matches all 24 hours follows real time: it fires at each instant at which the
// local clock reads a matching time, so an hour that is repeated fires again, and an hour that is left out does not.
//
// Any other expression fires once for each local time that it names: at the first instant at which the local clock
// has reached that time. That is the first of two in a repeated hour, and the end of the gap for a time that is left
// out: 02:30 fires at 03:00. Several times that fall on one instant fire once.
//
// # Zones
//
// Zones are IANA names. They come from the machine's zoneinfo, or from package time/tzdata where a program imports
// it; this package does not, because it costs 450 KB and is the program's choice. Amazon Linux 2023's small images
// need not hold zoneinfo, so the functions that evaluate schedules import it.
package schedule
