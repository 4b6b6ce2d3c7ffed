// Package logs reads the last lines of a log stream of CloudWatch Logs.
//
// What comes in: a log group and a stream. What goes out: lines, the oldest first, or an error with its kind decided.
//
// It must never read more than it was asked for, or decide what of it somebody may see.
package logs
