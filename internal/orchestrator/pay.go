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
		return o.effects.Publish(ctx, r)
	case run.OwesMail:
		return o.effects.MailRun(ctx, r)
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

func (o *Orchestrator) payIncident(ctx context.Context, i run.Incident) error {
	if o.effects == nil || len(i.Owed) == 0 {
		return nil
	}
	if err := o.effects.MailIncident(ctx, i); err != nil {
		return fmt.Errorf("mail of incident %s: %w", i.Key, err)
	}
	i.Owed = nil
	if err := o.ledger.SaveIncident(ctx, i); err != nil {
		return fmt.Errorf("store incident %s: %w", i.Key, err)
	}
	return nil
}

// flushBatch is how many runs or incidents one flush looks at. Active runs that reconcile is due to look at stand in
// the same list, so it is as long as a reconcile's.
const flushBatch = reconcileBatch

// Flush does what runs and incidents still owe after whoever settled them did not. It is called each minute.
func (o *Orchestrator) Flush(ctx context.Context) error {
	now := o.now()
	runs, err := o.ledger.Watched(ctx, now, flushBatch)
	incidents, incidentsErr := o.ledger.OwingIncidents(ctx, now.Add(-run.SettleWithin), flushBatch)
	problems := make([]error, len(runs)+len(incidents), len(runs)+len(incidents)+2)
	each(len(problems), func(i int) {
		if i < len(runs) {
			problems[i] = o.payLate(ctx, runs[i])
			return
		}
		problems[i] = o.payIncident(ctx, incidents[i-len(runs)])
	})
	for _, e := range []error{err, incidentsErr} {
		if e != nil {
			problems = append(problems, fmt.Errorf("read what is owed: %w", e))
		}
	}
	return errors.Join(problems...)
}
