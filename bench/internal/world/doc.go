// Package world is as much of AWS as a measured invocation needs: each call takes a given time and gets the answer of
// success. What it was told to keep it gives to whoever reads it; nothing that is called changes it.
//
// What comes in: calls in AWS's JSON protocols. What goes out: answers, how many calls came, and as a script what they
// were, which others can repeat.
//
// It must never do work that would be measured with the program.
package world
