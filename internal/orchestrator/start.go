package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"slipway/internal/launch"
	"slipway/internal/run"
)

// maxRounds bounds how often a group is written anew after conflicts. Each round drops a run or takes fewer slots, so
// more are hardly ever needed.
const maxRounds = 8

// errContended says that others kept changing what was to be claimed; nothing is stored, and it may be tried again.
var errContended = errors.New("others keep changing the same runs")

// start claims and launches a group of runs of one job, stores those that have no room, and ends those that can never
// be launched as they are.
func (o *Orchestrator) start(ctx context.Context, job string, items []item) []Admission {
	g := newGroup(o.jobs[job], items)
	decide, err := o.decider(ctx, g)
	if err != nil {
		return g.all(Unknown, err)
	}
	claimed, err := o.claim(ctx, g, decide)
	if err != nil {
		return g.all(Unknown, fmt.Errorf("claim runs of job %s: %w", job, err))
	}
	each(len(g.refused), func(i int) {
		result, err := o.refuse(ctx, g.refused[i])
		g.set(g.refused[i].run.ID, result, err)
	})
	each(len(claimed), func(i int) { g.set(claimed[i].ID, o.launch(ctx, claimed[i]), nil) })
	if g.job.Concurrency.WhenFull == run.WhenFullReplace && len(g.holders) > 0 {
		if err := o.makeRoom(ctx, g); err != nil {
			o.log.WarnContext(ctx, "no room was made", "job", job, "error", err) // a tick tries again
		}
	}
	return g.all(Queued, nil)
}

// decider returns the launch decision as a function of the run. It fails only when what the decision needs cannot be
// read now; a definition that can never be used is the decider's answer for each run. For runs that are only to be stored
// nothing is read.
func (o *Orchestrator) decider(ctx context.Context, g *group) (decider, error) {
	if !slices.ContainsFunc(g.items, func(it item) bool { return !it.store }) {
		return func(run.Run) (run.Decision, error) { return run.Decision{}, nil }, nil
	}
	members, err := o.membersOf(ctx, g.items)
	if err != nil {
		return nil, err
	}
	d, err := o.tasks.Definition(ctx, g.job.Task.Definition)
	if err == nil {
		in := launch.Input{Stack: o.stack, Job: g.job, Definition: d, Bucket: o.bucket, Trace: o.trace(ctx)}
		return func(r run.Run) (run.Decision, error) {
			in := in
			in.Run, in.Members = r, members[r.ID]
			if r.Objects != nil && len(in.Members) == 0 {
				return run.Decision{}, errNothingLeft
			}
			return launch.Decide(in)
		}, nil
	}
	err = fmt.Errorf("read the task definition of job %s: %w", g.job.Name, err)
	if run.Retryable(err) {
		return nil, err
	}
	return func(run.Run) (run.Decision, error) { return run.Decision{}, err }, nil
}

// errNothingLeft says that every object of a batch has ended already.
var errNothingLeft = run.Never("nothing-left", errors.New("every object of the batch has ended already"))

// refuse ends a run that can never be launched as it is. A new run is stored as it ends.
func (o *Orchestrator) refuse(ctx context.Context, r refusal) (Result, error) {
	if errors.Is(r.why, errNothingLeft) {
		_, _, err := o.change(ctx, r.run, func(current run.Run) (run.Run, error) {
			if current.State != run.Queued {
				return current, errUnchanged
			}
			return current.Skip(r.why.Error(), o.now(), run.OwesEvent)
		})
		return Ended, err
	}
	ended, err := o.end(ctx, r.run, startFailed(run.ReasonOf(r.why), r.why.Error()))
	switch {
	case ended:
		return Ended, nil // what it owes and could not be done, a tick does
	case err != nil:
		return Unknown, err
	}
	return Duplicate, nil // somebody has launched it, or is about to
}

// claim writes the claims of a group, as many as there is room for, and returns the runs that are now ours to launch.
// Items that stay queued are stored and left to the tick.
func (o *Orchestrator) claim(ctx context.Context, g *group, decide decider) ([]run.Run, error) {
	for range maxRounds {
		d := g.draft(o.write(g.job.Name), o.now(), decide)
		if len(d.write.Changes) == 0 {
			return nil, nil
		}
		err := o.ledger.Write(ctx, d.write)
		if err == nil {
			o.skipped(ctx, g, stored(d.skipped))
			return stored(d.claimed), nil
		}
		var c *run.Conflict
		if !errors.As(err, &c) {
			return nil, err
		}
		g.resolve(c, o.now())
	}
	return nil, errContended
}

// skipped reports runs that have ended without a launch, and does what they owe.
func (o *Orchestrator) skipped(ctx context.Context, g *group, runs []run.Run) {
	each(len(runs), func(i int) {
		r := runs[i]
		g.set(r.ID, Skipped, nil)
		o.log.InfoContext(ctx, "run skipped", "run", r.ID, "job", r.Job, "why", r.History[len(r.History)-1].Why)
		if err := o.pay(ctx, r); err != nil {
			o.log.WarnContext(ctx, "skipped run not told of", "run", r.ID, "error", err) // a tick does
		}
	})
}

// stored are the runs as the ledger has them after a write.
func stored(runs []run.Run) []run.Run {
	for i := range runs {
		runs[i].Revision++
	}
	return runs
}

// launch calls ECS for a claimed run until something is certain, and records it.
func (o *Orchestrator) launch(ctx context.Context, r run.Run) Result {
	if err := o.putManifest(ctx, r); err != nil {
		o.log.WarnContext(ctx, "list of objects not stored", "run", r.ID, "error", err)
		return Claimed // reconcile goes on with it
	}
	for try := 1; ; try++ {
		v := o.ask(ctx, r)
		o.log.InfoContext(ctx, "launch answered", "run", r.ID, "attempt", r.Attempt, "launch", r.Launch,
			"capacity", r.Decision.Capacity, "action", v.Action, "reason", v.Reason)
		if try < tries[v.Action] && timeLeft(ctx) {
			continue
		}
		return o.act(ctx, r, v)
	}
}

// tries is how often one invocation asks with the same token, by what it was answered; the pace keeps the tries apart.
// A throttled call costs nothing but time, and giving up on it would take a new claim.
var tries = map[launch.Action]int{launch.Repeat: 3, launch.Throttled: 20}

func (o *Orchestrator) ask(ctx context.Context, r run.Run) launch.Verdict {
	if err := o.pace.Wait(ctx, o.now()); err != nil {
		return launch.Verdict{Action: launch.Repeat, Reason: "out-of-time"}
	}
	v := launch.Judge(o.tasks.Run(ctx, launch.Request(o.stack, r)))
	o.pace.Told(v.Action == launch.Throttled)
	return v
}

// act records what a verdict means for the run.
func (o *Orchestrator) act(ctx context.Context, r run.Run, v launch.Verdict) Result {
	now := o.now()
	switch v.Action {
	case launch.Accepted:
		return o.accept(ctx, r, v.Task, now)
	case launch.NextUp:
		return o.nextCapacity(ctx, r, v, now)
	case launch.Later, launch.Throttled:
		next, err := r.Refuse(v.Reason, r.Place, run.RelaunchAt(r, now), now)
		return o.record(ctx, r, next, err, Queued)
	case launch.Give:
		if ended, err := o.end(ctx, r, startFailed(v.Reason, v.Detail)); !ended {
			o.log.WarnContext(ctx, "refusal not recorded", "run", r.ID, "error", err)
			return Claimed
		}
		return Ended
	}
	return Claimed // Repeat and Look: nobody knows; reconcile finds out
}

func (o *Orchestrator) accept(ctx context.Context, r run.Run, t run.Task, now time.Time) Result {
	if t.LastStatus == run.StatusStopped {
		// A replayed answer tells of a task that has ended, but not how: reconcile describes it.
		t.LastStatus = ""
	}
	_, _, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		if r.TaskARN == t.ARN {
			return r, errUnchanged // its event came first
		}
		return r.Accept(t, now)
	})
	if err != nil {
		o.log.WarnContext(ctx, "accepted task not recorded", "run", r.ID, "task", t.ARN, "error", err)
		return Claimed
	}
	return Started
}

// nextCapacity goes to the next place of the capacity order at once, and after the last one begins again later.
func (o *Orchestrator) nextCapacity(ctx context.Context, r run.Run, v launch.Verdict, now time.Time) Result {
	place, wrapped := launch.NextPlace(o.jobs[r.Job], r.Place, v.Zonal)
	at := now
	if wrapped {
		at = run.RelaunchAt(r, now)
	}
	next, err := r.Refuse(v.Reason, place, at, now)
	result := o.record(ctx, r, next, err, Queued)
	if wrapped || result != Queued || !timeLeft(ctx) {
		return result
	}
	next.Revision = r.Revision + 1
	for _, a := range o.start(ctx, r.Job, []item{{run: next}}) {
		return a.Result
	}
	return result
}

// record stores the next value of a run. When that cannot be done the run stays claimed, and a tick goes on from what
// ECS says.
func (o *Orchestrator) record(ctx context.Context, from, to run.Run, impossible error, done Result) Result {
	if impossible != nil {
		o.log.WarnContext(ctx, "transition not possible", "run", from.ID, "error", impossible)
		return Claimed
	}
	if err := o.save(ctx, from, to); err != nil {
		o.log.WarnContext(ctx, "refused launch not recorded", "run", from.ID, "error", err)
		return Claimed
	}
	return done
}

// startFailed is the outcome of a run that never had a task.
func startFailed(reason, detail string) run.Outcome {
	return run.Outcome{
		Class: "start-failed", Severity: "error", Reason: reason,
		Summary: "ECS did not start a task for this run: " + detail,
		Remedy:  "Correct what the reason names, then start the run again.",
	}
}
