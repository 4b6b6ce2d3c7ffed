package fake

import (
	"context"
	"fmt"
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

	mu        sync.Mutex // protects following fields
	runs      map[run.ID]run.Run
	jobs      map[string]run.JobState
	incidents incidents
	leases    map[string]lease
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
		l.runs, l.jobs = map[run.ID]run.Run{}, map[string]run.JobState{}
		l.incidents, l.leases = newIncidents(), map[string]lease{}
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
	return l.call("Write", func() error { return l.write(w) })
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
	}
	if slots != 0 {
		job := l.jobs[w.Job]
		job.Name = w.Job
		job.Active += slots
		l.jobs[w.Job] = job
	}
	return nil
}

// conflict is what is in the way of a write, or nil.
func (l *Ledger) conflict(w run.Write, slots int) *run.Conflict {
	c := &run.Conflict{Current: map[run.ID]run.Run{}}
	for _, ch := range w.Changes {
		if stored, ok := l.runs[ch.Run.ID]; ok && stored.Revision != ch.Run.Revision {
			c.Current[ch.Run.ID] = stored.Clone()
		}
	}
	active := l.jobs[w.Job].Active
	if slots > 0 && active+slots > w.Max || active+slots < 0 {
		c.Full, c.Active = true, active
	}
	if len(c.Current) == 0 && !c.Full {
		return nil
	}
	return c
}

// Queued returns queued runs of a job that are due, the longest due first.
func (l *Ledger) Queued(_ context.Context, job string, now time.Time, limit int) (out []run.Run, err error) {
	err = l.call("Queued", func() error {
		out = l.due(now, limit, func(r run.Run) bool { return r.Job == job && r.State == run.Queued && len(r.Owed) == 0 })
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
	for _, r := range l.runs {
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

func compare(a, b run.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Runs returns every run that is stored.
func (l *Ledger) Runs() []run.Run {
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
