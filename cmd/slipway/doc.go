// Command slipway checks slipway.yaml, and writes what follows from it.
//
// What comes in: arguments, and the files that they name. What goes out: answers on standard output, as text or with
// --json as JSON; mistakes on standard error, each with what to do next; and an exit code: 0 done, 1 found problems,
// 2 wrong usage, 3 AWS refused.
//
// It must never decide what a function decides in another way: it calls the same packages.
package main
