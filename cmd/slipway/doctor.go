package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"slipway/internal/cloud/bucket"
	"slipway/internal/doctor"
)

// fixEventBridge is what --fix can do.
const fixEventBridge = "eventbridge"

func doctorCommand(o *options) *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is wrong with a stack and what it uses, each with the command that repairs it",
		Long: `Doctor reads the stack and the account: buckets and their keys, clusters, task definitions, images, roles, networks,
services, queues, dead letters, subscriptions, SES, quotas, ticks and alarms, and whether the functions run with
slipway.yaml as it is. docs/reference/doctor.md lists what it finds. It changes nothing.

A reading that AWS denies is a finding too, with the right that is missing. What is not there to be looked at, such as
quotas on the local stack, is listed as not looked at, and is no finding.

With --fix eventbridge, and with nothing else, it changes something: the buckets of jobs send their events to EventBridge
then, and keep every notification that they have. It asks before.

With --json it prints {"findings": [{"id", "severity", "subject", "what", "why", "do", "command", "page"}], "notLookedAt":
[{"what", "why", "needs", "how"}]}. The exit code is 0 when nothing is found, 1 when something is, and 3 when AWS denies
every reading.`,
		Example: `  slipway doctor                                   of SLIPWAY_STACK, or of samconfig.toml
  slipway doctor --stack slipway-dev --json
  slipway doctor --stack slipway-dev --fix eventbridge --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch f.fix {
			case "":
				return o.doctor(c.Context())
			case fixEventBridge:
				return o.fixBuckets(c.Context(), f)
			}
			return fmt.Errorf("read --fix: only %s can be repaired here; the other findings name their commands", fixEventBridge)
		},
	}
	c.Flags().StringVar(&f.fix, "fix", "", "eventbridge: let the buckets of jobs send their events to EventBridge, and leave their other notifications")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "with --fix: say what would be done, and do nothing")
	return c
}

type doctorFlags struct {
	fix         string
	yes, dryRun bool
}

// examined is the answer of doctor.
type examined struct {
	Findings    []doctor.Finding `json:"findings"`
	NotLookedAt []doctor.Unread  `json:"notLookedAt"`
}

func (o *options) doctor(ctx context.Context) error {
	r, err := o.newExamination(ctx)
	if err != nil {
		return err
	}
	r.readAll(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.read == 0 && len(r.facts.Unread) > 0 {
		return refusal{fmt.Errorf("AWS answers none of %s: %s", count(len(r.facts.Unread), "reading"), r.facts.Unread[0].Why), denied}
	}
	answer := examined{Findings: append([]doctor.Finding{}, doctor.Examine(r.facts)...), NotLookedAt: append([]doctor.Unread{}, r.facts.Unread...)}
	if err := o.answer(answer, answer.print); err != nil {
		return err
	}
	if len(answer.Findings) > 0 {
		return errFound
	}
	return nil
}

func (a examined) print(w io.Writer) {
	for _, f := range a.Findings {
		say(w, "%s %s: %s\n    %s\n", f.Severity, f.ID, f.What, f.Why)
		if f.Do != "" {
			say(w, "    To do: %s.\n", f.Do)
		}
		for line := range strings.Lines(f.Command) {
			say(w, "    $ %s\n", strings.TrimSuffix(line, "\n"))
		}
		say(w, "    %s\n\n", f.Page)
	}
	for _, u := range a.NotLookedAt {
		if u.How == doctor.Absent {
			say(w, "not looked at: %s: %s\n", u.What, u.Why)
		}
	}
	if len(a.Findings) == 0 {
		say(w, "Nothing is found.\n")
		return
	}
	say(w, "%s.\n", count(len(a.Findings), "finding"))
}

// fixed is the answer of doctor --fix.
type fixed struct {
	Buckets []string `json:"buckets"`
	Done    bool     `json:"done"`
}

// fixBuckets lets the buckets of jobs send their events to EventBridge.
func (o *options) fixBuckets(ctx context.Context, f doctorFlags) error {
	r, err := o.newExamination(ctx)
	if err != nil {
		return err
	}
	answer := fixed{}
	if answer.Buckets, err = r.silentBuckets(ctx); err != nil {
		return err
	}
	if len(answer.Buckets) > 0 && !f.dryRun {
		if err := o.agreed("let "+strings.Join(answer.Buckets, ", ")+" send events to EventBridge, beside what is notified now", f.yes); err != nil {
			return err
		}
		for _, name := range answer.Buckets {
			if err := fixBucket(ctx, r.bucket(name), name, r.facts.Account); err != nil {
				return err
			}
		}
		answer.Done = true
	}
	return o.answer(answer, func(w io.Writer) {
		word := "sends its events to EventBridge now"
		if f.dryRun {
			word = "would be made to send its events to EventBridge"
		}
		for _, name := range answer.Buckets {
			say(w, "bucket %s %s\n", name, word)
		}
		if len(answer.Buckets) == 0 {
			say(w, "Every bucket sends its events to EventBridge already.\n")
		}
	})
}

// silentBuckets are the buckets of jobs that do not send their events to EventBridge.
func (r *examination) silentBuckets(ctx context.Context) ([]string, error) {
	silent := []string{}
	for _, name := range r.bucketNames() {
		on, err := r.bucket(name).EventBridge(ctx)
		if err != nil {
			return nil, err
		}
		if !on {
			silent = append(silent, name)
		}
	}
	return silent, nil
}

// fixBucket changes one bucket, and looks whether it has.
func fixBucket(ctx context.Context, b *bucket.Bucket, name, account string) error {
	if err := b.SendToEventBridge(ctx, account); err != nil {
		return err
	}
	on, err := b.EventBridge(ctx)
	if err == nil && !on {
		return problem{errors.New("bucket " + name + " was changed by somebody else at the same time; run the command again")}
	}
	return err
}
