// Package query calls the few operations of AWS for which the command line links no module of the SDK: modules of
// services as large as EC2 would double the program for two calls.
//
// What comes in: a configuration of the SDK and an operation of a service that speaks AWS's Query protocol or JSON 1.1.
// What goes out: its answer, decoded, or an error that is a smithy.OperationError as those of the SDK are.
//
// It must never be linked by a function, and never log what is sent or answered: an answer may be a password.
package query
