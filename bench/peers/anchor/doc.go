// Command anchor makes the calls that a function has made for the same event, each a plain POST of the same bytes over
// connections that are kept, and nothing else: no signature, no decoding, no decision, no log.
//
// What comes in: the events of the function, and a script of its calls in the file that SCRIPT names. What goes out: as many
// POSTs, those of one wave at once.
//
// It must never do what could be left out: it is what the time of an invocation is measured by.
package main
