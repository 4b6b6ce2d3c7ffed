package orchestrator

import (
	"context"
	"errors"
	"fmt"

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
		return nil // an attempt that has been settled
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
	settled, changed, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		if !r.State.Active() || r.TaskARN != "" && r.TaskARN != t.ARN {
			return r, errUnchanged
		}
		return o.settled(r, t)
	})
	if err != nil {
		return err
	}
	if !changed {
		return o.payLate(ctx, settled) // this event again, or whoever settled the run did not come to pay
	}
	o.log.InfoContext(ctx, "attempt ended", "run", r.ID, "job", r.Job, "attempt", r.Attempt,
		"state", settled.State, "class", settled.Outcome.Class)
	return o.pay(ctx, settled)
}

// settled is the run after its attempt has ended as the task says: final, or queued for another attempt.
func (o *Orchestrator) settled(r run.Run, t run.Task) (run.Run, error) {
	now := o.now()
	r = r.Observe(t, now) // its ARN and times, in case that nothing was heard of the task before
	outcome := stop.Classify(t, stop.Options{Main: mainContainer(r), Job: r.Job, Rules: o.stops})
	job := o.jobs[r.Job]
	if r.Wish == run.NoWish || r.Wish == run.WishTimeout {
		if job.Retry.Allows(r.Attempt, outcome) {
			return r.Retry(outcome, stepAfter(job, r, outcome), run.RetryAt(r, now), now)
		}
	}
	return r.End(outcome, t.StoppedAt, now, owedBy(r, outcome)...)
}

func mainContainer(r run.Run) string {
	if r.Decision == nil {
		return ""
	}
	return r.Decision.Container
}

// stepAfter is the capacity step of the next attempt: the next one when this one's capacity was taken away.
func stepAfter(j run.Job, r run.Run, outcome run.Outcome) int {
	switch outcome.Class {
	case "capacity", "spot-interruption":
		if n := len(j.Task.Capacity); n > 0 {
			return (r.CapacityStep + 1) % n
		}
	}
	return r.CapacityStep
}
