// Package event turns what AWS delivers into typed values.
//
// What comes in: the payload of an invocation, or the body of a message. What goes out: the objects, task, service,
// deployment or instance that it tells of; Unknown for an event of a kind that nobody here handles; or an error with a
// stable reason for one that should have held something and does not.
//
// It must never call AWS, read a clock, or keep more of an event than a bounded number of characters: events are
// written by others. What an error says is bounded too, and never a whole event.
package event
