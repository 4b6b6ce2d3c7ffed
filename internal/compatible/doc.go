// Package compatible knows which combinations ECS accepts: launch type and compatibilities, network mode, CPU and memory,
// storage, capacity providers, and what a container may have where.
//
// What comes in: a task definition and a place where it is to run, as far as they are known. What goes out: every rule that
// refuses it, with what is wrong, what to write instead, and the page of AWS that says so.
//
// It must never refuse what it does not know: a value that is missing is no mistake. And it must never look at the world.
package compatible
