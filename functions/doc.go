// Package functions is the folder of the four Lambda functions, and of the tests that drive them as they are deployed.
//
// What comes in: nothing. What goes out: nothing; each function is a program in a folder of its own.
//
// It must never hold code that only one function needs, and never code that belongs into a room.
package functions
