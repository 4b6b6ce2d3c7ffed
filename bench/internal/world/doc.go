// Package world is as much of AWS as a measured invocation needs: each call takes a given time and gets the answer of
// success, of no state.
//
// What comes in: calls in AWS's JSON protocols. What goes out: answers, and how many calls came.
//
// It must never do work that would be measured with the program.
package world
