package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func cancelCommand(o *options) *cobra.Command {
	var f operateFlags
	c := &cobra.Command{
		Use:   "cancel RUN… | --job JOB [--state queued]",
		Short: "Let runs come to nothing",
		Long: `Cancel ends queued runs at once. A run that has a task is cancelled when the task has stopped, which it is told to within
about a minute; a task that ends well before that has succeeded. Objects whose batch has a task are cancelled with it.
Runs are named by their IDs, or selected: those that have not ended, unless --state says which of them.
Who asked for it, and --why, stand in the history of the run.
With --json it prints an array of {"id", "job", "state", "attempt", "done", "why"}. Exit code 1: some could not be
cancelled.`,
		Example: `  slipway cancel images-aaaabbbbccccddddeeeeffffgg
  slipway cancel --job images --state queued --why 'uploaded by mistake'`,
		RunE: func(c *cobra.Command, args []string) error { return o.operate(c.Context(), cancelling(), args, f) },
	}
	f.flags(c)
	return c
}

func cancelling() operation {
	return operation{
		name: "cancel", done: "cancelled",
		states: []run.State{run.Queued, run.Starting, run.Running},
		leaves: func(r run.Run, all map[run.ID]bool) bool { return r.Member != "" && all[r.Member] },
		try: func(ctx context.Context, d *deployed, r run.Run, why string) error {
			if r.Member != "" && !r.State.Final() {
				batch, err := d.ledger.Run(ctx, r.Member)
				if err == nil && batch.State.Active() {
					return &run.TransitionError{ID: r.ID, State: r.State, Action: "cancel", Why: "and its batch has a task; cancel the batch " + string(batch.ID)}
				}
			}
			_, err := r.WishFor(run.WishCancel, why, d.now())
			return err
		},
		act: func(ctx context.Context, o *orchestrator.Orchestrator, ids []run.ID, why string) []orchestrator.Operated {
			var out []orchestrator.Operated
			for _, id := range ids {
				out = append(out, o.Cancel(ctx, id, why))
			}
			return out
		},
	}
}
