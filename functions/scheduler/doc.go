// The scheduler function starts what its time has come for, and looks after every run that nothing was heard of.
//
// What comes in: a tick each minute. What goes out: runs admitted and launched, tasks described and stopped, and a
// report of how many.
//
// It must never depend on being alone: the lease only saves work. A tick that fails is repeated by the next one.
package main
