// Package match decides which jobs want an object.
//
// What comes in: the jobs and one object version. What goes out: for each job a verdict, with the rule that decided it
// and the pattern, so that a person can be told why an object was not taken.
//
// It must never look at anything but its arguments. Each matching job gets its own run, as EventBridge rules do.
package match
