// Package cloudformation reads what a stack of AWS CloudFormation says of itself.
//
// What comes in: the name of a stack. What goes out: its outputs.
//
// It must never change a stack, and no function links it: it is for the command line.
package cloudformation
