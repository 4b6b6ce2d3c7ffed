// The lifecycle-notifier function settles runs when their tasks stop, and tells people and systems what happened.
//
// What comes in: events of ECS by the lifecycle queue, or directly; and a tick each minute. What goes out: settled runs
// in the ledger, mails about failures, events on the event bus, nudges to the launch queue; for a batch the messages
// that are to come again; and a dead letter with its reason for each message that can never succeed.
//
// It must never tell of something before the ledger has it, and never lose what it owes: what could not be told stays
// in the ledger, and the next tick tells it.
//
// Adapters are used through func values: a template beside clients in interfaces would keep every operation of every
// client in the binary.
package main
