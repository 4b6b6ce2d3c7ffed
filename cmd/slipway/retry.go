package main

import (
	"context"

	"github.com/spf13/cobra"

	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func retryCommand(o *options) *cobra.Command {
	var f operateFlags
	c := &cobra.Command{
		Use:   "retry RUN… | --job JOB [--state failed] [--since 2h]",
		Short: "Give runs that have ended another attempt",
		Long: `Retry puts runs that have ended back into the queue: with the next attempt, a new budget of attempts and a new launch
deadline. It is the one way out of a final state. Who asked for it, and --why, stand in the history of the run.
Runs are named by their IDs, or selected: those that have failed, unless --state names other final states. A batch is
retried by its objects, which go together again.
With --json it prints an array of {"id", "job", "state", "attempt", "done", "why"}. Exit code 1: some could not be retried.`,
		Example: `  slipway retry images-aaaabbbbccccddddeeeeffffgg --why 'the disk was full'
  slipway retry --job images --since 2h --dry-run
  slipway retry --state failed,cancelled --since 2027-03-27T00:00:00Z --yes`,
		RunE: func(c *cobra.Command, args []string) error { return o.operate(c.Context(), retrying(), args, f) },
	}
	f.flags(c)
	return c
}

func retrying() operation {
	return operation{
		name: "retry", done: "queued again", jobs: true, nudges: true,
		states: []run.State{run.Succeeded, run.Failed, run.Cancelled, run.Skipped},
		leaves: func(r run.Run, _ map[run.ID]bool) bool { return r.Objects != nil },
		try: func(_ context.Context, d *deployed, r run.Run, why string) error {
			_, err := r.Reopen(run.Job{Name: r.Job}, why, d.now())
			return err
		},
		act: func(ctx context.Context, o *orchestrator.Orchestrator, ids []run.ID, why string) []orchestrator.Operated {
			return o.Retry(ctx, ids, why)
		},
	}
}
