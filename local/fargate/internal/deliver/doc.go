// Package deliver is the part of EventBridge that the emulator rightly leaves to AWS: it takes the events of ECS, which
// nobody else may put on the bus, to the targets of the rules that they match.
//
// What comes in: events, in order. What goes out: messages to queues and invocations of functions, at least once, for
// one task in order.
//
// It must never decide by itself whether an event matches: the emulator's TestEventPattern does.
package deliver
