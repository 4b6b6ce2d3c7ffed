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
	from, to                string
	parallel                int
	reverse                 bool
	allVersions, withRecent bool
	limit                   int
	dryRun, yes             bool
	values                  []string
}

func backfillCommand(o *options) *cobra.Command {
	var f backfillFlags
	c := &cobra.Command{
		Use:   "backfill JOB",
		Short: "Start runs for objects, or for scheduled times, that have none yet",
		Long: `Backfill admits the runs that a job has missed. Running it again does no harm, and goes on where it was stopped: what has
a run is counted, and left alone.

For a job with a schedule it admits the scheduled times from --from up to, but without, --to that have no run, each with
its interval, and without jitter, whether the job is paused or not. Without --parallel all of them are queued, and
concurrency.max bounds how many have a task; those that are not launched within startWithin fail. With --parallel the
command follows the runs, and keeps so many of them unfinished at a time until all are admitted; it ends early when the
job is paused meanwhile, as pauseOnFailure does. For a job that skips or replaces runs when it is full, --parallel is its
concurrency.max. More than 100,000 runs are refused.

For a job that is started by objects it lists the bucket and admits a run for every object that the job takes and that
has no run yet: for objects from before the job, or whose events were lost. In a bucket with versions the version ID gives
the same run as the event did. Elsewhere, and where the event named no version, an object counts as having a run when the
ledger knows one of the job for the same key and ETag that was admitted after the object was written. Objects without a
version of the last 15 minutes are left out, because their events may still be on their way; --include-recent takes them.

Runs are forgotten 90 days after their end: choose with --from or --since what is to be looked at.

With --json it prints the counts, and the first 1,000 runs: for a schedule {"job", "from", "to", "dryRun", "parallel",
"times", "matched", "hadRun", "admitted", "failed", "limited", "unfinished", "runs": [{"id", "scheduledTime",
"intervalStart", "index"}]}, for objects {"job", "bucket", "prefix", "dryRun", "listed", "matched", "hadRun", "recent",
"admitted", "failed", "limited", "runs": [{"id", "object"}]}.`,
		Example: `  slipway backfill hourly-report --from 2027-03-01T00:00:00Z --to 2027-03-08T00:00:00Z --dry-run
  slipway backfill hourly-report --from 2027-03-01T00:00:00Z --to 2027-03-08T00:00:00Z --parallel 2 --yes
  slipway backfill images --prefix incoming/2027/ --dry-run
  slipway backfill images --since 7d --yes
  slipway backfill images --all-versions --limit 1000`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.backfill(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.from, "from", "", "of a schedule: the times from this one on, RFC 3339")
	flags.StringVar(&f.to, "to", "", "of a schedule: the times before this one, RFC 3339")
	flags.IntVar(&f.parallel, "parallel", 0, "of a schedule: at most so many of the runs unfinished at a time; 0: all are queued at once")
	flags.BoolVar(&f.reverse, "reverse", false, "of a schedule: the newest time first")
	flags.StringVar(&f.prefix, "prefix", "", "of objects: only keys that begin so (default what the job's pattern begins with)")
	flags.StringVar(&f.since, "since", "", "of objects: only those written at this time or later: 2h, 7d or 2027-03-27T00:00:00Z")
	flags.StringVar(&f.until, "until", "", "of objects: only those written before this time")
	flags.BoolVar(&f.allVersions, "all-versions", false, "of objects: also versions that are not the newest of their key")
	flags.BoolVar(&f.withRecent, "include-recent", false, "of objects: also those without a version of the last 15 minutes")
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
	if err := f.fit(job); err != nil {
		return err
	}
	if job.Trigger.Schedule != nil {
		return d.backfillTimes(ctx, jobs, job, f)
	}
	return d.backfillObjects(ctx, jobs, job, f)
}

// ofTimes reports whether a flag for jobs with a schedule is given.
func (f backfillFlags) ofTimes() bool {
	return f.from+f.to != "" || f.parallel != 0 || f.reverse
}

// ofObjects reports whether a flag for jobs that are started by objects is given.
func (f backfillFlags) ofObjects() bool {
	return f.prefix+f.since+f.until != "" || f.allVersions || f.withRecent
}

// fit refuses flags that are for jobs with another trigger.
func (f backfillFlags) fit(job run.Job) error {
	switch {
	case job.Trigger.Schedule == nil && job.Trigger.S3 == nil:
		return fmt.Errorf("job %s is only started by hand: there is nothing to fill; use \"slipway start %s\"", job.Name, job.Name)
	case job.Trigger.Schedule != nil && f.ofObjects():
		return fmt.Errorf("job %s is started by a schedule: say which times with --from and --to; --prefix, --since, --until, --all-versions and --include-recent are for jobs that are started by objects", job.Name)
	case job.Trigger.S3 != nil && f.ofTimes():
		return fmt.Errorf("job %s is started by objects: choose them with --prefix, --since and --until; --from, --to, --parallel and --reverse are for jobs with a schedule", job.Name)
	}
	return nil
}

// backfillObjects fills the objects of a job's bucket.
func (d *deployed) backfillObjects(ctx context.Context, jobs []run.Job, job run.Job, f backfillFlags) error {
	if strings.Contains(job.Trigger.S3.Bucket, "${") {
		return fmt.Errorf("job %s watches the bucket %s, which no output of stack %s gives; give it with --value NAME=TEXT", job.Name, job.Trigger.S3.Bucket, d.name)
	}
	b, err := d.newBackfill(ctx, jobs, job, f)
	if err != nil {
		return err
	}
	err = b.run(ctx)
	if told := d.answer(b.report, b.print); told != nil {
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
