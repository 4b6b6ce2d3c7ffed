package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"slipway/internal/ledger"
	"slipway/internal/run"
)

const (
	followEvery = 2 * time.Second
	// followBack is how far behind the index may be.
	followBack = time.Minute
)

// follower prints runs that are new or have changed.
type follower struct {
	*deployed
	selection
	query ledger.Query
	seen  map[run.ID]seen
}

// seen is a run as it was printed last.
type seen struct {
	state   run.State
	attempt int
}

// follow prints the newest runs, then those that are new or have changed, until the context ends: that is its end, and
// no error. It follows the runs that it has printed and those admitted from then on.
func (d *deployed) follow(ctx context.Context, s selection, q ledger.Query) error {
	f := &follower{d, s, q, map[run.ID]seen{}}
	states := f.query.States
	f.query.States = nil // a run may come into the state later
	listed, err := f.list(ctx, s, q)
	for err == nil {
		slices.Reverse(listed)
		if err = f.round(ctx, listed, states); err == nil {
			err = d.sleep(ctx, followEvery)
		}
		if err == nil {
			listed, err = f.next(ctx)
		}
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// next are the runs to look at: those admitted lately, and those that have been printed and may change.
func (f *follower) next(ctx context.Context) ([]ledger.Listed, error) {
	q := f.query
	q.Limit = 0
	if since := f.now().Add(-followBack); since.After(q.Since) {
		q.Since = since
	}
	listed, err := f.list(ctx, f.selection, q)
	slices.Reverse(listed) // the oldest first
	for id, s := range f.seen {
		switch known := slices.ContainsFunc(listed, func(l ledger.Listed) bool { return l.ID == id }); {
		case known:
		case s.state.Final():
			delete(f.seen, id)
		default:
			listed = append(listed, ledger.Listed{ID: id})
		}
	}
	return listed, err
}

// round prints those of the listed runs that are new or have changed.
func (f *follower) round(ctx context.Context, listed []ledger.Listed, states []run.State) error {
	runs, _, err := f.stored(ctx, listed)
	if err != nil {
		return err
	}
	for _, r := range runs {
		before, known := f.seen[r.ID]
		f.seen[r.ID] = seen{r.State, r.Attempt}
		if known && before == f.seen[r.ID] || !wanted(ledger.Query{States: states}, r) {
			continue
		}
		if err := f.printOne(r); err != nil {
			return err
		}
	}
	return nil
}

func (f *follower) printOne(r run.Run) error {
	if !f.json {
		say(f.out, "%s\n", line(r, f.now()))
		return nil
	}
	text, err := json.Marshal(viewOf(r))
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	say(f.out, "%s\n", text)
	return nil
}
