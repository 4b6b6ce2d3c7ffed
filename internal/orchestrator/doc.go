// Package orchestrator is the only package that changes a run: it admits, claims, launches, settles and reconciles.
//
// What comes in: objects and scheduled times that a job wants, tasks that ECS told of, the minute tick. What goes out:
// runs in the ledger, tasks in ECS, and effects done: events, mails, nudges. It declares the interfaces that it needs,
// in the words of package run; the adapters under internal/cloud and internal/ledger fulfil them on AWS, and
// internal/fake in memory.
//
// It must never decide by itself what the pure packages decide (launch, stop, schedule, run), never read a clock but
// through Now, and never assume that a write failed for a reason that it has not read.
package orchestrator
