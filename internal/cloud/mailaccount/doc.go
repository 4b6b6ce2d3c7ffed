// Package mailaccount reads from Amazon SES how an account may send. Package ses, which a function links, sends.
//
// What comes in: addresses and domains. What goes out: whether they are verified, and whether SES is in its sandbox.
//
// It must never change anything or send, and never be linked by a function.
package mailaccount
