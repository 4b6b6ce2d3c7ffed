// Package dynamodb removes a ledger that its owner gives up. Package ledger, which functions link, cannot.
//
// What comes in: the name of a table. What goes out: whether it is there.
//
// It must never be linked by a function.
package dynamodb
