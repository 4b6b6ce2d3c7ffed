package orchestrator

import (
	"context"
	"errors"
	"fmt"

	"slipway/internal/run"
)

// pay does what a run owes and removes what was done. What could not be done stays owed, for the next delivery of the
// event or the next tick; the error says why.
func (o *Orchestrator) pay(ctx context.Context, r run.Run) error {
	var done []run.Effect
	var problems []error
	for _, e := range r.Owed {
		if o.effects == nil && e != run.OwesMembers && e != run.OwesTally {
			continue // another function's
		}
		if err := o.payOne(ctx, r, e); err != nil {
			problems = append(problems, fmt.Errorf("%s of run %s: %w", e, r.ID, err))
			continue
		}
		done = append(done, e)
	}
	if len(done) == 0 {
		return errors.Join(problems...)
	}
	_, _, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		next := r.Paid(done...)
		if len(next.Owed) == len(r.Owed) {
			return r, errUnchanged
		}
		return next, nil
	})
	return errors.Join(append(problems, err)...)
}

// payLate pays for a run that somebody else has settled, once that one has had the time to do it. The run is taken
// first, so that of several who find it only one pays.
func (o *Orchestrator) payLate(ctx context.Context, r run.Run) error {
	now := o.now()
	if o.effects == nil || len(r.Owed) == 0 || r.Due().After(now) {
		return nil
	}
	taken := r.Check(false, now)
	err := o.save(ctx, r, taken)
	var c *run.Conflict
	if errors.As(err, &c) {
		return nil
	}
	if err != nil {
		return err
	}
	taken.Revision = r.Revision + 1
	return o.pay(ctx, taken)
}

func (o *Orchestrator) payOne(ctx context.Context, r run.Run, e run.Effect) error {
	switch e {
	case run.OwesTally:
		return o.tally(ctx, r)
	case run.OwesMembers:
		return o.endMembers(ctx, r)
	case run.OwesEvent:
		return errors.Join(o.effects.Publish(ctx, r, e), o.wentWell(ctx, r))
	case run.OwesStarted, run.OwesRetrying:
		return o.effects.Publish(ctx, r, e)
	case run.OwesMail:
		return o.recordRun(ctx, r)
	case run.OwesNudge:
		return o.effects.Nudge(ctx, r.Job)
	}
	return run.Never("unknown-effect", fmt.Errorf("do %q: this release does not know it", e))
}

// tally counts how a scheduled run has ended, and pauses its job when too many in a row have failed.
func (o *Orchestrator) tally(ctx context.Context, r run.Run) error {
	schedule := o.jobs[r.Job].Trigger.Schedule
	if schedule == nil || schedule.PauseOnFailure == 0 {
		return nil // the job has changed meanwhile
	}
	s, err := o.changeJob(ctx, r.Job, func(s *run.JobState) bool { return s.Tally(r, schedule.PauseOnFailure, o.now()) })
	if err == nil && s.Paused {
		o.log.WarnContext(ctx, "job is paused", "job", r.Job, "why", s.PausedWhy)
	}
	return err
}

// flushBatch is how many runs or incidents one flush looks at. Active runs that reconcile is due to look at stand in
// the same list, so it is as long as a reconcile's.
const flushBatch = reconcileBatch

// Flush does what runs and incidents still owe after whoever settled them did not, and what time alone brings: digests,
// jobs that are late, dead letters. It is called each minute.
func (o *Orchestrator) Flush(ctx context.Context) error {
	runs, err := o.ledger.Watched(ctx, o.now(), flushBatch)
	problems := make([]error, len(runs), len(runs)+2)
	each(len(runs), func(i int) { problems[i] = o.payLate(ctx, runs[i]) })
	if err != nil {
		problems = append(problems, fmt.Errorf("read what is owed: %w", err))
	}
	return errors.Join(append(problems, o.flushIncidents(ctx))...)
}
