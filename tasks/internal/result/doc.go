// Package result is what object-processor leaves in the results bucket for each object, and what hourly-batch reads
// there: the description of an object, and the keys it is stored under.
//
// What comes in: the key of a source object. What goes out: the keys of its results. It is pure: it must never call
// AWS or read a clock.
package result
