// Package pages reads the documentation, so that tests can run the commands that stand there.
//
// What comes in: the Markdown files of the repository. What goes out: their blocks of commands, each with how it is to be
// run, and small pieces of the shell's syntax. It must never run anything itself, nor be linked by a function.
package pages
