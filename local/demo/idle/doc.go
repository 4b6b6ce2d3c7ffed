// Command idle does nothing and says that it has succeeded: the demonstration puts it in the place of a task to show
// that nobody is believed who only says so.
//
// What comes in: nothing. What goes out: exit code 0. It must never do anything.
package main
