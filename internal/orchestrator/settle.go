package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slipway/internal/launch"
	"slipway/internal/run"
	"slipway/internal/stop"
)

// Observe takes in a task as ECS told of it: it moves the run that the task belongs to, settles it when the task has
// stopped, and opens an incident when a task of a watched service has failed. Events may come twice, late and in any
// order. Tasks of others are none of its business.
func (o *Orchestrator) Observe(ctx context.Context, t run.Task) error {
	stack, id, attempt, ours := run.ParseStartedBy(t.StartedBy)
	if !ours {
		return o.observeOther(ctx, t)
	}
	if stack != o.stack {
		return nil
	}
	r, err := o.ledger.Run(ctx, id)
	if errors.Is(err, run.ErrNotFound) {
		o.log.WarnContext(ctx, "task of an unknown run", "run", id, "task", t.ARN)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read run %s: %w", id, err)
	}
	if r.Attempt != attempt && !r.State.Final() {
		return o.warnOfSpot(ctx, r, t) // an attempt that has been settled
	}
	return o.learn(ctx, r, t)
}

// learn applies to a run what a task of its current attempt says.
func (o *Orchestrator) learn(ctx context.Context, r run.Run, t run.Task) error {
	if t.LastStatus == run.StatusStopped {
		return o.settle(ctx, r, t)
	}
	now := o.now()
	learned, changed, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		next := r.Observe(t, now)
		if stale(r, t) || next.State == r.State && next.TaskARN == r.TaskARN {
			return r, errUnchanged
		}
		return next, nil
	})
	return errors.Join(err, o.payLearned(ctx, learned, changed), o.warnOfSpot(ctx, r, t))
}

// stale reports whether the task tells nothing that the run does not know better.
func stale(r run.Run, t run.Task) bool {
	return !r.State.Active() || r.TaskARN == t.ARN && t.Version < r.TaskVersion
}

// settle ends the attempt of a stopped task, once, whatever the order and number of its events, and then does what
// the run owes.
func (o *Orchestrator) settle(ctx context.Context, r run.Run, t run.Task) error {
	if !r.State.Active() || r.TaskARN != "" && r.TaskARN != t.ARN {
		return o.payLate(ctx, r) // this event again, or whoever settled the run did not come to pay
	}
	now := o.now()
	seen := r.Observe(t, now) // its ARN and times, in case that nothing was heard of the task before
	outcome := stop.Classify(t, stop.Options{Main: mainContainer(r), Job: r.Job, Rules: o.stops})
	return o.conclude(ctx, seen, ending{outcome: outcome, at: t.StoppedAt, task: seen.TaskARN, seen: &t})
}

// ending is how an attempt has ended.
type ending struct {
	outcome run.Outcome
	at      time.Time
	task    string    // its ARN
	seen    *run.Task // the stopped task, when ECS told of it
}

// conclude ends the present attempt of a run: the run is final then, queued for another attempt, or split. The objects
// of a batch are settled first, so that whoever dies in between leaves nothing that the same event would not finish.
func (o *Orchestrator) conclude(ctx context.Context, r run.Run, e ending) error {
	var rest remains
	if r.Objects != nil {
		var err error
		if rest, err = o.settleMembers(ctx, r, e); err != nil {
			return err
		}
	}
	settled, changed, err := o.changeWith(ctx, r, func(current run.Run) (run.Run, []run.Run, error) {
		if !current.State.Active() || current.Attempt != r.Attempt || current.TaskARN != "" && current.TaskARN != e.task {
			return current, nil, errUnchanged
		}
		if e.seen != nil {
			current = current.Observe(*e.seen, o.now())
		}
		if current.Objects != nil {
			return o.afterBatch(current, e, rest)
		}
		next, err := o.after(current, e)
		return next, nil, err
	})
	if err != nil {
		return err
	}
	if !changed {
		return o.payLate(ctx, settled)
	}
	o.log.InfoContext(ctx, "attempt ended", "run", r.ID, "job", r.Job, "attempt", r.Attempt,
		"state", settled.State, "class", e.outcome.Class)
	return o.pay(ctx, settled)
}

// after is the run after its attempt has ended: final, or queued for another attempt.
func (o *Orchestrator) after(r run.Run, e ending) (run.Run, error) {
	now := o.now()
	job, known := o.jobs[r.Job]
	outcome := e.outcome
	switch {
	case r.Unwanted() || outcome.Succeeded() || !known:
	case neverRan(r, outcome):
		outcome = withoutCapacity(r, outcome)
		if place, wrapped := launch.NextPlace(job, r.Place, false); !r.LaunchExpired(now) {
			at := now
			if wrapped {
				at = run.RetryAt(r, now)
			}
			return r.Move(outcome, place, at, now)
		}
	case job.Retry.Allows(r, outcome):
		return r.Retry(outcome, launch.RetryPlace(job, r, outcome), run.RetryAt(r, now), now)
	}
	return r.End(outcome, e.at, now, o.owed(r, outcome)...)
}

// neverRan reports whether the attempt ended for lack of capacity before it ran: that is no fault of the run, and
// startWithin alone bounds how often it is tried.
func neverRan(r run.Run, outcome run.Outcome) bool {
	lacking := outcome.Class == "capacity" || outcome.Class == "quota"
	return r.Wish == run.WishMove || lacking && r.StartedAt.IsZero()
}

// withoutCapacity is the outcome of an attempt that Slipway stopped because it was not RUNNING in time.
func withoutCapacity(r run.Run, outcome run.Outcome) run.Outcome {
	if r.Wish != run.WishMove {
		return outcome
	}
	return run.Outcome{
		Class: "capacity", Severity: "warning", Retryable: true, Reason: r.WishWhy,
		Summary: "The task was not RUNNING in time, and Slipway stopped it.",
		Remedy:  "Add a step to the capacity order, or raise task.runningWithin for a capacity provider that needs longer.",
	}
}

func mainContainer(r run.Run) string {
	if r.Decision == nil {
		return ""
	}
	return r.Decision.Container
}
