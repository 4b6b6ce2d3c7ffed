package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"slipway/internal/orchestrator"
	"slipway/internal/run"
	"slipway/internal/schedule"
)

// maxBackfill bounds how many runs one backfill of scheduled times may be about.
const maxBackfill = 100_000

// timesBackfill admits the scheduled times of one job that have no run.
type timesBackfill struct {
	*deployed
	job      run.Job
	flags    backfillFlags
	from, to time.Time
	schedule schedule.Schedule
	runs     *orchestrator.Orchestrator
	progress *progress
	report   backfilledTimes
	open     []run.ID // those of the runs that may be unfinished
	paused   bool     // when it began
}

// backfilledTimes is the answer of backfill for a job with a schedule.
type backfilledTimes struct {
	Job        string       `json:"job"`
	From       time.Time    `json:"from"`
	To         time.Time    `json:"to"`
	DryRun     bool         `json:"dryRun"`
	Parallel   int          `json:"parallel"` // 0: nothing but concurrency.max bounds them
	Times      int          `json:"times"`    // scheduled times from from up to, but without, to
	Matched    int          `json:"matched"`  // the runs that they have: trigger.count of each
	HadRun     int          `json:"hadRun"`
	Admitted   int          `json:"admitted"`   // with dryRun: would be
	Failed     int          `json:"failed"`     // could not be admitted
	Limited    bool         `json:"limited"`    // --limit ended it
	Unfinished int          `json:"unfinished"` // of all of them, as far as the command has seen
	Runs       []filledTime `json:"runs"`       // the first ones
}

// filledTime is a run that was admitted, or would be.
type filledTime struct {
	ID            run.ID    `json:"id"`
	ScheduledTime time.Time `json:"scheduledTime"`
	IntervalStart time.Time `json:"intervalStart"`
	Index         int       `json:"index"`
}

// backfillTimes fills the scheduled times of a job.
func (d *deployed) backfillTimes(ctx context.Context, jobs []run.Job, job run.Job, f backfillFlags) error {
	b, err := d.newTimesBackfill(jobs, job, f)
	if err != nil {
		return err
	}
	err = b.run(ctx)
	b.progress.end()
	b.report.Unfinished = len(b.open)
	if told := d.answer(b.report, b.print); told != nil {
		return told
	}
	return err
}

func (d *deployed) newTimesBackfill(jobs []run.Job, job run.Job, f backfillFlags) (*timesBackfill, error) {
	b := &timesBackfill{deployed: d, job: job, flags: f, runs: d.runs(jobs), progress: d.progress()}
	var err error
	if b.from, b.to, err = f.between(job.Name, d.now()); err != nil {
		return nil, err
	}
	if b.schedule, err = schedule.For(*job.Trigger.Schedule); err != nil {
		return nil, fmt.Errorf("read the schedule of job %s: %w", job.Name, err)
	}
	if f.limit < 0 {
		return nil, fmt.Errorf("read --limit: %d is less than 0", f.limit)
	}
	if f.parallel < 0 || f.parallel > maxParallel {
		return nil, fmt.Errorf("read --parallel: %d is not between 1 and %d", f.parallel, maxParallel)
	}
	if most := job.Concurrency.Max; job.Concurrency.KnowsHolders() && (f.parallel == 0 || f.parallel > most) {
		b.flags.parallel = most
		say(d.err, "note: job %s has %s when it is full: at most %s at a time, as with --parallel %d\n", job.Name, doing[job.Concurrency.WhenFull], count(most, "run"), most)
	}
	b.report = backfilledTimes{Job: job.Name, From: b.from.UTC(), To: b.to.UTC(), DryRun: f.dryRun, Parallel: b.flags.parallel, Runs: []filledTime{}}
	return b, nil
}

// doing is what a job does to runs for which it has no room.
var doing = map[run.WhenFull]string{run.WhenFullSkip: "runs skipped", run.WhenFullReplace: "runs replaced"}

// maxParallel bounds how many runs are followed at a time.
const maxParallel = 1000

// between reads --from and --to, and refuses a range that no backfill could be about.
func (f backfillFlags) between(job string, now time.Time) (from, to time.Time, err error) {
	if f.from == "" || f.to == "" {
		day := now.UTC().Truncate(24 * time.Hour)
		return from, to, fmt.Errorf("job %s is started by a schedule: say which of its times are meant, as in --from %s --to %s",
			job, stamp(day.AddDate(0, 0, -1)), stamp(day))
	}
	if from, err = instant("--from", f.from); err != nil {
		return from, to, err
	}
	if to, err = instant("--to", f.to); err != nil {
		return from, to, err
	}
	switch {
	case to.Equal(from):
		err = fmt.Errorf("--from and --to are the same, and the time of --to is not part of the range: give a later --to")
	case to.Before(from):
		err = fmt.Errorf("--to %s is before --from %s: turn them around, as in --from %s --to %s", f.to, f.from, f.to, f.from)
	case !from.Before(now):
		err = fmt.Errorf("--from %s is in the future, and times that come are admitted by the scheduler: the newest that works is --to %s with an earlier --from", f.from, stamp(now))
	case to.After(now):
		err = fmt.Errorf("--to %s is in the future, and times that come are admitted by the scheduler: the nearest that works is --from %s --to %s", f.to, f.from, stamp(now))
	}
	return from, to, err
}

func instant(flag, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("read %s: %q is not a time such as 2027-03-27T00:00:00Z", flag, text)
	}
	return t, nil
}

func (b *timesBackfill) run(ctx context.Context) error {
	wants, err := b.wants()
	if err != nil {
		return err
	}
	if err := b.tell(ctx); err != nil {
		return err
	}
	missing, err := b.missing(ctx, wants)
	if err != nil {
		return err
	}
	if b.flags.reverse {
		slices.Reverse(missing)
	}
	if limit := b.flags.limit; limit > 0 && len(missing) > limit {
		missing, b.report.Limited = missing[:limit], true
	}
	if b.flags.dryRun {
		for _, w := range missing {
			b.note(w)
		}
		return nil
	}
	if len(missing) > maxUnasked {
		b.progress.end()
		if err := b.agreed(fmt.Sprintf("backfill %s of job %s", count(len(missing), "run"), b.job.Name), b.flags.yes); err != nil {
			return err
		}
	}
	return b.fill(ctx, missing)
}

// wants are the runs of every scheduled time in the range.
func (b *timesBackfill) wants() ([]orchestrator.Want, error) {
	each := max(b.job.Trigger.Schedule.Count, 1)
	times, more := b.schedule.Times(b.from.Add(-1), b.to.Add(-1), maxBackfill/each)
	if more {
		next, _ := b.schedule.Next(times[len(times)-1].At)
		return nil, fmt.Errorf("from %s to %s, job %s has more than the %d runs that one backfill may be about: take a part at a time; the first is --from %s --to %s",
			b.flags.from, b.flags.to, b.job.Name, maxBackfill, b.flags.from, stamp(next))
	}
	wants := orchestrator.WantsOf(b.job, times)
	for i := range wants {
		wants[i].NotBefore = time.Time{} // jitter spreads jobs over a minute that is long over
	}
	b.report.Times, b.report.Matched = len(times), len(wants)
	return wants, nil
}

// tell says what somebody who fills times should know before.
func (b *timesBackfill) tell(ctx context.Context) error {
	s, err := b.ledger.Job(ctx, b.job.Name)
	if err != nil {
		return err
	}
	b.paused = s.Paused
	if s.Paused {
		say(b.err, "note: job %s is paused; a backfill admits its runs all the same\n", b.job.Name)
	}
	if forgotten := b.now().Add(-run.KeepFor); b.from.Before(forgotten) {
		say(b.err, "note: runs are forgotten 90 days after their end: times before %s may have had one\n", stamp(forgotten))
	}
	return nil
}

func idOf(w orchestrator.Want) run.ID {
	if w.Input.Count > 0 {
		return run.IndexedID(w.Job, *w.Input.ScheduledTime, w.Input.Index)
	}
	return run.ScheduledID(w.Job, *w.Input.ScheduledTime)
}

// missing are those whose run is not in the ledger. Runs that are there and unfinished count for --parallel.
func (b *timesBackfill) missing(ctx context.Context, wants []orchestrator.Want) ([]orchestrator.Want, error) {
	var out []orchestrator.Want
	looked := 0
	for part := range slices.Chunk(wants, pageSize) {
		states, err := b.states(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, w := range part {
			id := idOf(w)
			state, known := states[id]
			switch {
			case !known:
				out = append(out, w)
				continue
			case !state.Final():
				b.open = append(b.open, id)
			}
			b.report.HadRun++
		}
		looked += len(part)
		b.progress.tell("%d of %d looked up, %d had a run", looked, len(wants), b.report.HadRun)
	}
	return out, nil
}

// states are the states of the runs that are in the ledger. One that this release cannot read is there.
func (b *timesBackfill) states(ctx context.Context, wants []orchestrator.Want) (map[run.ID]run.State, error) {
	var ids []run.ID
	for _, w := range wants {
		ids = append(ids, idOf(w))
	}
	return b.statesOf(ctx, ids)
}

func (b *timesBackfill) statesOf(ctx context.Context, ids []run.ID) (map[run.ID]run.State, error) {
	out := map[run.ID]run.State{}
	runs, err := b.ledger.Runs(ctx, ids)
	if err != nil && !unreadable(err) {
		return nil, err
	}
	for _, r := range runs {
		out[r.ID] = r.State
	}
	if err == nil {
		return out, nil
	}
	for _, id := range ids { // one of them cannot be read: each by itself
		switch r, err := b.ledger.Run(ctx, id); {
		case err == nil:
			out[id] = r.State
		case unreadable(err):
			out[id] = run.Succeeded
			say(b.err, "note: %s; it counts as there\n", err)
		case !isUnknown(err):
			return nil, err
		}
	}
	return out, nil
}

// fill admits runs, all at once or so many at a time, and has them launched, also after an error or an interrupt.
func (b *timesBackfill) fill(ctx context.Context, missing []orchestrator.Want) error {
	total := len(missing)
	for len(missing) > 0 {
		n, err := b.room(ctx, len(missing))
		if err != nil {
			return err
		}
		b.progress.tell("%d of %d admitted, %d unfinished", b.report.Admitted, total, len(b.open))
		before := b.report.Admitted
		err = b.admit(ctx, missing[:n])
		missing = missing[n:]
		if b.report.Admitted > before && (b.flags.parallel > 0 || err != nil || len(missing) == 0) {
			b.nudge(context.WithoutCancel(ctx), b.job.Name)
		}
		if err != nil {
			return err
		}
	}
	if b.report.Failed > 0 {
		return problem{errNotAllTimes}
	}
	return nil
}

var errNotAllTimes = errors.New("some scheduled times could not be admitted")

// room is how many runs may be admitted now. It waits until there is room for one.
func (b *timesBackfill) room(ctx context.Context, most int) (int, error) {
	most = min(most, pageSize)
	if b.flags.parallel == 0 {
		return most, nil
	}
	for {
		if err := b.look(ctx); err != nil {
			return 0, err
		}
		if free := b.flags.parallel - len(b.open); free > 0 {
			return min(most, free), nil
		}
		b.progress.tell("%d admitted, %d unfinished", b.report.Admitted, len(b.open))
		if err := b.sleep(ctx, followEvery); err != nil {
			return 0, err
		}
	}
}

// look forgets runs that have ended, and ends the backfill of a job that was paused meanwhile.
func (b *timesBackfill) look(ctx context.Context) error {
	if len(b.open) == 0 {
		return nil
	}
	if err := b.prune(ctx); err != nil {
		return err
	}
	s, err := b.ledger.Job(ctx, b.job.Name)
	if err != nil {
		return err
	}
	if s.Paused && !b.paused {
		return problem{fmt.Errorf("job %s has been paused meanwhile: %s; look at it, then run the command again to go on", b.job.Name, oneLine(s.PausedWhy))}
	}
	return nil
}

// prune forgets runs that have ended. It looks at no more of them than it takes to know that there is no room: an
// earlier backfill may have left thousands in the queue.
func (b *timesBackfill) prune(ctx context.Context) error {
	var open []run.ID
	for len(b.open) > 0 && len(open) < b.flags.parallel {
		part := b.open[:min(len(b.open), pageSize)]
		states, err := b.statesOf(ctx, part)
		if err != nil {
			return err
		}
		for _, id := range part {
			if state, known := states[id]; known && !state.Final() {
				open = append(open, id)
			}
		}
		b.open = b.open[len(part):]
	}
	b.open = append(open, b.open...)
	return nil
}

func (b *timesBackfill) admit(ctx context.Context, wants []orchestrator.Want) error {
	for i, a := range b.runs.Admit(ctx, wants) {
		switch {
		case a.Err != nil:
			if _, refused := afterRefusal(a.Err); refused || ctx.Err() != nil {
				return a.Err
			}
			b.report.Failed++
			say(b.err, "%s: %s\n", idOf(wants[i]), a.Err)
			continue
		case a.Result == orchestrator.Duplicate:
			b.report.HadRun++
		default:
			b.note(wants[i])
		}
		b.open = append(b.open, a.ID)
	}
	return nil
}

// note counts a run, and tells of it.
func (b *timesBackfill) note(w orchestrator.Want) {
	b.report.Admitted++
	id, in := idOf(w), w.Input
	if len(b.report.Runs) < maxFilled {
		b.report.Runs = append(b.report.Runs, filledTime{id, *in.ScheduledTime, *in.IntervalStart, in.Index})
	}
	if !b.json {
		b.progress.end()
		say(b.out, "%s  [%s, %s)\n", id, stamp(*in.IntervalStart), stamp(*in.ScheduledTime))
	}
}

func (b *timesBackfill) print(w io.Writer) {
	r, verb := b.report, "were admitted"
	if r.DryRun {
		verb = "would be admitted"
	}
	say(w, "%s of job %s from %s up to %s, %s: %d had a run, %d %s.\n",
		count(r.Times, "scheduled time"), r.Job, stamp(r.From), stamp(r.To), count(r.Matched, "run"), r.HadRun, r.Admitted, verb)
	if r.Times == 0 {
		b.printNeighbours(w)
	}
	if r.Failed > 0 {
		say(w, "%s could not be admitted: run the command again.\n", count(r.Failed, "run"))
	}
	if r.Limited {
		say(w, "--limit was reached: run the command again for more.\n")
	}
	if r.Unfinished > 0 && !r.DryRun {
		say(w, "%s not finished yet; \"slipway runs --job %s\" shows them.\n", count(r.Unfinished, "run"), r.Job)
	}
}

// printNeighbours tells of the times next to a range that has none.
func (b *timesBackfill) printNeighbours(w io.Writer) {
	if before, ok := b.schedule.Prev(b.from); ok {
		say(w, "The last time before it is %s.\n", stamp(before))
	}
	if after, ok := b.schedule.Next(b.to.Add(-1)); ok {
		say(w, "The first time after it is %s.\n", stamp(after))
	}
}
