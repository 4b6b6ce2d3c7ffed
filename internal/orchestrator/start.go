package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slipway/internal/launch"
	"slipway/internal/run"
)

// item is a run on its way to a claim: new (revision 0) or queued in the ledger.
type item struct {
	run  run.Run
	hold bool // there is no room: store it, but do not claim it
}

// maxRounds bounds how often a group is written anew after conflicts. Each round drops a run or takes fewer slots, so
// more are hardly ever needed.
const maxRounds = 8

// errContended says that others kept changing what was to be claimed; nothing is stored, and it may be tried again.
var errContended = errors.New("others keep changing the same runs")

// start claims and launches a group of runs of one job, stores those that have no room, and ends those that can never
// be launched as they are.
func (o *Orchestrator) start(ctx context.Context, job string, items []item) []Admission {
	g := newGroup(o.jobs[job], items)
	decide, err := o.decider(ctx, g.job)
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
	return g.all(Queued, nil)
}

// decider returns the launch decision as a function of the run. It fails only when the task definition cannot be read
// now; a definition that can never be used is the decider's answer for each run.
func (o *Orchestrator) decider(ctx context.Context, j run.Job) (decider, error) {
	d, err := o.tasks.Definition(ctx, j.Task.Definition)
	if err == nil {
		return func(r run.Run) (run.Decision, error) { return launch.Decide(launch.Input{Stack: o.stack, Job: j, Run: r, Definition: d}) }, nil
	}
	err = fmt.Errorf("read the task definition of job %s: %w", j.Name, err)
	if run.Retryable(err) {
		return nil, err
	}
	return func(run.Run) (run.Decision, error) { return run.Decision{}, err }, nil
}

// refuse ends a run that can never be launched as it is. A new run is stored as it ends.
func (o *Orchestrator) refuse(ctx context.Context, r refusal) (Result, error) {
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
		w, claimed := g.write(o.now(), decide)
		if len(w.Changes) == 0 {
			return nil, nil
		}
		err := o.ledger.Write(ctx, w)
		if err == nil {
			return stored(claimed), nil
		}
		var c *run.Conflict
		if !errors.As(err, &c) {
			return nil, err
		}
		g.resolve(c, o.now())
	}
	return nil, errContended
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
	for try := 1; ; try++ {
		v := o.ask(ctx, r)
		o.log.InfoContext(ctx, "launch answered", "run", r.ID, "attempt", r.Attempt, "launch", r.Launch,
			"capacity", r.Decision.Capacity, "action", v.Action, "reason", v.Reason)
		again := v.Action == launch.Repeat || v.Action == launch.Throttled
		if again && try < launchTries && timeLeft(ctx) {
			continue
		}
		return o.act(ctx, r, v)
	}
}

// launchTries is how often one invocation asks with the same token; the pace keeps the tries apart.
const launchTries = 3

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

// nextCapacity takes the next step of the capacity order at once, and after the last step begins again later.
func (o *Orchestrator) nextCapacity(ctx context.Context, r run.Run, v launch.Verdict, now time.Time) Result {
	step, wrapped := launch.NextPlace(o.jobs[r.Job], r.Place, v.Zonal)
	at := now
	if wrapped {
		at = run.RelaunchAt(r, now)
	}
	next, err := r.Refuse(v.Reason, step, at, now)
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
