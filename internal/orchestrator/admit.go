package orchestrator

import (
	"context"
	"fmt"
	"time"

	"slipway/internal/run"
)

// Want is one piece of work that a job asks for. Key tells runs started by hand apart.
type Want struct {
	Job       string
	Trigger   run.Trigger
	Input     run.Input
	Key       string
	NotBefore time.Time // it is not launched before; zero: at once
	At        time.Time // of the event that asks for it; zero: not known
}

// Result says what became of a want.
type Result string

// The results of admitting and launching.
const (
	Started   Result = "started"   // ECS has accepted a task
	Claimed   Result = "claimed"   // the launch is recorded, but ECS has not answered: reconcile goes on
	Queued    Result = "queued"    // admitted; waits for room or for its time
	Duplicate Result = "duplicate" // the run exists already and is claimed or final
	Skipped   Result = "skipped"   // the job does not want it: it has no room, or a newer version of the object came first
	Ended     Result = "ended"     // the run cannot be launched: it is final and owes its mail
	Unknown   Result = "unknown"   // nothing is known to be stored: Err says why
)

// Admission is what became of one want. Err is set only with Unknown; run.Retryable(Err) says whether the same want
// may succeed when it is sent again.
type Admission struct {
	ID     run.ID
	Job    string
	Result Result
	Err    error
}

// Admit turns wants into runs, each at most once however often it is asked for, and launches those that have room.
// The admissions come in the order of the wants. A want that was stored is safe: whatever happens afterwards, a tick
// brings it to an end.
func (o *Orchestrator) Admit(ctx context.Context, wants []Want) []Admission {
	return o.admit(ctx, wants, o.tasks != nil)
}

// admit is Admit; without launch it only stores what it admits.
func (o *Orchestrator) admit(ctx context.Context, wants []Want, launch bool) []Admission {
	out := make([]Admission, len(wants))
	at := map[run.ID][]int{}     // the positions of equal wants
	byJob := map[string][]item{} // each run once
	now := o.now()
	for i, w := range wants {
		job, ok := o.jobs[w.Job]
		if !ok {
			out[i] = Admission{Job: w.Job, Result: Unknown, Err: run.Never("unknown-job", fmt.Errorf("admit a run of job %q: there is no such job", w.Job))}
			continue
		}
		id := o.identify(w)
		if at[id] = append(at[id], i); len(at[id]) == 1 {
			byJob[w.Job] = append(byJob[w.Job], item{run: o.newRun(id, job, w, now), store: !launch})
		}
	}
	for _, admission := range o.begin(ctx, byJob) {
		for n, i := range at[admission.ID] {
			out[i] = admission
			if n > 0 && admission.Err == nil {
				out[i].Result = Duplicate
			}
		}
	}
	return out
}

func (o *Orchestrator) newRun(id run.ID, job run.Job, w Want, now time.Time) run.Run {
	r := run.New(id, job, w.Trigger, w.Input, now)
	r.EventAt = w.At
	if w.NotBefore.After(now) {
		r.NotBefore, r.LaunchDeadline = w.NotBefore, job.LaunchDeadline(w.NotBefore)
	}
	return r
}

func (o *Orchestrator) identify(w Want) run.ID {
	switch {
	case w.Input.Object != nil:
		return run.ObjectID(o.stack, w.Job, *w.Input.Object)
	case w.Input.ScheduledTime != nil:
		if w.Input.Count > 0 {
			return run.IndexedID(w.Job, *w.Input.ScheduledTime, w.Input.Index)
		}
		return run.ScheduledID(w.Job, *w.Input.ScheduledTime)
	}
	return run.ManualID(o.stack, w.Job, w.Key)
}

// begin starts new runs, or gathers them where the job wants batches.
func (o *Orchestrator) begin(ctx context.Context, byJob map[string][]item) []Admission {
	var out []Admission
	for _, name := range o.order {
		if items := byJob[name]; o.jobs[name].Batch != nil && len(items) > 0 {
			objects, others := divide(items)
			byJob[name] = others
			out = append(out, o.gather(ctx, o.jobs[name], objects)...)
		}
	}
	return append(out, o.startJobs(ctx, byJob)...)
}

// divide tells the runs of objects from the others.
func divide(items []item) (objects, others []item) {
	for _, it := range items {
		if it.run.Input.Object != nil {
			objects = append(objects, it)
		} else {
			others = append(others, it)
		}
	}
	return objects, others
}

// startJobs starts the runs of several jobs at once.
func (o *Orchestrator) startJobs(ctx context.Context, byJob map[string][]item) []Admission {
	type group struct {
		job   string
		items []item
	}
	var groups []group
	for _, job := range o.order {
		items := byJob[job]
		for size := o.groupSize(job, items); len(items) > 0; {
			n := min(size, len(items))
			groups = append(groups, group{job, items[:n]})
			items = items[n:]
		}
	}
	results := make([][]Admission, len(groups))
	each(len(groups), func(i int) { results[i] = o.start(ctx, groups[i].job, groups[i].items) })
	var out []Admission
	for _, r := range results {
		out = append(out, r...)
	}
	return out
}

// groupSize is how many runs share one write: jobs without a maximum have no counter to share, so each run goes by
// itself, in one call. Each run of a job with latestOnly is two items.
func (o *Orchestrator) groupSize(job string, items []item) int {
	switch j := o.jobs[job]; {
	case j.Concurrency.Max == 0 && len(items) > 0 && !items[0].store:
		return 1
	case j.LatestOnly:
		return run.MaxWrite / 2
	}
	return run.MaxWrite
}

// LaunchQueued launches the queued runs of a job that are due, as far as there is room and time. It reads no more of them than
// there is room for: a slot that is given back must not have a long queue read and refused.
func (o *Orchestrator) LaunchQueued(ctx context.Context, job string) error {
	for timeLeft(ctx) {
		room := o.room(ctx, job)
		if room == 0 {
			return nil // whoever gives a slot back comes again
		}
		queued, err := o.queued(ctx, job, room)
		if moved := o.launchSome(ctx, job, queued, room); err != nil || moved == 0 || len(queued) < room {
			return err
		}
	}
	return nil
}

// launchQueued is LaunchQueued, and says how many of the last runs that it has read still wait: run.MaxWrite at most.
func (o *Orchestrator) launchQueued(ctx context.Context, job string) (waiting int, err error) {
	for timeLeft(ctx) {
		queued, err := o.queued(ctx, job, run.MaxWrite)
		room := len(queued)
		if room > 1 {
			room = o.room(ctx, job)
		}
		moved := o.launchSome(ctx, job, queued, room)
		waiting = len(queued) - moved
		if err != nil || moved == 0 || len(queued) < run.MaxWrite {
			return waiting, err
		}
	}
	return waiting, nil
}

func (o *Orchestrator) queued(ctx context.Context, job string, limit int) ([]run.Run, error) {
	queued, err := o.ledger.Queued(ctx, job, o.now(), limit)
	if err != nil {
		err = fmt.Errorf("read the queued runs of job %s: %w", job, err)
	}
	return queued, err
}

// room is how many queued runs of a job may be claimed at once: run.MaxWrite at most, and no more than concurrency.max leaves.
// A write that asks for more is refused as a whole, and DynamoDB bills it. It is a hint, which the write decides on. Where
// a full job does more than wait, the write tells of it, and nothing is read before.
func (o *Orchestrator) room(ctx context.Context, job string) int {
	j := o.jobs[job]
	if j.Concurrency.Max == 0 || j.LatestOnly || j.Concurrency.WhenFull == run.WhenFullSkip || j.Concurrency.WhenFull == run.WhenFullReplace {
		return run.MaxWrite
	}
	s, err := o.ledger.Job(ctx, job)
	if err != nil {
		o.log.WarnContext(ctx, "room not read", "job", job, "error", err)
		return run.MaxWrite
	}
	return min(max(j.Concurrency.Max-s.Active, 0), run.MaxWrite)
}

// launchSome launches queued runs, as many as there is room for, and returns how many left the queue.
func (o *Orchestrator) launchSome(ctx context.Context, job string, queued []run.Run, room int) int {
	now, moved := o.now(), 0
	var items []item
	for _, r := range queued {
		switch _, known := o.jobs[job]; {
		case r.LaunchExpired(now):
			moved += o.giveUp(ctx, r)
		case known:
			items = append(items, item{run: r, hold: len(items) >= room})
		}
	}
	for _, a := range o.startJobs(ctx, map[string][]item{job: items}) {
		if a.Result == Started || a.Result == Claimed || a.Result == Ended || a.Result == Skipped {
			moved++
		}
	}
	return moved
}

// giveUp ends a queued run whose startWithin has passed.
func (o *Orchestrator) giveUp(ctx context.Context, r run.Run) int {
	why := "it was not launched within " + r.LaunchDeadline.Sub(r.AdmittedAt).String()
	if _, known := o.jobs[r.Job]; !known {
		why += "; its job " + r.Job + " is no longer configured"
	}
	ended, err := o.end(ctx, r, startFailed("launch-deadline", why+lastWhy(r)))
	if err != nil {
		o.log.WarnContext(ctx, "launch deadline not recorded, or not told of", "run", r.ID, "error", err)
	}
	if ended {
		return 1
	}
	return 0
}

// lastWhy tells what the newest launch met, for a person.
func lastWhy(r run.Run) string {
	if len(r.History) == 0 || r.Launch < 2 {
		return ""
	}
	return "; the last launch met: " + r.History[len(r.History)-1].Why
}
