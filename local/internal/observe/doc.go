// Package observe looks at a local stack from outside, the way its user would: at buckets, queues, tasks, logs and
// mails, never into the ledger or the programs.
//
// What comes in: the record of a stack that runs. What goes out: what is there to be seen.
//
// It must never change anything that it looks at.
package observe
