package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slipway/internal/run"
)

// reconcileBatch is how many runs one tick looks at. Those that were looked at are not due again for minutes, so the
// next tick goes on where this one ended.
const reconcileBatch = 5000

// reconcile looks after active runs that are due: those that nobody launched to the end, those that nothing was heard
// of, and those that somebody wants stopped. It returns how many it looked at.
func (o *Orchestrator) reconcile(ctx context.Context) (int, error) {
	runs, err := o.ledger.Watched(ctx, o.now(), reconcileBatch)
	var problems []error
	if err != nil {
		problems = append(problems, fmt.Errorf("read the runs to look after: %w", err))
	}
	var unlaunched []run.Run
	tasks := map[string][]run.Run{} // by cluster
	looked := 0
	for _, r := range runs {
		switch {
		case !r.State.Active() || r.Decision == nil:
			continue // it only owes something; Flush pays
		case r.TaskARN == "":
			unlaunched = append(unlaunched, r)
		default:
			tasks[r.Decision.Cluster] = append(tasks[r.Decision.Cluster], r)
		}
		looked++
	}
	errs := make([]error, len(unlaunched))
	each(len(unlaunched), func(i int) { errs[i] = o.resume(ctx, unlaunched[i]) })
	problems = append(problems, errs...)
	for cluster, runs := range tasks {
		problems = append(problems, o.describe(ctx, cluster, runs))
	}
	return looked, errors.Join(problems...)
}

// resume finishes a launch that was claimed and then cut off. While ECS surely remembers the token the same request is
// sent again; after that, or when the run is no longer wanted, ECS is asked first what it has.
func (o *Orchestrator) resume(ctx context.Context, r run.Run) error {
	now := o.now()
	if r.TokenSafe(now) && r.Wish == run.NoWish {
		taken := r.Check(false, now)
		if err := o.save(ctx, r, taken); err != nil {
			return unlessConflict(err) // somebody else goes on with it
		}
		taken.Revision = r.Revision + 1
		result := o.launch(ctx, taken)
		o.log.InfoContext(ctx, "launch resumed", "run", r.ID, "result", result)
		return nil
	}
	arns, err := o.tasks.StartedBy(ctx, r.Decision.Cluster, run.StartedBy(o.stack, r.ID, r.Attempt))
	if err != nil {
		return fmt.Errorf("list the tasks of run %s: %w", r.ID, err)
	}
	if len(arns) == 0 && r.Unwanted() && !now.Before(r.ClaimedAt.Add(run.MissingAfter)) {
		_, err := o.end(ctx, r, startFailed("never-started", "it was no longer wanted, and had not started"))
		return err
	}
	_, _, err = o.change(ctx, r, func(r run.Run) (run.Run, error) { return o.found(r, arns, now) })
	return err
}

// found is a claimed run after ECS has said which tasks it has for it.
func (o *Orchestrator) found(r run.Run, arns []string, now time.Time) (run.Run, error) {
	switch {
	case !r.State.Active() || r.TaskARN != "":
		return r, errUnchanged
	case len(arns) > 0:
		return r.Accept(run.Task{ARN: arns[0]}, now)
	case r.Unwanted() || now.Before(r.ClaimedAt.Add(run.MissingAfter)):
		return r.Check(false, now), nil // ECS is eventually consistent: not yet believed
	}
	return r.Refuse("no task found", r.Place, now, now)
}

// describe compares active runs with what ECS says of their tasks.
func (o *Orchestrator) describe(ctx context.Context, cluster string, runs []run.Run) error {
	byARN := map[string]run.Run{}
	var arns []string
	for _, r := range runs {
		byARN[r.TaskARN] = r
		arns = append(arns, r.TaskARN)
	}
	found, missing, err := o.tasks.Describe(ctx, cluster, arns)
	if err != nil {
		return fmt.Errorf("describe %d tasks: %w", len(arns), err)
	}
	errs := make([]error, len(found)+len(missing))
	each(len(errs), func(i int) {
		if i < len(found) {
			errs[i] = o.compare(ctx, byARN[found[i].ARN], found[i])
			return
		}
		errs[i] = o.missed(ctx, byARN[missing[i-len(found)]])
	})
	return errors.Join(errs...)
}

// compare brings a run up to what ECS says of its task, and asks ECS to stop a task that is over its time or no longer
// wanted. State and slot change only when the task has stopped.
func (o *Orchestrator) compare(ctx context.Context, r run.Run, t run.Task) error {
	if t.LastStatus == run.StatusStopped {
		return o.settle(ctx, r, t)
	}
	now := o.now()
	r, _, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		if !r.State.Active() {
			return r, errUnchanged
		}
		return overdue(r.Observe(t, now).Check(false, now), now)
	})
	if err != nil || r.Wish == run.NoWish || !r.State.Active() {
		return err
	}
	return o.stop(ctx, r)
}

// stop asks ECS to stop the task of a run that has a wish.
func (o *Orchestrator) stop(ctx context.Context, r run.Run) error {
	o.log.InfoContext(ctx, "stopping task", "run", r.ID, "task", r.TaskARN, "wish", r.Wish)
	if err := o.tasks.Stop(ctx, r.Decision.Cluster, r.TaskARN, stopReason(r)); err != nil {
		return fmt.Errorf("stop the task of run %s: %w", r.ID, err)
	}
	return nil
}

// overdue wishes an attempt stopped that is over its time: RUNNING for longer than its timeout, or not RUNNING within
// the limit of its step of the capacity order.
func overdue(r run.Run, now time.Time) (run.Run, error) {
	end, by := r.TimeoutAt(), r.RunningBy()
	switch {
	case r.Wish != run.NoWish:
	case !end.IsZero() && !now.Before(end):
		return r.WishFor(run.WishTimeout, "timeout after "+r.Decision.Timeout.String(), now)
	case !by.IsZero() && !now.Before(by):
		return r.WishFor(run.WishMove, "not RUNNING on "+r.Decision.Capacity+" within "+by.Sub(r.AcceptedAt).Round(time.Second).String(), now)
	}
	return r, nil
}

// stopReason is what StopTask records and the state-change event brings back; package stop reads it.
func stopReason(r run.Run) string { return "slipway: " + string(r.Wish) + ": " + r.WishWhy }

// missed handles a task that ECS does not know. One look is not believed: ECS is eventually consistent.
func (o *Orchestrator) missed(ctx context.Context, r run.Run) error {
	now := o.now()
	looked, changed, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		if !r.State.Active() {
			return r, errUnchanged
		}
		return r.Check(true, now), nil
	})
	if err != nil || !changed || looked.Missing < 2 || now.Before(looked.AcceptedAt.Add(run.MissingAfter)) {
		return err
	}
	o.log.WarnContext(ctx, "task missing", "run", r.ID, "task", r.TaskARN)
	return o.conclude(ctx, looked, ending{task: looked.TaskARN, at: now, outcome: run.Outcome{
		Class: "unknown", Severity: "error", Retryable: true, Reason: "task-missing",
		Summary: "ECS no longer knows the task, and no event told how it ended.",
		Remedy:  "Look at the logs of the task; start the run again if its work is not done.",
	}})
}

func unlessConflict(err error) error {
	var c *run.Conflict
	if errors.As(err, &c) {
		return nil
	}
	return err
}
