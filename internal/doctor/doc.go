// Package doctor finds what is wrong with a stack and its surroundings from facts that were read before.
//
// What comes in: the configuration, filled in, and what the account says of the things that it names. What goes out:
// findings, each with what is wrong, why it matters, and the command that repairs it or that shows more.
//
// It must never call AWS, and never take what was not read for a fault: a fact that is missing is no finding, but for
// the right that its reading lacked.
package doctor
