// Package schedule decides at which times a job is due.
//
// What comes in: an expression with its zone, when the job was first seen, the newest scheduled time decided on, and
// now. What goes out: the scheduled times that are due, each with the interval that it stands for, and how many were
// given up.
//
// It must never read a clock: now is an argument. It knows rate(...) in minutes, hours and days, and cron(...) with
// plain minute and hour fields, in UTC; everything else is refused with the reason.
package schedule
