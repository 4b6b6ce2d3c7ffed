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
	// Waiting counts by job the runs that are due and have no room or no capacity, run.MaxWrite of each job at most. A
	// job without any is not in it.
	Waiting map[string]int `json:"waiting,omitempty"`
}

// Tick admits the scheduled times that are due, launches what is queued, and looks after runs that nothing was heard
// of. It is called each minute; called twice, late, or by two at once it changes nothing more. A part that fails does
// not keep the others from their work. What is due is stored before anything is launched, because launches are paced:
// however many jobs are due at once, each has its run.
func (o *Orchestrator) Tick(ctx context.Context) (Report, error) {
	var report Report
	states, err := o.jobStates(ctx)
	if err != nil {
		return report, err
	}
	admitted, err := o.admitDue(ctx, states, o.now(), &report)
	problems := []error{err}
	n, err := o.reconcile(ctx)
	report.Reconciled = n
	problems = append(problems, err)
	o.startJobs(ctx, admitted) // those that fail are queued: below, or in a minute
	names := o.order
	for name := range states {
		if _, configured := o.jobs[name]; !configured {
			names = append(names[:len(names):len(names)], name) // its runs end at their launch deadline
		}
	}
	errs := make([]error, len(names))
	waiting := make([]int, len(names))
	each(len(names), func(i int) { waiting[i], errs[i] = o.launchQueued(ctx, names[i]) })
	for i, name := range names {
		if waiting[i] > 0 {
			if report.Waiting == nil {
				report.Waiting = map[string]int{}
			}
			report.Waiting[name] = waiting[i]
		}
	}
	return report, errors.Join(append(problems, errs...)...)
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
		s, err := o.changeJob(ctx, name, func(s *run.JobState) bool {
			fresh := s.FirstSeen.IsZero()
			if fresh {
				s.FirstSeen = o.now()
			}
			return fresh
		})
		if err != nil {
			return nil, err
		}
		states[name] = s
	}
	return states, nil
}

// changeJob applies f to a job's state and stores it when f says that it has changed. When another one has stored it
// meanwhile, f is applied to what is stored instead.
func (o *Orchestrator) changeJob(ctx context.Context, name string, f func(*run.JobState) bool) (run.JobState, error) {
	for range maxChanges {
		s, err := o.ledger.Job(ctx, name)
		if err != nil {
			return s, fmt.Errorf("read job %s: %w", name, err)
		}
		if !f(&s) {
			return s, nil
		}
		err = o.ledger.SaveJob(ctx, s)
		if err == nil {
			s.Revision++
			return s, nil
		}
		var c *run.Conflict
		if !errors.As(err, &c) {
			return s, fmt.Errorf("store job %s: %w", name, err)
		}
	}
	return run.JobState{}, fmt.Errorf("store job %s: %w", name, errContended)
}

// admitDue stores the scheduled times of every job that is due, and returns the runs by job.
func (o *Orchestrator) admitDue(ctx context.Context, states map[string]run.JobState, now time.Time, report *Report) (map[string][]item, error) {
	type part struct {
		job    string
		stored []item
		report Report
		err    error
	}
	var parts []part
	for _, name := range o.order {
		if o.jobs[name].Trigger.Schedule != nil && !states[name].Paused {
			parts = append(parts, part{job: name})
		}
	}
	each(len(parts), func(i int) {
		p := &parts[i]
		p.stored, p.err = o.admitJob(ctx, o.jobs[p.job], states[p.job], now, &p.report)
	})
	admitted := map[string][]item{}
	var problems []error
	for _, p := range parts {
		report.Admitted += p.report.Admitted
		report.Missed += p.report.Missed
		if len(p.stored) > 0 {
			admitted[p.job] = p.stored
		}
		problems = append(problems, p.err)
	}
	return admitted, errors.Join(problems...)
}

// admitJob stores what is due of one job, a part at a time after a long outage.
func (o *Orchestrator) admitJob(ctx context.Context, j run.Job, s run.JobState, now time.Time, report *Report) ([]item, error) {
	var stored []item
	for {
		due, err := schedule.Due(*j.Trigger.Schedule, s.FirstSeen, s.LastScheduled, now)
		if err != nil {
			return stored, fmt.Errorf("evaluate the schedule of job %s: %w", j.Name, err)
		}
		items, err := o.admitTimes(ctx, j, due.Times)
		stored = append(stored, items...)
		if err != nil {
			return stored, err
		}
		report.Admitted += len(due.Times)
		report.Missed += due.Missed
		if !due.Last.After(s.LastScheduled) {
			return stored, nil
		}
		s, err = o.changeJob(ctx, j.Name, func(s *run.JobState) bool {
			later := due.Last.After(s.LastScheduled)
			if later {
				s.LastScheduled = due.Last
			}
			return later
		})
		if err != nil || s.Paused || !due.More || !timeLeft(ctx) {
			return stored, err
		}
	}
}

// admitTimes stores the runs of scheduled times, and returns those that are new and due. Only when all are stored are the
// times recorded as decided on: a tick that is cut in between admits the same runs again, which is no second run.
func (o *Orchestrator) admitTimes(ctx context.Context, j run.Job, times []schedule.Time) ([]item, error) {
	wants := WantsOf(j, times)
	var stored []item
	for i, a := range o.admit(ctx, wants, false) {
		if a.Err != nil {
			return stored, fmt.Errorf("admit run %s: %w", a.ID, a.Err)
		}
		o.log.InfoContext(ctx, "scheduled time admitted", "run", a.ID, "job", j.Name, "result", a.Result)
		if r := o.newRun(a.ID, j, wants[i], o.now()); a.Result == Queued && !r.NotBefore.After(o.now()) {
			r.Revision = 1
			stored = append(stored, item{run: r})
		}
	}
	return stored, nil
}

// WantsOf are the runs that a job has at scheduled times: one for each, or trigger.count of them.
func WantsOf(j run.Job, times []schedule.Time) []Want {
	var wants []Want
	count := j.Trigger.Schedule.Count
	for _, t := range times {
		for index := range max(count, 1) {
			at, from := t.At, t.IntervalStart
			w := Want{Job: j.Name, Trigger: run.BySchedule, Input: run.Input{ScheduledTime: &at, IntervalStart: &from}}
			if count > 0 {
				w.Input.Index, w.Input.Count = index, count
			}
			id := run.ScheduledID(j.Name, at)
			if count > 0 {
				id = run.IndexedID(j.Name, at, index)
			}
			w.NotBefore = run.JitteredAt(id, at, j.Trigger.Schedule.Jitter)
			wants = append(wants, w)
		}
	}
	return wants
}
