// Command slipway checks slipway.yaml, writes what follows from it, and operates the stack that was deployed with it.
//
// What comes in: arguments, the files that they name, and for operators the credentials of AWS's tools. What goes out:
// answers on standard output, as text or with --json as JSON; mistakes on standard error, each with what to do next; and
// an exit code: 0 done, 1 found problems, 2 wrong usage, 3 AWS refused.
//
// It must never decide what a function decides in another way: it calls the same packages. It never starts a task: what
// it admits is queued, and the functions launch it.
package main
