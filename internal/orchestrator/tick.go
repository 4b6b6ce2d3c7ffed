package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slipway/internal/run"
	"slipway/internal/schedule"
)

// Report counts what a tick did.
type Report struct {
	Admitted   int `json:"admitted"`   // scheduled times admitted as runs
	Missed     int `json:"missed"`     // scheduled times given up by catchUp
	Reconciled int `json:"reconciled"` // runs looked at
}

// Tick admits the scheduled times that are due, launches what is queued, and looks after runs that nothing was heard
// of. It is called each minute; called twice, late, or by two at once it changes nothing more. A part that fails does
// not keep the others from their work.
func (o *Orchestrator) Tick(ctx context.Context) (Report, error) {
	var report Report
	states, err := o.jobStates(ctx)
	if err != nil {
		return report, err
	}
	now := o.now()
	problems := []error{o.admitDue(ctx, states, now, &report)}
	names := o.order
	for name := range states {
		if _, configured := o.jobs[name]; !configured {
			names = append(names[:len(names):len(names)], name) // its runs end at their launch deadline
		}
	}
	for _, name := range names {
		problems = append(problems, o.LaunchQueued(ctx, name))
	}
	n, err := o.reconcile(ctx)
	report.Reconciled = n
	return report, errors.Join(append(problems, err)...)
}

// jobStates reads what the ledger keeps of each job, and adds the jobs that it does not know yet.
func (o *Orchestrator) jobStates(ctx context.Context) (map[string]run.JobState, error) {
	list, err := o.ledger.Jobs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the jobs: %w", err)
	}
	states := map[string]run.JobState{}
	for _, s := range list {
		states[s.Name] = s
	}
	for _, name := range o.order {
		if s, ok := states[name]; ok && !s.FirstSeen.IsZero() {
			continue
		}
		s := states[name]
		s.Name, s.FirstSeen = name, o.now()
		if err := o.saveJob(ctx, &s); err != nil {
			return nil, err
		}
		states[name] = s
	}
	return states, nil
}

// saveJob stores a job's state. One who stored it before has seen the same time; nothing is lost.
func (o *Orchestrator) saveJob(ctx context.Context, s *run.JobState) error {
	err := o.ledger.SaveJob(ctx, *s)
	var c *run.Conflict
	if err == nil || errors.As(err, &c) {
		s.Revision++
		return nil
	}
	return fmt.Errorf("store job %s: %w", s.Name, err)
}

// admitDue admits the scheduled times of every job that is due.
func (o *Orchestrator) admitDue(ctx context.Context, states map[string]run.JobState, now time.Time, report *Report) error {
	var problems []error
	for _, name := range o.order {
		job := o.jobs[name]
		if job.Trigger.Schedule == nil || states[name].Paused {
			continue
		}
		problems = append(problems, o.admitJob(ctx, job, states[name], now, report))
	}
	return errors.Join(problems...)
}

// admitJob admits what is due of one job, a part at a time after a long outage.
func (o *Orchestrator) admitJob(ctx context.Context, j run.Job, s run.JobState, now time.Time, report *Report) error {
	for {
		due, err := schedule.Due(*j.Trigger.Schedule, s.FirstSeen, s.LastScheduled, now)
		if err != nil {
			return fmt.Errorf("evaluate the schedule of job %s: %w", j.Name, err)
		}
		if err := o.admitTimes(ctx, j, due.Times); err != nil {
			return err
		}
		report.Admitted += len(due.Times)
		report.Missed += due.Missed
		if !due.Last.After(s.LastScheduled) {
			return nil
		}
		s.LastScheduled = due.Last
		if err := o.saveJob(ctx, &s); err != nil || !due.More || !timeLeft(ctx) {
			return err
		}
	}
}

// admitTimes admits scheduled times. Only when all are stored are they recorded as decided on: a tick that is cut in
// between admits the same runs again, which is no second run.
func (o *Orchestrator) admitTimes(ctx context.Context, j run.Job, times []schedule.Time) error {
	var wants []Want
	for _, t := range times {
		at, from := t.At, t.IntervalStart
		wants = append(wants, Want{Job: j.Name, Trigger: run.BySchedule, Input: run.Input{ScheduledTime: &at, IntervalStart: &from}})
	}
	for _, a := range o.Admit(ctx, wants) {
		if a.Err != nil {
			return fmt.Errorf("admit run %s: %w", a.ID, a.Err)
		}
		o.log.InfoContext(ctx, "scheduled time admitted", "run", a.ID, "job", j.Name, "result", a.Result)
	}
	return nil
}
