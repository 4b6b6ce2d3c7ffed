package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"time"

	"slipway/internal/cloud/bucket"
	"slipway/internal/ledger"
	"slipway/internal/match"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// backfill goes through a bucket once. It holds one page of objects at a time, and some 40 bytes for each run of the job
// where versions do not tell.
type backfill struct {
	*deployed
	job       run.Job
	flags     backfillFlags
	since     time.Time
	until     time.Time
	bucket    *bucket.Bucket
	versioned bool
	history   map[content]int64 // nil: not read yet
	runs      *orchestrator.Orchestrator
	progress  *progress
	report    backfilled
	agreed    bool
}

// content is a key with its ETag, hashed.
type content [16]byte

func contentOf(object, etag string) content {
	sum := sha256.Sum256([]byte(object + "\x00" + etag))
	return content(sum[:16])
}

// pageSize is how many objects are looked up and admitted together.
const pageSize = 500

// run goes through the bucket, and has what was admitted launched, also after an error or an interrupt.
func (b *backfill) run(ctx context.Context) error {
	err := b.walk(ctx)
	b.progress.end()
	if b.report.Admitted > 0 && !b.flags.dryRun {
		b.nudge(context.WithoutCancel(ctx), b.job.Name)
	}
	if err == nil && b.report.Failed > 0 {
		return problem{errNotAll}
	}
	return err
}

func (b *backfill) walk(ctx context.Context) error {
	var page []bucket.Version
	for v, err := range b.list(ctx) {
		if err != nil {
			return err
		}
		b.report.Listed++
		b.progress.tell("%d listed, %d for the job, %d had a run, %d admitted", b.report.Listed, b.report.Matched, b.report.HadRun, b.report.Admitted)
		candidate, err := b.candidate(ctx, v)
		if err != nil {
			return err
		}
		if candidate {
			page = append(page, v)
		}
		if len(page) == pageSize {
			if more, err := b.fill(ctx, page); err != nil || !more {
				return err
			}
			page = page[:0]
		}
	}
	_, err := b.fill(ctx, page)
	return err
}

// candidate reports whether the version may want a run.
func (b *backfill) candidate(ctx context.Context, v bucket.Version) (bool, error) {
	if !b.wants(v) {
		return false, nil
	}
	known, err := b.known(ctx, v)
	return !known, err
}

func (b *backfill) list(ctx context.Context) iter.Seq2[bucket.Version, error] {
	if b.versioned {
		return b.bucket.Versions(ctx, b.flags.prefix)
	}
	return b.bucket.Objects(ctx, b.flags.prefix)
}

// wants reports whether the job takes the version, and it is one of those asked for.
func (b *backfill) wants(v bucket.Version) bool {
	switch {
	case !v.Latest && !b.flags.allVersions,
		!b.since.IsZero() && v.Modified.Before(b.since),
		!b.until.IsZero() && !v.Modified.Before(b.until),
		!match.Match([]run.Job{b.job}, v.Object)[0].Matched:
		return false
	}
	b.report.Matched++
	return true
}

// byVersion reports whether the version ID alone tells the run of an object: the event has named the same.
func byVersion(o run.Object) bool { return o.VersionID != "" && o.VersionID != "null" }

// clocks is how far the clock that stamps an object may be ahead of the one that stamps its run.
const clocks = 5 * time.Minute

// known reports whether an object without a version has a run, or may still get one from its event.
func (b *backfill) known(ctx context.Context, v bucket.Version) (bool, error) {
	if byVersion(v.Object) {
		return false, nil
	}
	admitted, err := b.lastAdmitted(ctx, v)
	switch {
	case err != nil:
		return false, err
	case !admitted.IsZero():
		b.report.HadRun++
		return true, nil
	case !b.flags.withRecent && b.now().Sub(v.Modified) < recent:
		b.report.Recent++
		return true, nil
	}
	return false, nil
}

// lastAdmitted is when a run of the job was last admitted for the same key and content since the object was written;
// zero: never.
func (b *backfill) lastAdmitted(ctx context.Context, v bucket.Version) (time.Time, error) {
	if err := b.readHistory(ctx); err != nil {
		return time.Time{}, err
	}
	ms, known := b.history[contentOf(v.Bucket+"/"+v.Key, v.ETag)]
	at := time.UnixMilli(ms)
	if !known || at.Before(v.Modified.Add(-clocks)) {
		return time.Time{}, nil
	}
	return at, nil
}

// unnamed reports whether a version has a run although its ID is another: its event named no version.
func (b *backfill) unnamed(ctx context.Context, v bucket.Version) (bool, error) {
	if !byVersion(v.Object) {
		return false, nil
	}
	at, err := b.lastAdmitted(ctx, v)
	if err != nil || at.IsZero() {
		return false, err
	}
	q := ledger.Query{Job: b.job.Name, Object: v.Bucket + "/" + v.Key, Since: at, Until: at.Add(time.Millisecond)}
	listed, err := b.ledger.List(ctx, q)
	if err != nil {
		return false, err
	}
	runs, _, err := b.stored(ctx, listed)
	return slices.ContainsFunc(runs, func(r run.Run) bool {
		o := r.Input.Object
		return o != nil && o.Key == v.Key && o.ETag == v.ETag && !byVersion(*o)
	}), err
}

// readHistory reads, once, when each content of the bucket was last admitted for the job.
func (b *backfill) readHistory(ctx context.Context) error {
	if b.history != nil {
		return nil
	}
	b.history = map[content]int64{}
	q := ledger.Query{Job: b.job.Name, Object: b.report.Bucket + "/" + b.flags.prefix + "*"}
	if !b.since.IsZero() {
		q.Since = b.since.Add(-clocks)
	}
	for l, err := range b.ledger.Each(ctx, q) {
		if err != nil {
			return err
		}
		c := contentOf(l.Object, l.ETag)
		b.history[c] = max(b.history[c], l.AdmittedAt.UnixMilli())
		b.progress.tell("%d objects of the ledger read", len(b.history))
	}
	return nil
}

// fill admits the objects of a page that have no run. More says whether there is to be another page.
func (b *backfill) fill(ctx context.Context, page []bucket.Version) (more bool, err error) {
	missing, err := b.missing(ctx, page)
	if err != nil {
		return false, err
	}
	if left := b.flags.limit - b.report.Admitted; b.flags.limit > 0 && len(missing) > left {
		missing, b.report.Limited = missing[:left], true
	}
	if err := b.allowed(len(missing)); err != nil {
		return false, err
	}
	if b.flags.dryRun {
		for _, o := range missing {
			b.note(b.idOf(o), o)
		}
		return !b.report.Limited, nil
	}
	return !b.report.Limited, b.admit(ctx, missing)
}

func (b *backfill) idOf(o run.Object) run.ID { return run.ObjectID(b.name, b.job.Name, o) }

// missing are the objects whose run is not in the ledger.
func (b *backfill) missing(ctx context.Context, page []bucket.Version) ([]run.Object, error) {
	var ids []run.ID
	seen := map[run.ID]bool{}
	for _, v := range page {
		ids = append(ids, b.idOf(v.Object))
	}
	stored, err := b.ledger.Runs(ctx, ids)
	if err != nil && !unreadable(err) {
		return nil, err
	}
	for _, r := range stored {
		seen[r.ID] = true
	}
	var out []run.Object
	for i, v := range page {
		had := seen[ids[i]]
		if !had {
			if had, err = b.unnamed(ctx, v); err != nil {
				return nil, err
			}
		}
		if had {
			b.report.HadRun++
			continue
		}
		seen[ids[i]] = true
		out = append(out, v.Object)
	}
	return out, nil
}

// allowed asks before the hundred and first run. How many there will be in the end, nobody knows yet.
func (b *backfill) allowed(n int) error {
	if b.flags.dryRun || b.agreed || b.report.Admitted+n <= maxUnasked {
		return nil
	}
	b.progress.end()
	question := fmt.Sprintf("more than %d runs of job %s would be started", maxUnasked, b.job.Name)
	err := b.deployed.agreed(question, b.flags.yes)
	b.agreed = err == nil
	return err
}

func (b *backfill) admit(ctx context.Context, objects []run.Object) error {
	var wants []orchestrator.Want
	for i := range objects {
		wants = append(wants, orchestrator.Want{Job: b.job.Name, Trigger: run.ByObject, Input: run.Input{Object: &objects[i]}})
	}
	for i, a := range b.runs.Admit(ctx, wants) {
		switch {
		case a.Err != nil:
			if _, refused := afterRefusal(a.Err); refused || ctx.Err() != nil {
				return a.Err
			}
			b.report.Failed++
			say(b.err, "s3://%s/%s: %s\n", objects[i].Bucket, objects[i].Key, a.Err)
		case a.Result == orchestrator.Duplicate:
			b.report.HadRun++
		default:
			b.note(a.ID, objects[i])
		}
	}
	return nil
}

// note counts a run, and tells of it.
func (b *backfill) note(id run.ID, o run.Object) {
	b.report.Admitted++
	if len(b.report.Runs) < maxFilled {
		b.report.Runs = append(b.report.Runs, filled{id, o})
	}
	if !b.json {
		b.progress.end()
		say(b.out, "%s  %s\n", id, oneLine("s3://"+o.Bucket+"/"+o.Key))
	}
}
