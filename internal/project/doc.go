// Package project holds the tests that guard the shape of the whole project: which package may import what, and that
// template.yaml, wiring.yaml, events/ and the code say the same.
//
// What comes in: the files of the repository. What goes out: a failed test that says what to change, and why the rule
// is there.
//
// It must never hold code that anything else uses.
package project
