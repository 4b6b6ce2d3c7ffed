package orchestrator

import (
	"context"
	"errors"
	"fmt"

	"slipway/internal/launch"
	"slipway/internal/run"
)

// maxJoins bounds how often one invocation tries to bring objects into a batch while others do the same. Each try that
// fails is another one's success.
const maxJoins = 100

// joiners is how many objects join a batch in one write, beside the batch and the job.
const joiners = run.MaxWrite - 1

// gather lets objects join the open batch of their job, each once, opens a new one where there is none, and launches
// those that are full. A batch that is not full is launched by a tick once its wait is over.
func (o *Orchestrator) gather(ctx context.Context, job run.Job, items []item) []Admission {
	g := newGroup(job, items)
	var waiting, full []run.Run
	for _, it := range items {
		waiting = append(waiting, it.run)
	}
	var err error
	for try := 0; len(waiting) > 0 && err == nil; try++ {
		if try == maxJoins || ctx.Err() != nil {
			err = errors.Join(errContended, ctx.Err())
			break
		}
		var batch *run.Run
		waiting, batch, err = o.join(ctx, g, waiting)
		if batch != nil && batch.Objects.Sealed {
			full = append(full, *batch)
		}
	}
	for _, b := range full {
		o.launchBatch(ctx, g, b)
	}
	if err != nil {
		return g.all(Unknown, fmt.Errorf("gather objects of job %s: %w", job.Name, err))
	}
	return g.all(Queued, nil)
}

// join brings the first of the waiting runs into the open batch, or into a new one, in one write. It returns those that
// still wait, and the batch as it is stored now; nil when others were faster.
func (o *Orchestrator) join(ctx context.Context, g *group, waiting []run.Run) ([]run.Run, *run.Run, error) {
	now := o.now()
	open, was, err := o.openBatch(ctx, g.job.Name)
	if err != nil {
		return waiting, nil, err
	}
	w := o.write(g.job.Name)
	if open == nil {
		b := run.NewBatch(o.stack, g.job, waiting[0], now)
		open, w.Gathers = &b, &run.Gathers{Was: was, Is: b.ID}
	}
	next, joined, err := open.Join(*g.job.Batch, waiting, joiners, now)
	if err != nil {
		return waiting, nil, err
	}
	w.Changes = []run.Change{run.ChangeOf(*open, next)}
	for _, m := range joined {
		w.Changes = append(w.Changes, run.Change{Run: m})
	}
	err = o.ledger.Write(ctx, w)
	var c *run.Conflict
	switch {
	case errors.As(err, &c):
		return withoutKnown(g, waiting, c), nil, nil
	case err != nil:
		return waiting, nil, err
	}
	for _, m := range joined {
		g.set(m.ID, Queued, nil)
	}
	next.Revision = open.Revision + 1
	return waiting[len(joined):], &next, nil
}

// withoutKnown are the waiting runs without those that are stored already.
func withoutKnown(g *group, waiting []run.Run, c *run.Conflict) []run.Run {
	var rest []run.Run
	for _, r := range waiting {
		if _, known := c.Current[r.ID]; known {
			g.set(r.ID, Duplicate, nil)
			continue
		}
		rest = append(rest, r)
	}
	return rest
}

// openBatch is the batch that objects of the job join, or nil; and what the job's pointer says.
func (o *Orchestrator) openBatch(ctx context.Context, job string) (*run.Run, run.ID, error) {
	id, err := o.ledger.Gathering(ctx, job)
	if err != nil || id == "" {
		return nil, id, err
	}
	r, err := o.ledger.Run(ctx, id)
	if errors.Is(err, run.ErrNotFound) { // long ended, and forgotten
		return nil, id, nil
	}
	if err != nil || !r.Unsealed() {
		return nil, id, err
	}
	return &r, id, nil
}

// launchBatch launches a full batch, and tells of its members what became of it.
func (o *Orchestrator) launchBatch(ctx context.Context, g *group, b run.Run) {
	if o.tasks == nil {
		return
	}
	for _, a := range o.start(ctx, g.job.Name, []item{{run: b}}) {
		if a.Result != Started && a.Result != Claimed {
			continue
		}
		for _, id := range b.Objects.Members {
			if known, ours := g.known[id]; ours && known.Result == Queued {
				g.set(id, a.Result, nil)
			}
		}
	}
}

// membersOf are the runs of the objects of each batch among the items that are not final.
func (o *Orchestrator) membersOf(ctx context.Context, items []item) (map[run.ID][]run.Run, error) {
	out := map[run.ID][]run.Run{}
	for _, it := range items {
		if it.run.Objects == nil {
			continue
		}
		members, err := o.members(ctx, it.run)
		if err != nil {
			return nil, err
		}
		out[it.run.ID] = open(members)
	}
	return out, nil
}

// members are the runs of the objects of a batch.
func (o *Orchestrator) members(ctx context.Context, b run.Run) ([]run.Run, error) {
	members, err := o.ledger.Runs(ctx, b.Objects.Members)
	if err != nil {
		return nil, fmt.Errorf("read the objects of batch %s: %w", b.ID, err)
	}
	return members, nil
}

// open are the runs that are not final.
func open(runs []run.Run) []run.Run {
	var out []run.Run
	for _, r := range runs {
		if !r.State.Final() {
			out = append(out, r)
		}
	}
	return out
}

// putManifest stores the list of a claimed batch's objects where its container looks for it. No member changes while
// its batch is claimed, so the list is the same each time.
func (o *Orchestrator) putManifest(ctx context.Context, r run.Run) error {
	if r.Decision.ManifestURL == "" {
		return nil
	}
	members, err := o.members(ctx, r)
	if err != nil {
		return err
	}
	list := launch.Manifest(r, open(members), r.Decision.ReportURL)
	return o.files.Put(ctx, r.Decision.ManifestURL, "application/json", list)
}

// reported is what the container of a batch has said of its objects. Nothing, when it has said nothing or something of
// no use: what it has not named is tried again, or split.
func (o *Orchestrator) reported(ctx context.Context, r run.Run) ([]run.Result, error) {
	if o.files == nil || r.Decision == nil || r.Decision.ReportURL == "" {
		return nil, nil
	}
	text, err := o.files.Get(ctx, r.Decision.ReportURL, launch.MaxReport)
	switch {
	case errors.Is(err, run.ErrNotFound):
		return nil, nil
	case err != nil && run.Retryable(err):
		return nil, fmt.Errorf("read the report of batch %s: %w", r.ID, err)
	}
	results, parseErr := launch.ParseReport(text)
	if err := errors.Join(err, parseErr); err != nil {
		o.log.WarnContext(ctx, "report of no use", "run", r.ID, "report", r.Decision.ReportURL, "error", err)
		return nil, nil
	}
	return results, nil
}

// remains is what is left of a batch after its attempt: members that are to be tried again, all together or in halves.
type remains struct {
	members []run.Run
	again   bool // the attempt is repeated with them
	split   bool
}

// settleMembers ends the members of a batch that have an outcome of their own, and returns the others. It can be
// repeated. What has neither one nor another try ends with the batch, which owes it then.
func (o *Orchestrator) settleMembers(ctx context.Context, b run.Run, e ending) (remains, error) {
	members, err := o.members(ctx, b)
	if err != nil {
		return remains{}, err
	}
	results, err := o.reported(ctx, b)
	if err != nil {
		return remains{}, err
	}
	job := o.jobs[b.Job]
	parts := b.Apportion(job.Retry, e.outcome, members, results)
	return o.remainsOf(b, job, e, parts), o.endParts(ctx, b, e, parts)
}

// remainsOf decides what becomes of the members that have no outcome of their own.
func (o *Orchestrator) remainsOf(b run.Run, job run.Job, e ending, parts []run.Part) remains {
	var rest remains
	for _, p := range parts {
		if p.Outcome == nil {
			rest.members = append(rest.members, p.Member)
		}
	}
	switch {
	case len(rest.members) == 0 || b.Unwanted() || job.Name == "":
	case e.outcome.Succeeded(), neverRan(b, e.outcome), job.Retry.Allows(b, e.outcome):
		rest.again = true // after a success these are the ones whose own outcome is tried again
	case len(rest.members) > 1 && e.outcome.Splits():
		rest.split = true
	}
	return rest
}

// endParts ends each member that has an outcome. Those that others have ended meanwhile stay as they are.
func (o *Orchestrator) endParts(ctx context.Context, b run.Run, e ending, parts []run.Part) error {
	problems := make([]error, len(parts))
	each(len(parts), func(i int) {
		if parts[i].Outcome != nil {
			problems[i] = o.endMember(ctx, b, e, parts[i])
		}
	})
	return errors.Join(problems...)
}

// endMember ends one member with its outcome, or with the wish of its batch. What it owes and could not be done, a tick
// does: the batch goes on all the same.
func (o *Orchestrator) endMember(ctx context.Context, b run.Run, e ending, p run.Part) error {
	ended, changed, err := o.change(ctx, p.Member, func(m run.Run) (run.Run, error) {
		if m.State.Final() {
			return m, errUnchanged
		}
		m.Member, m.TaskARN, m.Decision, m.StartedAt = b.ID, e.task, nil, b.StartedAt
		if b.Unwanted() && !p.Outcome.Succeeded() {
			return m.WishFor(b.Wish, "with its batch: "+b.WishWhy, o.now())
		}
		return m.End(*p.Outcome, e.at, o.now(), owedBy(m, *p.Outcome)...)
	})
	if err != nil || !changed {
		return err
	}
	if err := o.pay(ctx, ended); err != nil {
		o.log.WarnContext(ctx, "end of an object not told of", "run", ended.ID, "error", err)
	}
	return nil
}

// endMembers ends every member that is still open of a batch that has ended, with its outcome or its wish.
func (o *Orchestrator) endMembers(ctx context.Context, b run.Run) error {
	members, err := o.members(ctx, b)
	if err != nil {
		return err
	}
	outcome := b.Outcome
	if outcome == nil { // it was cancelled or skipped before it had a task
		outcome = &run.Outcome{Class: "unknown", Severity: "error", Summary: "Its batch came to nothing.", Remedy: "Start the run again."}
	}
	var parts []run.Part
	for _, m := range open(members) {
		parts = append(parts, run.Part{Member: m, Outcome: outcome})
	}
	return o.endParts(ctx, b, ending{outcome: *outcome, at: b.EndedAt, task: b.TaskARN}, parts)
}

// afterBatch is a batch after its attempt has ended, and the halves that it was split into.
func (o *Orchestrator) afterBatch(b run.Run, e ending, rest remains) (run.Run, []run.Run, error) {
	now := o.now()
	job := o.jobs[b.Job]
	switch {
	case rest.split:
		return b.Split(o.stack, job, e.outcome, rest.members, run.RetryAt(b, now), e.at, now)
	case rest.again && e.outcome.Succeeded():
		next, err := b.Retry(e.outcome, run.Place{}, run.RetryAt(b, now), now)
		return next.Keep(rest.members), nil, err
	case rest.again:
		next, err := o.after(b, e)
		return next.Keep(rest.members), nil, err
	}
	next, err := b.End(e.outcome, e.at, now, owedBy(b, e.outcome)...)
	return next, nil, err
}
