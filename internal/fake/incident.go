package fake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"slipway/internal/run"
)

// incidents are what a Ledger keeps of failures.
type incidents struct {
	byKey map[string]run.Incident
	cases map[string]bool
	marks map[string]run.Mark
}

func newIncidents() incidents {
	return incidents{byKey: map[string]run.Incident{}, cases: map[string]bool{}, marks: map[string]run.Mark{}}
}

// Incident returns an incident as it is stored.
func (l *Ledger) Incident(_ context.Context, key string) (out run.Incident, err error) {
	err = l.call("Incident", func() error {
		i, ok := l.incidents.byKey[key]
		if !ok {
			return fmt.Errorf("incident %s: %w", key, run.ErrNotFound)
		}
		out = cloneIncident(i)
		return nil
	})
	return out, err
}

// SaveIncident stores an incident, and the case that it counts, once.
func (l *Ledger) SaveIncident(_ context.Context, i run.Incident, caseID string) error {
	return l.call("SaveIncident", func() error {
		switch {
		case caseID != "" && l.incidents.cases[caseID]:
			return run.ErrRecorded
		case l.incidents.byKey[i.Key].Revision != i.Revision:
			return &run.Conflict{}
		}
		i = cloneIncident(i)
		i.Revision++
		l.incidents.byKey[i.Key] = i
		if caseID != "" {
			l.incidents.cases[caseID] = true
		}
		return nil
	})
}

// DueIncidents returns incidents whose Due has come, the longest due first.
func (l *Ledger) DueIncidents(_ context.Context, now time.Time, limit int) (out []run.Incident, err error) {
	err = l.call("DueIncidents", func() error {
		for _, i := range l.incidents.byKey {
			if i.Pending() && i.Due().UnixMilli() <= now.UnixMilli() {
				out = append(out, cloneIncident(i))
			}
		}
		slices.SortFunc(out, func(a, b run.Incident) int { return a.Due().Compare(b.Due()) })
		out = out[:min(limit, len(out))]
		return nil
	})
	return out, err
}

// OpenIncidents returns the open incidents of a subject.
func (l *Ledger) OpenIncidents(_ context.Context, of run.Subject) (out []run.Incident, err error) {
	err = l.call("OpenIncidents", func() error {
		for _, i := range l.incidents.byKey {
			if i.Open() && i.Subject == of {
				out = append(out, cloneIncident(i))
			}
		}
		return nil
	})
	return out, err
}

// Mark returns what was marked under a name.
func (l *Ledger) Mark(_ context.Context, name string) (out run.Mark, err error) {
	err = l.call("Mark", func() error {
		m, ok := l.incidents.marks[name]
		if !ok {
			return fmt.Errorf("mark %s: %w", name, run.ErrNotFound)
		}
		out = m
		return nil
	})
	return out, err
}

// SaveMark stores a mark unless a newer one is there.
func (l *Ledger) SaveMark(_ context.Context, m run.Mark) error {
	return l.call("SaveMark", func() error {
		if old, ok := l.incidents.marks[m.Name]; !ok || old.At.UnixMilli() < m.At.UnixMilli() {
			l.incidents.marks[m.Name] = m
		}
		return nil
	})
}

// Incidents returns every incident that is stored.
func (l *Ledger) Incidents() []run.Incident {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []run.Incident
	for _, i := range l.incidents.byKey {
		out = append(out, cloneIncident(i))
	}
	return out
}

func cloneIncident(i run.Incident) run.Incident {
	text, err := json.Marshal(i)
	if err != nil {
		panic("fake: an incident that cannot be encoded: " + err.Error()) // only plain data: cannot happen
	}
	var c run.Incident
	if err := json.Unmarshal(text, &c); err != nil {
		panic("fake: an incident that cannot be decoded: " + err.Error())
	}
	c.Revision = i.Revision
	return c
}
