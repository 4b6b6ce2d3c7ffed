// Package delivery brings each message of a batch to its end: done, given back to its queue, or kept as a dead letter.
//
// What comes in: messages, each with what went wrong. What goes out: the answer that Lambda wants of a function that
// reads a queue, after the dead letters have been sent.
//
// It must never call a message done whose dead letter was not sent, and never let one message decide about another.
package delivery
