// Package guard decides whether a change has made the hot paths or the functions larger than they were.
//
// What comes in: a baseline that was recorded on purpose, and what is measured now. What goes out: what has grown, and
// which functions link what they must not.
//
// It must never compare what does not compare: instructions count only for the same Go release and architecture, sizes
// as ratios to hello world built by the same compiler.
package guard
