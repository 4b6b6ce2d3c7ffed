package orchestrator

import (
	"sync"
	"time"

	"slipway/internal/run"
)

// decider returns the launch decision of a run, or why it can never be launched as it is.
type decider func(run.Run) (run.Decision, error)

// group is a set of runs of one job that are written together.
type group struct {
	job     run.Job
	items   []item    // what is still to be written
	refused []refusal // what can never be launched

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

// write is the next write to try, with the runs that it claims. A job with a maximum claims with a slot.
func (g *group) write(now time.Time, decide decider) (run.Write, []run.Run) {
	w := run.Write{Job: g.job.Name, Max: g.job.Concurrency.Max}
	var claimed []run.Run
	kept := g.items[:0:0]
	for _, it := range g.items {
		decision, never := decide(it.run)
		if never != nil {
			g.refused = append(g.refused, refusal{it.run, never})
			continue
		}
		kept = append(kept, it)
		next, err := it.run.Claim(decision, w.Max > 0, now)
		if err == nil && !it.hold {
			w.Changes = append(w.Changes, run.ChangeOf(it.run, next))
			claimed = append(claimed, next)
		} else if it.run.Revision == 0 {
			w.Changes = append(w.Changes, run.Change{Run: it.run})
		}
	}
	g.items = kept
	return w, claimed
}

// resolve takes over what a conflict told: runs that others have moved on are duplicates, unless they are still
// queued and due; and no more slots are asked for than there are.
func (g *group) resolve(c *run.Conflict, now time.Time) {
	kept := g.items[:0:0]
	for _, it := range g.items {
		current, changed := c.Current[it.run.ID]
		switch {
		case !changed:
			kept = append(kept, it)
		case current.State == run.Queued && !current.NotBefore.After(now) && !current.LaunchExpired(now):
			kept = append(kept, item{run: current, hold: it.hold})
		default:
			g.set(it.run.ID, Duplicate, nil)
		}
	}
	g.items = kept
	if c.Full {
		g.holdBack(max(g.job.Concurrency.Max-c.Active, 0))
	}
}

// holdBack lets only the first room of the items that want a slot have one.
func (g *group) holdBack(room int) {
	for i := range g.items {
		switch {
		case g.items[i].hold:
		case room > 0:
			room--
		default:
			g.items[i].hold = true
		}
	}
}
