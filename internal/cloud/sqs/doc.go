// Package sqs calls Amazon SQS.
//
// What comes in: the URL of a queue, and the text of a message or the reason why one is of no use. What goes out: a
// sent message, how many messages a queue holds, or the messages themselves for a person.
//
// It must never report a number that SQS did not give: unknown is an error, never zero.
package sqs
