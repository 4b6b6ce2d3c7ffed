// Package process starts programs that outlive their starter, and stops exactly those again.
//
// What comes in: a command, its environment and its log file. What goes out: a Process that can be stored and that
// knows its program by more than a number, since the system gives numbers out again.
//
// It must never signal a program that it cannot prove to be its own.
package process
