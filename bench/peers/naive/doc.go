// Command naive is a function as it is usually written in Go: the default configuration of the SDK, a client for each
// service that the whole application calls, no thought of what that links.
//
// What comes in: any event. What goes out: one call; it is measured up to its first invocation, and up to that call.
//
// It must never be made faster than its kind is.
package main
