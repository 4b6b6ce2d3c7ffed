// Package scaling decides how many tasks a service that polls queues should run.
//
// What comes in: a policy and a sample of the queues and the service. What goes out: a desired count with its reason.
//
// It must never read a clock, a queue or a service: same input, same output. A reading that is missing is never taken
// for zero.
package scaling
