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
	return o.changeWith(ctx, r, func(r run.Run) (run.Run, []run.Run, error) {
		next, err := f(r)
		return next, nil, err
	})
}

// changeWith is change for one that brings new runs with it, which are stored in the same write.
func (o *Orchestrator) changeWith(ctx context.Context, r run.Run, f func(run.Run) (run.Run, []run.Run, error)) (run.Run, bool, error) {
	for range maxChanges {
		next, born, err := f(r)
		if errors.Is(err, errUnchanged) {
			return r, false, nil
		}
		if err != nil {
			return r, false, err
		}
		err = o.save(ctx, r, next, born...)
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

// save writes one change of one run, and the new runs that come with it.
func (o *Orchestrator) save(ctx context.Context, from, to run.Run, born ...run.Run) error {
	w := o.write(from.Job)
	w.Changes = []run.Change{run.ChangeOf(from, to)}
	for _, b := range born {
		w.Changes = append(w.Changes, run.Change{Run: b})
	}
	if err := o.ledger.Write(ctx, w); err != nil {
		return fmt.Errorf("store run %s: %w", from.ID, err)
	}
	return nil
}

// write is an empty write for a job. A job that is no longer configured has no maximum, and gives its slots back.
func (o *Orchestrator) write(job string) run.Write {
	c := o.jobs[job].Concurrency
	return run.Write{Job: job, Max: c.Max, Holders: c.KnowsHolders()}
}

// end makes a run final that has no task, and does what it owes. A run that has gone on meanwhile is left alone: it may
// have a task by now. It reports whether the run was ended.
func (o *Orchestrator) end(ctx context.Context, r run.Run, outcome run.Outcome) (bool, error) {
	now := o.now()
	ended, changed, err := o.change(ctx, r, func(current run.Run) (run.Run, error) {
		if current.State != r.State || current.Attempt != r.Attempt || current.Launch != r.Launch || current.TaskARN != "" {
			return current, errUnchanged
		}
		return current.End(outcome, now, now, o.owed(current, outcome)...)
	})
	if err != nil || !changed {
		return false, err
	}
	o.log.InfoContext(ctx, "run ended", "run", r.ID, "job", r.Job, "state", ended.State, "class", outcome.Class)
	return true, o.pay(ctx, ended)
}

// owed lists what a run owes once it is final with the outcome.
func (o *Orchestrator) owed(r run.Run, outcome run.Outcome) []run.Effect {
	owed := owedBy(r, outcome)
	if s := o.jobs[r.Job].Trigger.Schedule; s != nil && s.PauseOnFailure > 0 && r.Trigger == run.BySchedule && !r.Unwanted() {
		owed = append(owed, run.OwesTally)
	}
	return owed
}

// owedBy lists what a run owes once it is final with the outcome: an event always, a mail when it has failed. Of a batch
// the objects that have failed are told of, each by its own run.
func owedBy(r run.Run, outcome run.Outcome) []run.Effect {
	if outcome.Succeeded() || r.Unwanted() || r.Objects != nil {
		return []run.Effect{run.OwesEvent}
	}
	return []run.Effect{run.OwesMail, run.OwesEvent}
}
