// Package screen shows a person what is going on: steps with their seconds, lines that change, and tables.
//
// What comes in: words and durations. What goes out: text. On a terminal, lines are redrawn; elsewhere each new one is
// printed once, so that a log reads from top to bottom.
//
// It must never ask a question, nor decide anything.
package screen
