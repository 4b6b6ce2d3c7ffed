// Package port finds free ports of this machine, and the program that has one which is not.
//
// What comes in: a port number. What goes out: whether it is free, and as far as the system tells, who has it.
//
// It must never listen on anything but 127.0.0.1, nor keep a port.
package port
