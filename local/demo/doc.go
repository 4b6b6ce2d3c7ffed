// Command demo shows all of Slipway at work on this machine, from nothing to the end: go run ./local/demo.
//
// What comes in: the environment of the local stack, and BREAK=processor|mail|trigger|scaler to break one link. What
// goes out: progress, a table of what happened, the scaler's decisions, the mail, and exit status 1 unless every
// promise was seen to be kept from outside.
//
// It must never ask a question, believe a program that says of itself that it has worked, or stop the stack.
package main
