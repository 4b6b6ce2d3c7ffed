// Package scene sets up what a function is invoked for: an event as Lambda hands it over, and what the table holds.
//
// What comes in: how many of its things the event is about. What goes out: the payload, the items of the table, and where
// that is needed another compiled configuration.
//
// It must never make an item in another way than the code of the ledger does.
package scene
