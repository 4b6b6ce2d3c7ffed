// Package stop says why a task stopped.
//
// What comes in: a stopped task as an event or DescribeTasks told of it, and the container that matters. What goes
// out: an outcome with its class, the exit code, the reason in ECS's words, and the remedy in plain ones.
//
// It must never ask ECS, read a clock, or take an exit code for more than it says: 137 alone is no proof of a lack of
// memory, and what a sidecar returns after the main container has ended well is no failure.
package stop
