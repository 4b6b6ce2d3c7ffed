// Package identity asks AWS STS who the caller is.
//
// What comes in: credentials. What goes out: the ARN of whoever has them.
//
// It must never hand out other credentials, and no function links it: it is for the command line.
package identity
