package orchestrator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"slipway/internal/run"
)

// makeRoom is for jobs whose new runs replace old ones: of the runs that wait for their first launch only the newest
// stay, as many as the job may have at once, and the oldest active ones are stopped for them. The slot changes hands
// only when a task has stopped.
func (o *Orchestrator) makeRoom(ctx context.Context, g *group) error {
	queued, err := o.ledger.Queued(ctx, g.job.Name, o.now(), run.MaxWrite)
	if err != nil {
		return fmt.Errorf("read the queued runs: %w", err)
	}
	active, err := o.ledger.Runs(ctx, g.holders)
	if err != nil {
		return fmt.Errorf("read the runs that hold a slot: %w", err)
	}
	waiting := newestFirst(g, queued)
	limit := g.job.Concurrency.Max
	for _, r := range waiting[min(limit, len(waiting)):] {
		err = errors.Join(err, o.replace(ctx, r, waiting[0].ID))
	}
	for i, victim := range victims(active, limit, min(limit, len(waiting))) {
		err = errors.Join(err, o.replace(ctx, victim, waiting[i].ID))
	}
	return err
}

// newestFirst are the runs that wait for their first launch: those just stored, and those that the index knows.
func newestFirst(g *group, queued []run.Run) []run.Run {
	byID := map[run.ID]run.Run{}
	for _, r := range queued {
		byID[r.ID] = r
	}
	for _, it := range g.items {
		if it.hold {
			byID[it.run.ID] = it.run
		}
	}
	var out []run.Run
	for _, r := range byID {
		if (item{run: r}).fresh() && r.State == run.Queued {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b run.Run) int {
		return cmp.Or(b.AdmittedAt.Compare(a.AdmittedAt), cmp.Compare(b.ID, a.ID))
	})
	return out
}

// victims are the oldest active runs that must go so that there is room for wanted more. Those that are on their way
// out already count.
func victims(holders []run.Run, limit, wanted int) []run.Run {
	var stay []run.Run
	active := 0
	for _, r := range holders {
		if !r.State.Active() {
			continue
		}
		active++
		if r.Unwanted() {
			wanted--
		} else {
			stay = append(stay, r)
		}
	}
	wanted -= max(limit-active, 0)
	slices.SortFunc(stay, func(a, b run.Run) int {
		return cmp.Or(a.ClaimedAt.Compare(b.ClaimedAt), cmp.Compare(a.ID, b.ID))
	})
	return stay[:min(max(wanted, 0), len(stay))]
}

// replace wishes a run away for a newer one: a queued one is cancelled at once, and the task of an active one is stopped.
func (o *Orchestrator) replace(ctx context.Context, r run.Run, by run.ID) error {
	wished, changed, err := o.change(ctx, r, func(current run.Run) (run.Run, error) {
		if current.State.Final() || current.Unwanted() || r.State == run.Queued && current.State != run.Queued {
			return current, errUnchanged
		}
		return current.WishFor(run.WishReplace, "replaced by run "+string(by), o.now())
	})
	if err != nil || !changed {
		return err
	}
	if wished.State.Final() {
		return o.pay(ctx, wished)
	}
	if wished.TaskARN == "" {
		return nil // a tick finds out whether it has a task
	}
	return o.stop(ctx, wished)
}
