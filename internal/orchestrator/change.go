package orchestrator

import (
	"context"
	"errors"
	"fmt"

	"slipway/internal/run"
)

// errUnchanged is what a change returns when the run is already as it should be.
var errUnchanged = errors.New("nothing to change")

// maxChanges bounds how often a change is applied anew. Two writers rarely meet twice.
const maxChanges = 10

// change applies f to the run and stores what it returns. When the run has changed meanwhile, f is applied to what is
// stored instead. It returns the run as stored, and whether this call changed it: f returning errUnchanged ends it
// without a write.
func (o *Orchestrator) change(ctx context.Context, r run.Run, f func(run.Run) (run.Run, error)) (run.Run, bool, error) {
	for range maxChanges {
		next, err := f(r)
		if errors.Is(err, errUnchanged) {
			return r, false, nil
		}
		if err != nil {
			return r, false, err
		}
		err = o.save(ctx, r, next)
		if err == nil {
			next.Revision = r.Revision + 1
			return next, true, nil
		}
		var c *run.Conflict
		if !errors.As(err, &c) {
			return r, false, err
		}
		current, ok := c.Current[r.ID]
		if !ok {
			return r, false, err
		}
		r = current
	}
	return r, false, errContended
}

// save writes one change of one run.
func (o *Orchestrator) save(ctx context.Context, from, to run.Run) error {
	w := run.Write{Job: from.Job, Max: o.jobs[from.Job].Concurrency.Max, Changes: []run.Change{run.ChangeOf(from, to)}}
	if err := o.ledger.Write(ctx, w); err != nil {
		return fmt.Errorf("store run %s: %w", from.ID, err)
	}
	return nil
}

// end makes a run final that has no task, and does what it owes. A run that has gone on meanwhile is left alone: it may
// have a task by now. It reports whether the run was ended.
func (o *Orchestrator) end(ctx context.Context, r run.Run, outcome run.Outcome) (bool, error) {
	now := o.now()
	ended, changed, err := o.change(ctx, r, func(current run.Run) (run.Run, error) {
		if current.State != r.State || current.Attempt != r.Attempt || current.Launch != r.Launch || current.TaskARN != "" {
			return current, errUnchanged
		}
		return current.End(outcome, now, now, owedBy(current, outcome)...)
	})
	if err != nil || !changed {
		return false, err
	}
	o.log.InfoContext(ctx, "run ended", "run", r.ID, "job", r.Job, "state", ended.State, "class", outcome.Class)
	return true, o.pay(ctx, ended)
}

// owedBy lists what a run owes once it is final with the outcome: an event always, a mail when it has failed.
func owedBy(r run.Run, outcome run.Outcome) []run.Effect {
	if outcome.Succeeded() || r.Wish == run.WishCancel || r.Wish == run.WishReplace {
		return []run.Effect{run.OwesEvent}
	}
	return []run.Effect{run.OwesMail, run.OwesEvent}
}
