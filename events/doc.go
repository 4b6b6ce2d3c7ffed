// Package events holds the sample events, for tests, for `sam local invoke`, and for drills.
//
// What comes in: the name of a file. What goes out: its text.
//
// It must never hold anything of a real account: every name in the samples is made up.
package events
