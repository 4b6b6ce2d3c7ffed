// Command anchor makes as many calls as s3-trigger does for the same event, each a plain POST of as many bytes over
// connections that are kept, and nothing else: no signature, no decoding, no decision, no log.
//
// What comes in: the events of s3-trigger. What goes out: as many POSTs, those of one record one after another, those of
// different ones at once.
//
// It must never do what could be left out: it is what the time of an invocation is measured by.
package main
