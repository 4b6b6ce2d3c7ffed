// Package measure turns what was measured into tables.
//
// What comes in: series of figures, one for each round of an interleaved run. What goes out: minimum, median and maximum,
// ratios round by round, and tables in Markdown.
//
// It must never compare figures of different runs.
package measure
