// Package program runs a Lambda function as a program of this machine behind a Runtime API of its own, and measures it:
// from exec to the first request for an invocation, and from an invocation to its answer.
//
// What comes in: a command and its environment. What goes out: times, CPU time and peak memory.
//
// It needs Linux, for what /proc and its clocks tell of another process.
package program
