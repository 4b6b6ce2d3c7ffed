// Package hotpath names the work that is done for every event, every minute or every look, so that a change that makes it
// more is seen.
//
// What comes in: nothing but the sample events. What goes out: each path as a function that can be repeated.
//
// It must never call anything outside this process, nor do what differs from one repetition to the next by more than
// its names.
package hotpath
