// Package scaling decides how many tasks a service that polls queues should run, so that messages wait no longer than a
// latency target at the least task-seconds.
//
// What comes in: a policy, what was remembered, a sample of the queues and the service, and the time. What goes out: a
// desired count with its reason, and what to remember. docs/guide/scaling.md explains the formulae.
//
// It must never read a clock, a queue or a service: same input, same output. A reading that is missing is never taken
// for zero, and no reading lowers the count below the workers that are busy.
package scaling
