// Package cloudformation reads what a stack of AWS CloudFormation says of itself, and deletes one that its owner gives up.
//
// What comes in: the name or the ID of a stack. What goes out: its outputs and resources.
//
// It must never make or update a stack, and no function links it: it is for the command line.
package cloudformation
