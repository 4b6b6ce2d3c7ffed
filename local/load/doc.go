// Command load uploads objects to a local stack of its own at a rate, and tells how long each of them took from its
// upload to the start of its task and to a mail, and where that time went: go run ./local/load. `make bench-e2e` prints it
// as tables.
//
// What comes in: rates, and for how long each. What goes out: JSON with the times of every upload, taken from the ledger;
// progress on standard error. The stack is stopped at the end.
//
// It must never leave an upload out: one whose task never started is counted.
package main
