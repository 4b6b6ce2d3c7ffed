// Package ledger keeps runs, jobs, incidents and leases in one DynamoDB table, and is the only package that knows its
// layout.
//
// What comes in: whole runs with the revision they were read at. What goes out: runs as they are stored, or a
// run.Conflict that holds what was in the way.
//
// It must never decide what happens to a run, assume why a write failed without reading it, or change an item without
// a condition.
//
// Layout: the keys are pk and sk. A run is "run#<id>"/"run", a job "job#<name>"/"job", an incident
// "incident#<key>"/"incident", a lease "lease#<name>"/"lease", and what is known of the newest version of a key for a
// job with latestOnly is "newest#<hash>"/"newest". What matters is in "doc" (JSON), or for a run whose document is long
// in "z" (the same, compressed with DEFLATE); beside it stand "rev" (the revision, for conditions), "v" (the version of
// the layout), "expires" (for DynamoDB's time to live), on a job "active" (the counter of concurrency.max), "holders" (who
// holds a slot, where somebody asks) and "batch" (the batch that new objects join), on a run "job", "admitted", "state",
// "object" and "etag" (the index "history", for people), and, only on items that something is due for, "open" and "due",
// the keys of the sparse index "open".
package ledger
