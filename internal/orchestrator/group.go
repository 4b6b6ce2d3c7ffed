package orchestrator

import (
	"fmt"
	"sync"
	"time"

	"slipway/internal/run"
)

// decider returns the launch decision of a run, or why it can never be launched as it is.
type decider func(run.Run) (run.Decision, error)

// item is a run on its way to a claim: new (revision 0) or queued in the ledger.
type item struct {
	run   run.Run
	hold  bool   // there is no room: store it, but do not claim it
	store bool   // it is only to be stored, whatever room there is
	skip  string // why it is not to be launched at all
}

// fresh reports whether the run has never been on its way to a task.
func (it item) fresh() bool { return it.run.Attempt == 1 && it.run.Launch == 1 }

// group is a set of runs of one job that are written together.
type group struct {
	job     run.Job
	items   []item    // what is still to be written
	refused []refusal // what can never be launched
	holders []run.ID  // who was in the way when there was no room

	mu    sync.Mutex // protects following fields
	ids   []run.ID   // every run that the group began with
	known map[run.ID]Admission
}

// refusal is a run that cannot be launched as it is, and why.
type refusal struct {
	run run.Run
	why error
}

func newGroup(job run.Job, items []item) *group {
	g := &group{job: job, items: items, known: map[run.ID]Admission{}}
	for _, it := range items {
		g.ids = append(g.ids, it.run.ID)
	}
	return g
}

// set records what became of a run.
func (g *group) set(id run.ID, result Result, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known[id] = Admission{ID: id, Job: g.job.Name, Result: result, Err: err}
}

// all returns an admission for each run; those that nothing was recorded of get the given result.
func (g *group) all(result Result, err error) []Admission {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Admission, 0, len(g.ids))
	for _, id := range g.ids {
		a, ok := g.known[id]
		if !ok {
			a = Admission{ID: id, Job: g.job.Name, Result: result, Err: err}
		}
		out = append(out, a)
	}
	return out
}

// draft is a write to try, with the runs that it claims and those that it ends without a launch.
type draft struct {
	write            run.Write
	claimed, skipped []run.Run
}

// draft fills the next write to try. A job with a maximum claims with a slot.
func (g *group) draft(w run.Write, now time.Time, decide decider) draft {
	d := draft{write: w}
	kept := g.items[:0:0]
	for _, it := range g.items {
		if it.skip == "" {
			if !g.claim(&d, it, now, decide) {
				continue
			}
		} else if next, err := it.run.Skip(it.skip, now, run.OwesEvent); err == nil {
			d.write.Changes = append(d.write.Changes, run.ChangeOf(it.run, next))
			d.skipped = append(d.skipped, next)
		}
		kept = append(kept, it)
	}
	g.items = kept
	return d
}

// claim adds the claim of an item, or a new run that waits, to the draft. It reports whether the run can be launched.
func (g *group) claim(d *draft, it item, now time.Time, decide decider) bool {
	decision, never := decide(it.run)
	if never != nil {
		g.refused = append(g.refused, refusal{it.run, never})
		return false
	}
	next, err := it.run.Claim(decision, d.write.Max > 0, now)
	switch {
	case err == nil && !it.hold && !it.store:
		c := run.ChangeOf(it.run, next)
		c.Newest = g.job.LatestOnly
		d.write.Changes = append(d.write.Changes, c)
		d.claimed = append(d.claimed, next)
	case it.run.Revision == 0:
		d.write.Changes = append(d.write.Changes, run.Change{Run: it.run, Newest: g.job.LatestOnly})
	}
	return true
}

// resolve takes over what a conflict told: runs that others have moved on are duplicates, unless they are still
// queued and due; those that a newer version supersedes are skipped; and no more slots are asked for than there are.
func (g *group) resolve(c *run.Conflict, now time.Time) {
	kept := g.items[:0:0]
	for _, it := range g.items {
		current, changed := c.Current[it.run.ID]
		newer, superseded := c.Newer[it.run.ID]
		switch {
		case changed && (it.store || current.State != run.Queued || current.Member != "" || current.NotBefore.After(now) || current.LaunchExpired(now)):
			g.set(it.run.ID, Duplicate, nil)
			continue
		case changed:
			it.run = current
		case superseded:
			it.skip = "superseded: a newer version of the object has run " + string(newer)
		}
		kept = append(kept, it)
	}
	g.items = kept
	if c.Full {
		g.holders = c.Holders
		g.holdBack(max(g.job.Concurrency.Max-c.Active, 0), c.Active)
	}
}

// holdBack lets only the first room of the items that want a slot have one. The others wait, or are skipped when they
// are new and the job says so.
func (g *group) holdBack(room, active int) {
	for i := range g.items {
		it := &g.items[i]
		switch {
		case it.hold || it.skip != "":
		case room > 0:
			room--
		case g.job.Concurrency.WhenFull == run.WhenFullSkip && it.fresh():
			it.skip = fmt.Sprintf("skipped: %d of %d are active, among them run %s", active, g.job.Concurrency.Max, first(g.holders))
		default:
			it.hold = true
		}
	}
}

func first(ids []run.ID) run.ID {
	if len(ids) == 0 {
		return "(not known)"
	}
	return ids[0]
}
