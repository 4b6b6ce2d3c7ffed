// The s3-trigger function starts a run of each job that wants an object.
//
// What comes in: events about objects, in every envelope, and Slipway's own nudges; by the launch queue, or directly.
// What goes out: runs in the ledger and their tasks on ECS; for a batch the messages that are to come again, else the
// runs; and a dead letter with its reason for each message that can never succeed.
//
// It must never let one message of a batch disturb another, and never drop one without a dead letter that says why.
// A message with several objects is given up as a whole when one of them is of no use: the good ones have been
// admitted by then, and sending the dead letter again admits them as the same runs.
package main
