// Package deploy decides how Slipway comes into an account: what the file of an environment says, what is missing, what
// stands against it, and in which steps it is done.
//
// What comes in: texts of files and facts that were read from the account. What goes out: settings, findings with what to
// do about each, and steps.
//
// It must never call AWS, run a program, or read a file.
package deploy
