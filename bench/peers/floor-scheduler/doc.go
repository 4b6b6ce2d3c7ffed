// Command floor-scheduler is the floor of the function scheduler: the same clients of the SDK, built by hand, and nothing else.
//
// What comes in: any event. What goes out: nothing; it is measured up to its first invocation.
//
// It must never link more of the SDK than the function does; a test holds it to that.
package main
