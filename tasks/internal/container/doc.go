// Package container is what the reference containers do alike: it starts their work, ends it on SIGTERM, turns its
// error into one line and an exit code, and makes the AWS clients.
//
// What comes in: the work as a function, and the environment of the task. What goes out: a line on standard error and
// an exit code that a job's retry policy can be written for; see docs/reference/container.md.
//
// It must never decide what the work is, nor end the process while the work can still end by itself.
package container
