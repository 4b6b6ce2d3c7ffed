// Package vpc reads networks from Amazon EC2, whose API they belong to.
//
// What comes in: IDs of subnets, or nothing for the default VPC. What goes out: subnets in the module's words.
//
// It must never change anything, and never be linked by a function.
package vpc
