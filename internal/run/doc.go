// Package run holds the words that every other package speaks: jobs, runs, attempts, launches, outcomes, and the
// ECS task as far as Slipway looks at it; and the state machine of a run as pure functions.
//
// What comes in: facts that others have observed (an object, a scheduled time, an answer of ECS, a stopped task) and
// the time. What goes out: a new value of a run, or an error that says which transition is not possible.
//
// It must never read a clock, the environment or the network, log, or import anything but the standard library.
// Values are copied, never shared: a transition leaves the run it was given as it was.
package run
