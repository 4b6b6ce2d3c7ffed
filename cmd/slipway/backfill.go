package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/cloud/bucket"
	"slipway/internal/run"
)

// backfillFlags are the flags of backfill.
type backfillFlags struct {
	prefix, since, until    string
	allVersions, withRecent bool
	limit                   int
	dryRun, yes             bool
	values                  []string
}

func backfillCommand(o *options) *cobra.Command {
	var f backfillFlags
	c := &cobra.Command{
		Use:   "backfill JOB",
		Short: "Start runs for objects that have none yet",
		Long: `Backfill lists the bucket of a job and admits a run for every object that the job takes and that has no run yet: for
objects from before the job, or whose events were lost. Running it again does no harm, and goes on where it was stopped.

In a bucket with versions the version ID gives the same run as the event did. Elsewhere, and where the event named no
version, an object counts as having a run when the ledger knows one of the job for the same key and ETag that was
admitted after the object was written. Objects without a version of the last 15 minutes are left out, because their
events may still be on their way; --include-recent takes them.
Runs are forgotten 90 days after their end: choose with --since what is to be looked at.

With --json it prints the counts, and the first 1,000 runs.`,
		Example: `  slipway backfill images --prefix incoming/2027/ --dry-run
  slipway backfill images --since 7d --yes
  slipway backfill images --all-versions --limit 1000`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.backfill(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.prefix, "prefix", "", "only keys that begin so (default what the job's pattern begins with)")
	flags.StringVar(&f.since, "since", "", "only objects written at this time or later: 2h, 7d or 2027-03-27T00:00:00Z")
	flags.StringVar(&f.until, "until", "", "only objects written before this time")
	flags.BoolVar(&f.allVersions, "all-versions", false, "also versions that are not the newest of their key")
	flags.BoolVar(&f.withRecent, "include-recent", false, "also objects without a version of the last 15 minutes")
	flags.IntVar(&f.limit, "limit", 0, "admit at most so many runs; 0: all")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be admitted, and admit nothing")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask, also for more than 100 runs")
	flags.StringArrayVar(&f.values, "value", nil, "a deploy-time value that the stack's outputs do not give, as NAME=TEXT")
	return c
}

func (o *options) backfill(ctx context.Context, name string, f backfillFlags) error {
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	jobs, err := d.configured(f.values)
	if err != nil {
		return err
	}
	job, err := o.jobNamed(jobs, name)
	if err != nil {
		return err
	}
	switch {
	case job.Trigger.Schedule != nil:
		return fmt.Errorf("job %s is started by a schedule, and backfill of scheduled times is not there yet; \"slipway start %s\" starts one run by hand", name, name)
	case job.Trigger.S3 == nil:
		return fmt.Errorf("job %s is only started by hand: there is nothing to fill; use \"slipway start %s\"", name, name)
	case strings.Contains(job.Trigger.S3.Bucket, "${"):
		return fmt.Errorf("job %s watches the bucket %s, which no output of stack %s gives; give it with --value NAME=TEXT", name, job.Trigger.S3.Bucket, d.name)
	}
	b, err := d.newBackfill(ctx, jobs, job, f)
	if err != nil {
		return err
	}
	err = b.run(ctx)
	if told := o.answer(b.report, b.print); told != nil {
		return told
	}
	return err
}

// newBackfill looks at the bucket and reads what the ledger knows of its objects.
func (d *deployed) newBackfill(ctx context.Context, jobs []run.Job, job run.Job, f backfillFlags) (*backfill, error) {
	now, s3 := d.now(), job.Trigger.S3
	since, err := moment("--since", f.since, now)
	if err != nil {
		return nil, err
	}
	until, err := moment("--until", f.until, now)
	if err != nil {
		return nil, err
	}
	if f.limit < 0 {
		return nil, fmt.Errorf("read --limit: %d is less than 0", f.limit)
	}
	if f.prefix == "" {
		f.prefix = prefixOf(s3.Keys)
	}
	b := &backfill{
		deployed: d, job: job, flags: f, since: since, until: until, progress: d.progress(), runs: d.runs(jobs),
		bucket: bucket.New(d.cfg, d.endpoint("S3"), s3.Bucket),
		report: backfilled{Job: job.Name, Bucket: s3.Bucket, Prefix: f.prefix, DryRun: f.dryRun, Runs: []filled{}},
	}
	if b.versioned, err = b.bucket.Versioned(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// prefixOf is what every key that the patterns take begins with.
func prefixOf(patterns []string) string {
	prefix, including := "", 0
	for _, p := range patterns {
		if !strings.HasPrefix(p, "!") {
			prefix = p
			including++
		}
	}
	if including != 1 {
		return ""
	}
	if i := strings.IndexAny(prefix, `*?[{\`); i >= 0 {
		prefix = prefix[:i]
	}
	return prefix
}

// backfilled is the answer of backfill.
type backfilled struct {
	Job      string   `json:"job"`
	Bucket   string   `json:"bucket"`
	Prefix   string   `json:"prefix"`
	DryRun   bool     `json:"dryRun"`
	Listed   int      `json:"listed"`
	Matched  int      `json:"matched"` // the job takes them, and they are of the time asked for
	HadRun   int      `json:"hadRun"`
	Recent   int      `json:"recent"`   // left out: their events may still be on their way
	Admitted int      `json:"admitted"` // with dryRun: would be
	Failed   int      `json:"failed"`
	Limited  bool     `json:"limited"` // --limit ended it
	Runs     []filled `json:"runs"`    // the first ones
}

// filled is a run that was admitted, or would be.
type filled struct {
	ID     run.ID     `json:"id"`
	Object run.Object `json:"object"`
}

// maxFilled bounds how many runs are listed.
const maxFilled = 1000

func (b *backfill) print(w io.Writer) {
	r, verb := b.report, "were admitted"
	if r.DryRun {
		verb = "would be admitted"
	}
	say(w, "%s listed in s3://%s/%s, %d for job %s: %d had a run, %d %s.\n",
		count(r.Listed, "object"), r.Bucket, r.Prefix, r.Matched, r.Job, r.HadRun, r.Admitted, verb)
	if r.Recent > 0 {
		say(w, "%s of the last %s left out, because their events may still be on their way: run the command again later, or with --include-recent.\n",
			count(r.Recent, "object"), recent)
	}
	if r.Failed > 0 {
		say(w, "%s could not be admitted: run the command again.\n", count(r.Failed, "object"))
	}
	if r.Limited {
		say(w, "--limit was reached: run the command again for more.\n")
	}
}

// recent is how long the event of an object may be on its way.
const recent = 15 * time.Minute

var errNotAll = errors.New("some objects could not be admitted")
