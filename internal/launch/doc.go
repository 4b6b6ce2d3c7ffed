// Package launch decides how a run is launched and what each answer of ECS means.
//
// What comes in: a job, a run, the task definition it names, and later everything that RunTask answered. What goes
// out: a launch decision to record, the request built from that record alone, and a verdict with its reason.
//
// It must never call ECS, read a clock or the environment, or let anything into a request that is not recorded in the
// run: the same client token must always come with the same parameters.
package launch
