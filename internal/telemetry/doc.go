// Package telemetry is how a function tells what it does: log lines and metrics.
//
// What comes in: facts with keys, and counts. What goes out: lines on standard output that CloudWatch Logs keeps, and
// from which CloudWatch reads metrics.
//
// It must never write a secret or the body of an event, and never a dimension whose values nobody has configured: each
// combination of dimensions is a metric that somebody pays for.
package telemetry
