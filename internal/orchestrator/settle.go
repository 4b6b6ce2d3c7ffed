package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
		return o.observeService(ctx, t)
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
	_, _, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		next := r.Observe(t, now)
		if stale(r, t) || next.State == r.State && next.TaskARN == r.TaskARN {
			return r, errUnchanged
		}
		return next, nil
	})
	return err
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
	outcome := stop.Classify(t, stop.Options{Main: mainContainer(r)})
	job := o.jobs[r.Job]
	if r.Wish == run.NoWish || r.Wish == run.WishTimeout {
		if job.Retry.Allows(r, outcome) {
			return r.Retry(outcome, launch.RetryPlace(job, r, outcome), run.RetryAt(r, now), now)
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

// observeService opens an incident for a failed task of a watched service: one for each task.
func (o *Orchestrator) observeService(ctx context.Context, t run.Task) error {
	name, isService := strings.CutPrefix(t.Group, "service:")
	if !isService || t.LastStatus != run.StatusStopped || !o.watches(t.Cluster, name) {
		return nil
	}
	outcome := stop.Classify(t, stop.Options{})
	if outcome.Succeeded() || outcome.Expected {
		return nil
	}
	i := run.Incident{
		Key: t.ARN, Event: "task.failed", Subject: name, Cluster: t.Cluster, TaskARN: t.ARN, Task: t.Definition,
		Outcome: outcome, OpenedAt: o.now(), Owed: []run.Effect{run.OwesMail},
	}
	opened, err := o.ledger.OpenIncident(ctx, i)
	if err != nil {
		return fmt.Errorf("open the incident of task %s: %w", t.ARN, err)
	}
	if !opened {
		return nil // a minute tick sends what it may still owe
	}
	i.Revision = 1
	return o.payIncident(ctx, i)
}

func (o *Orchestrator) watches(cluster, service string) bool {
	for _, w := range o.watched {
		if w.Name == service && (w.Cluster == cluster || strings.HasSuffix(cluster, ":cluster/"+w.Cluster)) {
			return true
		}
	}
	return false
}
