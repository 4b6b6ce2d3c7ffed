package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/config/compile"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
	"slipway/internal/schedule"
)

// pauseFlags are the flags of pause and resume.
type pauseFlags struct {
	why    string
	yes    bool
	dryRun bool
}

func (f *pauseFlags) flags(c *cobra.Command) {
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask, also for more than 100 jobs")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and do nothing")
}

// pausing is the answer of pause and resume for one job.
type pausing struct {
	Job       string     `json:"job"`
	Paused    bool       `json:"paused"`  // afterwards
	Changed   bool       `json:"changed"` // with a dry run: would be
	PausedAt  *time.Time `json:"pausedAt"`
	PausedWhy string     `json:"pausedWhy"`
	Due       int        `json:"due"`    // scheduled times that the next tick admits
	Missed    int        `json:"missed"` // scheduled times that catchUp gives up
	Note      string     `json:"note,omitempty"`
}

func pauseCommand(o *options) *cobra.Command {
	var f pauseFlags
	c := &cobra.Command{
		Use:   "pause JOB…",
		Short: "Let no scheduled time of a job be admitted until it is resumed",
		Long: `Pause keeps the scheduled times of jobs from becoming runs. Runs that exist go on, and "slipway start" and "slipway
backfill" work as ever. Who did it and --why are kept, and "slipway jobs" shows them. Only scheduled times can be paused:
jobs that are started by objects are refused.
With --json it prints an array of {"job", "paused", "changed", "pausedAt", "pausedWhy", "due", "missed", "note"}.`,
		Example: `  slipway pause hourly-report --why 'the database moves'
  slipway pause hourly-report nightly-import --dry-run`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.pauseJobs(c.Context(), args, f) },
	}
	c.Flags().StringVar(&f.why, "why", "", "the reason, for those who wonder")
	f.flags(c)
	return c
}

func resumeCommand(o *options) *cobra.Command {
	var f pauseFlags
	c := &cobra.Command{
		Use:   "resume JOB…",
		Short: "Let a paused job go on",
		Long: `Resume lets the scheduled times of paused jobs become runs again, also of those that pauseOnFailure has paused; its
count of failures begins anew. What becomes of the times that passed meanwhile, trigger.catchUp says: resume tells how many
the next tick admits, and how many are given up. "slipway backfill" can still admit those.
With --json it prints an array of {"job", "paused", "changed", "pausedAt", "pausedWhy", "due", "missed", "note"}.`,
		Example: `  slipway resume hourly-report
  slipway resume hourly-report --dry-run               what catchUp would do now`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.resumeJobs(c.Context(), args, f) },
	}
	f.flags(c)
	return c
}

func (o *options) pauseJobs(ctx context.Context, names []string, f pauseFlags) error {
	if len(f.why) > maxWhy {
		return fmt.Errorf("read --why: it has more than %d bytes", maxWhy)
	}
	p, err := o.pausable(ctx, names)
	if err != nil {
		return err
	}
	for _, j := range p.jobs {
		if j.Trigger.Schedule == nil {
			return unscheduled(j)
		}
	}
	why := p.reason(ctx, operateFlags{why: f.why, dryRun: f.dryRun})
	return p.each(ctx, "pause", f, func(s run.JobState) (pausing, error) { return p.pause(ctx, s, why, f.dryRun) })
}

func (o *options) resumeJobs(ctx context.Context, names []string, f pauseFlags) error {
	p, err := o.pausable(ctx, names)
	if err != nil {
		return err
	}
	for _, j := range p.jobs {
		if j.Trigger.Schedule == nil && !p.states[j.Name].Paused {
			return unscheduled(j)
		}
	}
	return p.each(ctx, "resume", f, func(s run.JobState) (pausing, error) { return p.resume(ctx, s, f.dryRun) })
}

// unscheduled refuses a job whose trigger cannot be paused.
func unscheduled(j run.Job) error {
	if j.Trigger.S3 != nil {
		return fmt.Errorf("job %s is started by objects: only scheduled times are paused; to let its objects wait, take it out of slipway.yaml, and backfill them later", j.Name)
	}
	return fmt.Errorf("job %s is only started by hand: only scheduled times are paused", j.Name)
}

// pauses are the jobs that somebody has named, as they are configured and as the ledger knows them.
type pauses struct {
	*deployed
	names  []string
	all    []run.Job
	jobs   []run.Job // those named that are configured
	states map[string]run.JobState
}

// pausable finds the named jobs before anything is changed. Those that are no longer configured are in the ledger.
func (o *options) pausable(ctx context.Context, names []string) (*pauses, error) {
	d, err := o.deployed(ctx)
	if err != nil {
		return nil, err
	}
	p := &pauses{deployed: d, states: map[string]run.JobState{}}
	if p.all, err = d.configured(nil); err != nil {
		return nil, err
	}
	known, err := d.ledger.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if slices.Contains(p.names, name) {
			continue
		}
		if err := p.add(name, known); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add finds one job.
func (p *pauses) add(name string, known []run.JobState) error {
	var all []string
	found := false
	for _, j := range p.all {
		all = append(all, j.Name)
		if j.Name == name {
			found = true
			p.jobs = append(p.jobs, j)
		}
	}
	for _, s := range known {
		all = append(all, s.Name)
		if s.Name == name {
			found = true
			p.states[name] = s
		}
	}
	slices.Sort(all)
	if !found {
		return fmt.Errorf("there is no job %s in %s, and stack %s never had one; %s", name, p.file, p.name, compile.Suggest(name, slices.Compact(all)))
	}
	p.names = append(p.names, name)
	return nil
}

// each does something for every job in turn, and answers with what was done, also before an error.
func (p *pauses) each(ctx context.Context, name string, f pauseFlags, do func(run.JobState) (pausing, error)) error {
	if len(p.names) > maxUnasked {
		if err := p.agreed(fmt.Sprintf("%s %s", name, count(len(p.names), "job")), f.yes || f.dryRun); err != nil {
			return err
		}
	}
	answers := []pausing{}
	var failed error
	for _, name := range p.names {
		s, err := p.ledger.Job(ctx, name)
		if err != nil {
			failed = err
			break
		}
		a, err := do(s)
		if err != nil {
			failed = err
			break
		}
		answers = append(answers, a)
	}
	if err := p.answer(answers, func(w io.Writer) { printPausing(w, answers, f.dryRun) }); err != nil {
		return err
	}
	return failed
}

func (p *pauses) pause(ctx context.Context, s run.JobState, why string, dryRun bool) (pausing, error) {
	changed := !s.Paused
	switch {
	case changed && dryRun:
		s.Pause(why, p.now())
	case changed:
		var err error
		if s, err = p.orchestrate().Pause(ctx, s.Name, why); err != nil {
			return pausing{}, err
		}
	}
	a := p.answerOf(s, changed)
	if !changed {
		a.Note = "it is paused already" + pausedText(a.PausedAt, a.PausedWhy)
	}
	return a, nil
}

func (p *pauses) resume(ctx context.Context, s run.JobState, dryRun bool) (pausing, error) {
	changed := s.Paused
	due, missed, err := p.caughtUp(s)
	if err != nil {
		return pausing{}, err
	}
	s.Resume()
	if changed && !dryRun {
		if s, err = p.orchestrate().Resume(ctx, s.Name); err != nil {
			return pausing{}, err
		}
	}
	a := p.answerOf(s, changed)
	if !changed {
		a.Note = "it is not paused"
		return a, nil
	}
	a.Due, a.Missed = due, missed
	if t := p.trigger(s.Name); t != nil {
		a.Note = catchUpNote(*t, due, missed)
	}
	return a, nil
}

func (p *pauses) orchestrate() *orchestrator.Orchestrator { return p.runs(p.all) }

// answerOf is the answer for a job as it is now.
func (p *pauses) answerOf(s run.JobState, changed bool) pausing {
	return pausing{Job: s.Name, Paused: s.Paused, Changed: changed, PausedAt: known(s.PausedAt), PausedWhy: s.PausedWhy}
}

// trigger is the schedule of a job, or nil.
func (p *pauses) trigger(name string) *run.ScheduleTrigger {
	for _, j := range p.jobs {
		if j.Name == name {
			return j.Trigger.Schedule
		}
	}
	return nil
}

// caughtUp is how many scheduled times the next tick admits and gives up when the job is resumed now.
func (p *pauses) caughtUp(s run.JobState) (due, missed int, err error) {
	t := p.trigger(s.Name)
	if t == nil || s.FirstSeen.IsZero() {
		return 0, 0, nil // no tick has seen it: it begins with the next time
	}
	for last := s.LastScheduled; ; {
		d, err := schedule.Due(*t, s.FirstSeen, last, p.now())
		if err != nil {
			return 0, 0, fmt.Errorf("evaluate the schedule of job %s: %w", s.Name, err)
		}
		due, missed, last = due+len(d.Times), missed+d.Missed, d.Last
		if !d.More {
			return due, missed, nil
		}
	}
}

// catchUpNote says what catchUp does with the times that have passed.
func catchUpNote(t run.ScheduleTrigger, due, missed int) string {
	policy, within := t.CatchUp.Runs, t.CatchUp.Within
	if policy == "" {
		policy = schedule.CatchUpLatest
	}
	if within <= 0 {
		within = run.DefaultCatchUp
	}
	if due+missed == 0 {
		return "no scheduled time has passed meanwhile"
	}
	text := fmt.Sprintf("the next tick admits %s, as catchUp says (runs: %s, within: %s)", count(due, "scheduled time"), policy, within)
	switch {
	case missed >= schedule.MaxMissed:
		text += fmt.Sprintf("; %d or more are given up", missed)
	case missed > 0:
		text += fmt.Sprintf("; %d given up", missed)
	}
	if missed > 0 {
		text += `, which "slipway backfill" can still admit`
	}
	return text
}

func printPausing(w io.Writer, answers []pausing, dryRun bool) {
	for _, a := range answers {
		text := map[bool]string{true: "paused", false: "resumed"}[a.Paused]
		if dryRun {
			text = "would be " + text
		}
		if !a.Changed {
			text = "nothing to do"
		}
		if a.Note != "" {
			text += ": " + a.Note
		}
		say(w, "%s  %s.\n", a.Job, strings.TrimSuffix(text, "."))
	}
}
