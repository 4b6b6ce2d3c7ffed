package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"slipway/internal/config/compile"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// runsFlags are the flags of runs.
type runsFlags struct {
	selection
	limit  int
	follow bool
}

func runsCommand(o *options) *cobra.Command {
	var f runsFlags
	c := &cobra.Command{
		Use:   "runs [RUN]",
		Short: "List runs, or show one with everything that happened to it",
		Long: `Runs lists the runs of every job, the newest first, also of jobs that are no longer configured. With the ID of a run it
shows that one: every attempt, launch, decision and event, the objects of a batch, the batch of an object.
Values of variables that are not Slipway's own are never shown: they may be secrets.

With --json it prints an array of {"id", "job", "state", "attempt", "trigger", "input", "taskArn", "outcome", "admittedAt",
"startedAt", "endedAt"}; for one run there is more in its entry. With --follow each line is one such object.`,
		Example: `  slipway runs --job images --state failed,cancelled --since 24h
  slipway runs --object 's3://my-bucket/incoming/*' --limit 100 --json
  slipway runs --follow                                new and changed runs, until interrupted
  slipway runs images-aaaabbbbccccddddeeeeffffgg`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return o.showRun(c.Context(), run.ID(args[0]), f)
			}
			return o.listRuns(c.Context(), f)
		},
	}
	f.flags(c.Flags())
	c.Flags().IntVar(&f.limit, "limit", 20, "at most so many; 0: all")
	c.Flags().BoolVar(&f.follow, "follow", false, "go on with runs that are new or have changed, until interrupted")
	return c
}

func (o *options) listRuns(ctx context.Context, f runsFlags) error {
	q, err := f.query(o.now())
	if err != nil {
		return err
	}
	if f.limit < 0 {
		return fmt.Errorf("read --limit: %d is less than 0", f.limit)
	}
	q.Limit = f.limit
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	if f.follow {
		return d.follow(ctx, f.selection, q)
	}
	listed, err := d.list(ctx, f.selection, q)
	if err != nil {
		return err
	}
	runs, complete, err := d.stored(ctx, listed)
	if err != nil {
		return err
	}
	runs = slices.DeleteFunc(runs, func(r run.Run) bool { return !wanted(q, r) })
	if err := o.answer(views(runs), func(w io.Writer) { printRuns(w, runs, o.now()) }); err != nil {
		return err
	}
	if !complete {
		return errFound
	}
	return nil
}

// wanted reports whether the state of a run is among those asked for: the index may lag behind it.
func wanted(q ledger.Query, r run.Run) bool {
	return len(q.States) == 0 || slices.Contains(q.States, r.State)
}

func (o *options) showRun(ctx context.Context, id run.ID, f runsFlags) error {
	if !f.empty() || f.follow {
		return errors.New("a run is shown by its ID alone: leave out the ID, or the flags that select runs")
	}
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	r, err := d.ledger.Run(ctx, id)
	switch {
	case isUnknown(err):
		return d.unknownRun(ctx, id)
	case err != nil && unreadable(err):
		return problem{fmt.Errorf("%w; use the release that wrote it", err)}
	case err != nil:
		return err
	}
	v, err := d.full(ctx, r)
	if err != nil {
		return err
	}
	return o.answer([]shown{v}, v.print)
}

func isUnknown(err error) bool { return errors.Is(err, run.ErrNotFound) }

// full is a run with its batch, or with the objects of its batch.
func (d *deployed) full(ctx context.Context, r run.Run) (shown, error) {
	v := show(r)
	if r.Member != "" {
		batches, err := d.ledger.Runs(ctx, []run.ID{r.Member})
		if err != nil {
			return v, err
		}
		for _, b := range batches {
			v.Batch = &member{b.ID, b.State, "", b.TaskARN}
		}
	}
	if r.Objects == nil {
		return v, nil
	}
	members, err := d.ledger.Runs(ctx, r.Objects.Members)
	if err != nil {
		return v, err
	}
	for _, m := range members {
		v.Members = append(v.Members, member{m.ID, m.State, objectOf(m), m.TaskARN})
	}
	return v, nil
}

// nearby is how many of the newest runs of a job are looked through for one that may have been meant.
const nearby = 500

// unknownRun says that there is no such run, and which ones may be meant.
func (d *deployed) unknownRun(ctx context.Context, id run.ID) error {
	text := fmt.Sprintf("stack %s has no run %s", d.name, id)
	names, err := d.jobNames(ctx)
	if err != nil {
		return err
	}
	job := jobOf(id, names)
	if job == "" {
		return problem{fmt.Errorf("%s: its ID begins with no job of the stack (%s); \"slipway runs\" lists the newest", text, strings.Join(names, ", "))}
	}
	listed, err := d.ledger.List(ctx, ledger.Query{Job: job, Limit: nearby})
	if err != nil {
		return err
	}
	var ids []string
	for _, l := range listed {
		if strings.HasPrefix(string(l.ID), string(id)) {
			return problem{fmt.Errorf("%s; did you mean %s?", text, l.ID)}
		}
		ids = append(ids, string(l.ID))
	}
	if hint := compile.Suggest(string(id), ids); strings.HasPrefix(hint, "did you mean") {
		text += "; " + hint
	}
	return problem{fmt.Errorf("%s. Runs are kept for 90 days after their end; \"slipway runs --job %s\" lists the newest", text, job)}
}

// jobOf is the job that an ID begins with: the one with the longest name.
func jobOf(id run.ID, names []string) string {
	best := ""
	for _, n := range names {
		if strings.HasPrefix(string(id), n+"-") && len(n) > len(best) {
			best = n
		}
	}
	return best
}
