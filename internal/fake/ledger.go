package fake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"slipway/internal/run"
)

// Ledger keeps what internal/ledger keeps, in memory. The zero value is empty and ready.
type Ledger struct {
	// Fault, when set, is called before and after each call's effect with the name of the call; an error it returns
	// is the call's. Before its effect nothing has happened; after it everything has, and only the answer is lost.
	Fault func(call string, after bool) error
	// Busy, when set, is called before each write, which is refused when it says so: as DynamoDB does with a
	// TransactionConflict, after the tries that internal/ledger makes. Nothing is written.
	Busy func(run.Write) bool
	// Lag is how far Queued and Watched are behind what is written. Now is the clock for it; nil: the machine's.
	Lag time.Duration
	Now func() time.Time

	mu        sync.Mutex // protects following fields
	runs      map[run.ID]run.Run
	live      map[run.ID]run.Run // of them, those that are open
	jobs      map[string]run.JobState
	incidents incidents
	leases    map[string]lease
	newest    map[string]newest // by run.Newest
	holders   map[string]map[run.ID]bool
	batches   map[string]run.ID
	index     map[run.ID]run.Run // with Lag: the runs as Queued and Watched see them
	coming    []written          // with Lag: what they do not see yet, in order
}

type newest struct {
	sequencer string
	run       run.ID
}

// written is a run as it was stored at a time.
type written struct {
	run run.Run
	at  time.Time
}

type lease struct {
	holder string
	until  time.Time
}

// call runs an effect between the two chances of a fault.
func (l *Ledger) call(name string, effect func() error) error {
	if err := l.fault(name, false); err != nil {
		return err
	}
	l.mu.Lock()
	if l.runs == nil {
		l.runs, l.live, l.jobs = map[run.ID]run.Run{}, map[run.ID]run.Run{}, map[string]run.JobState{}
		l.incidents, l.leases = newIncidents(), map[string]lease{}
		l.newest, l.holders, l.batches = map[string]newest{}, map[string]map[run.ID]bool{}, map[string]run.ID{}
	}
	err := effect()
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.fault(name, true)
}

func (l *Ledger) fault(name string, after bool) error {
	if l.Fault == nil {
		return nil
	}
	return l.Fault(name, after)
}

// Run returns a run as it is stored.
func (l *Ledger) Run(_ context.Context, id run.ID) (out run.Run, err error) {
	err = l.call("Run", func() error {
		r, ok := l.runs[id]
		if !ok {
			return fmt.Errorf("run %s: %w", id, run.ErrNotFound)
		}
		out = r.Clone()
		return nil
	})
	return out, err
}

// Write makes all changes together or none.
func (l *Ledger) Write(_ context.Context, w run.Write) error {
	if len(w.Changes) > run.MaxWrite {
		return run.Never("too-many-changes", fmt.Errorf("write %d runs of job %s: at most %d go together", len(w.Changes), w.Job, run.MaxWrite))
	}
	return l.call("Write", func() error {
		if l.Busy != nil && l.Busy(w) {
			return fmt.Errorf("write runs of job %s: TransactionConflict: Transaction is ongoing for the item", w.Job)
		}
		return l.write(w)
	})
}

func (l *Ledger) write(w run.Write) error {
	slots := 0
	for _, ch := range w.Changes {
		slots += ch.Slots
	}
	if c := l.conflict(w, slots); c != nil {
		return c
	}
	for _, ch := range w.Changes {
		r := ch.Run.Clone()
		r.Revision++
		l.runs[r.ID] = r
		list(l.live, r)
		if l.Lag > 0 {
			l.coming = append(l.coming, written{r, l.now()})
		}
		l.keep(w, ch)
	}
	if slots != 0 {
		job := l.jobs[w.Job]
		job.Name = w.Job
		job.Active += slots
		l.jobs[w.Job] = job
	}
	if w.Gathers != nil {
		l.batches[w.Job] = w.Gathers.Is
	}
	return nil
}

// keep records what a change brings beside its run: the newest object of a key, and who holds a slot.
func (l *Ledger) keep(w run.Write, ch run.Change) {
	if key, sequencer := ordered(ch); key != "" {
		l.newest[key] = newest{sequencer, ch.Run.ID}
	}
	if !w.Holders || ch.Slots == 0 {
		return
	}
	if l.holders[w.Job] == nil {
		l.holders[w.Job] = map[run.ID]bool{}
	}
	if delete(l.holders[w.Job], ch.Run.ID); ch.Slots > 0 {
		l.holders[w.Job][ch.Run.ID] = true
	}
}

// ordered is what a change depends on as the newest of its key, or "".
func ordered(ch run.Change) (key, sequencer string) {
	o := ch.Run.Input.Object
	if !ch.Newest || o == nil || run.ComparableSequencer(*o) == "" {
		return "", ""
	}
	return run.Newest(ch.Run.Job, *o), run.ComparableSequencer(*o)
}

// conflict is what is in the way of a write, or nil.
func (l *Ledger) conflict(w run.Write, slots int) *run.Conflict {
	c := &run.Conflict{Current: map[run.ID]run.Run{}, Newer: map[run.ID]run.ID{}}
	for _, ch := range w.Changes {
		l.compare(ch, c)
	}
	active := l.jobs[w.Job].Active
	if slots > 0 && active+slots > w.Max || active+slots < 0 {
		c.Full, c.Active, c.Holders = true, active, slices.Sorted(maps.Keys(l.holders[w.Job]))
	}
	c.Moved = w.Gathers != nil && l.batches[w.Job] != w.Gathers.Was
	if len(c.Current)+len(c.Newer) > 0 || c.Full || c.Moved {
		return c
	}
	return nil
}

// compare adds what is in the way of one change.
func (l *Ledger) compare(ch run.Change, c *run.Conflict) {
	if stored, ok := l.runs[ch.Run.ID]; ok && stored.Revision != ch.Run.Revision {
		c.Current[ch.Run.ID] = stored.Clone()
	}
	if newer, ok := l.newer(ch); ok {
		c.Newer[ch.Run.ID] = newer
	}
}

// newer is the run of a newer version than the change's, where the change depends on there being none.
func (l *Ledger) newer(ch run.Change) (run.ID, bool) {
	key, sequencer := ordered(ch)
	known, ok := l.newest[key]
	return known.run, ok && known.run != ch.Run.ID && known.sequencer >= sequencer
}

// Runs returns the runs of these IDs as they are stored, in this order.
func (l *Ledger) Runs(_ context.Context, ids []run.ID) (out []run.Run, err error) {
	err = l.call("Runs", func() error {
		for _, id := range ids {
			if r, ok := l.runs[id]; ok {
				out = append(out, r.Clone())
			}
		}
		return nil
	})
	return out, err
}

// Gathering returns the batch that new objects of the job join.
func (l *Ledger) Gathering(_ context.Context, job string) (id run.ID, err error) {
	err = l.call("Gathering", func() error { id = l.batches[job]; return nil })
	return id, err
}

// Queued returns queued runs of a job that are due, the longest due first.
func (l *Ledger) Queued(_ context.Context, job string, now time.Time, limit int) (out []run.Run, err error) {
	err = l.call("Queued", func() error {
		out = l.due(now, limit, func(r run.Run) bool {
			return r.Job == job && r.State == run.Queued && len(r.Owed) == 0 && r.Member == ""
		})
		return nil
	})
	return out, err
}

// Watched returns runs that are active or owe something and are due, the longest due first.
func (l *Ledger) Watched(_ context.Context, now time.Time, limit int) (out []run.Run, err error) {
	err = l.call("Watched", func() error {
		out = l.due(now, limit, func(r run.Run) bool { return r.Open() && (r.State != run.Queued || len(r.Owed) > 0) })
		return nil
	})
	return out, err
}

func (l *Ledger) due(now time.Time, limit int, wanted func(run.Run) bool) []run.Run {
	var out []run.Run
	for _, r := range l.indexed() {
		if wanted(r) && r.Due().UnixMilli() <= now.UnixMilli() {
			out = append(out, r.Clone())
		}
	}
	slices.SortFunc(out, func(a, b run.Run) int {
		if c := a.Due().Compare(b.Due()); c != 0 {
			return c
		}
		return compare(a.ID, b.ID)
	})
	return out[:min(limit, len(out))]
}

// indexed are the runs as the index shows them.
func (l *Ledger) indexed() map[run.ID]run.Run {
	if l.Lag <= 0 {
		return l.live
	}
	if l.index == nil {
		l.index = map[run.ID]run.Run{}
	}
	seen := l.now().Add(-l.Lag)
	for len(l.coming) > 0 && !l.coming[0].at.After(seen) {
		list(l.index, l.coming[0].run)
		l.coming = l.coming[1:]
	}
	return l.index
}

// list keeps only open runs, as the sparse index does.
func list(index map[run.ID]run.Run, r run.Run) {
	if r.Open() {
		index[r.ID] = r
	} else {
		delete(index, r.ID)
	}
}

func (l *Ledger) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}

func compare(a, b run.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// All returns every run that is stored.
func (l *Ledger) All() []run.Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []run.Run
	for _, r := range l.runs {
		out = append(out, r.Clone())
	}
	return out
}

// Jobs returns the state of every job ever seen.
func (l *Ledger) Jobs(context.Context) (out []run.JobState, err error) {
	err = l.call("Jobs", func() error {
		for _, s := range l.jobs {
			out = append(out, s)
		}
		return nil
	})
	return out, err
}

// Job returns the state of one job.
func (l *Ledger) Job(_ context.Context, name string) (out run.JobState, err error) {
	err = l.call("Job", func() error {
		out = l.jobs[name]
		out.Name, out.FailedInRow = name, slices.Clone(out.FailedInRow)
		return nil
	})
	return out, err
}

// SaveJob stores a job's state, but for its counter.
func (l *Ledger) SaveJob(_ context.Context, s run.JobState) error {
	return l.call("SaveJob", func() error {
		stored := l.jobs[s.Name]
		if stored.Revision != s.Revision {
			return &run.Conflict{}
		}
		s.Active = stored.Active
		s.Revision++
		l.jobs[s.Name] = s
		return nil
	})
}

// Acquire takes or renews a lease.
func (l *Ledger) Acquire(_ context.Context, name, holder string, now time.Time, ttl time.Duration) (got bool, err error) {
	err = l.call("Acquire", func() error {
		if h := l.leases[name]; h.holder == holder || !h.until.After(now) {
			l.leases[name], got = lease{holder, now.Add(ttl)}, true
		}
		return nil
	})
	return got, err
}

// Release gives a lease back.
func (l *Ledger) Release(_ context.Context, name, holder string) error {
	return l.call("Release", func() error {
		if h := l.leases[name]; h.holder == holder {
			h.until = time.Time{}
			l.leases[name] = h
		}
		return nil
	})
}
