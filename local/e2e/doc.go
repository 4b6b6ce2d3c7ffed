// Package e2e holds the end-to-end test: the whole of Slipway on a local stack of its own, driven and judged from
// outside.
//
// What comes in: the repository and the pinned tools. What goes out: a verdict. It must never touch a stack that
// somebody else has started, nor leave a program behind.
package e2e
