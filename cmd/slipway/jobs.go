package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/ledger"
	"slipway/internal/run"
	"slipway/internal/schedule"
)

// The states of a job.
const (
	jobActive  = "active"
	jobPaused  = "paused"
	jobRemoved = "removed"
)

// jobView is a job with what the ledger keeps of it. What is not known is null or empty.
type jobView struct {
	Job           string     `json:"job"`
	State         string     `json:"state"` // active, paused or removed
	Trigger       string     `json:"trigger"`
	Expression    string     `json:"expression,omitempty"`
	Timezone      string     `json:"timezone,omitempty"`
	Paused        bool       `json:"paused"`
	PausedAt      *time.Time `json:"pausedAt"`
	PausedWhy     string     `json:"pausedWhy"`
	FirstSeen     *time.Time `json:"firstSeen"`
	LastScheduled *time.Time `json:"lastScheduled"` // the newest scheduled time that was decided on
	LastRun       *view      `json:"lastRun"`       // the run that was admitted last
	Next          *time.Time `json:"next"`          // scheduled time, whether the job is paused or not
	Active        int        `json:"active"`        // runs that may have a task
	Max           int        `json:"max"`           // concurrency.max; 0: no bound
}

func jobsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "jobs",
		Short: "List every job with its state, its last run and its next time",
		Long: `Jobs lists the jobs of slipway.yaml, and those that are no longer in it but that the ledger still knows: they are
"removed". A job that is paused has the reason and the time. The last run is the one that was admitted last.

With --json it prints an array of {"job", "state", "trigger", "expression", "timezone", "paused", "pausedAt", "pausedWhy",
"firstSeen", "lastScheduled", "lastRun", "next", "active", "max"}: times are RFC 3339 in UTC, lastRun is a run as
"slipway runs" prints it or null, expression and timezone are there for schedules only, max is 0 where nothing bounds the
active runs. Without a stack, "slipway next JOB" tells the times that follow from the file alone.`,
		Example: `  slipway jobs
  slipway jobs --json | jq -r '.[] | select(.state == "paused") | .job'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.jobs(c.Context()) },
	}
}

func (o *options) jobs(ctx context.Context) error {
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	jobs, err := d.configured(nil)
	if err != nil {
		return err
	}
	states, err := d.ledger.Jobs(ctx)
	if err != nil {
		return err
	}
	listed := jobViews(jobs, states, d.now())
	if err := d.addActive(ctx, listed); err != nil {
		return err
	}
	if err := d.addLastRuns(ctx, listed); err != nil {
		return err
	}
	return o.answer(listed, func(w io.Writer) { printJobs(w, listed) })
}

// jobViews are the configured jobs in the order of the file, then the removed ones.
func jobViews(jobs []run.Job, states []run.JobState, now time.Time) []jobView {
	kept := map[string]run.JobState{}
	for _, s := range states {
		kept[s.Name] = s
	}
	out := []jobView{}
	for _, j := range jobs {
		s := kept[j.Name]
		delete(kept, j.Name)
		v := jobViewOf(j.Name, s)
		v.Trigger, v.Max = triggerOf(j), j.Concurrency.Max
		if t := j.Trigger.Schedule; t != nil {
			v.Expression, v.Timezone = t.Expression, zoneOf(*t)
			v.Next = nextOf(*t, now)
		}
		out = append(out, v)
	}
	for _, s := range states {
		if _, removed := kept[s.Name]; removed {
			v := jobViewOf(s.Name, s)
			v.State = jobRemoved
			out = append(out, v)
		}
	}
	return out
}

func jobViewOf(name string, s run.JobState) jobView {
	v := jobView{
		Job: name, State: jobActive, Paused: s.Paused, PausedAt: known(s.PausedAt), PausedWhy: s.PausedWhy,
		FirstSeen: known(s.FirstSeen), LastScheduled: known(s.LastScheduled), Active: s.Active,
	}
	if s.Paused {
		v.State = jobPaused
	}
	return v
}

// triggerOf says in words what starts a job.
func triggerOf(j run.Job) string {
	switch t := j.Trigger; {
	case t.S3 != nil && len(t.S3.Keys) > 0:
		return "objects in " + t.S3.Bucket + ": " + strings.Join(t.S3.Keys, ", ")
	case t.S3 != nil:
		return "objects in " + t.S3.Bucket
	case t.Schedule != nil:
		return t.Schedule.Expression + " in " + zoneOf(*t.Schedule)
	}
	return "by hand"
}

func zoneOf(t run.ScheduleTrigger) string {
	if t.Timezone == "" {
		return "UTC"
	}
	return t.Timezone
}

// nextOf is the next scheduled time, or nil when there is none.
func nextOf(t run.ScheduleTrigger, now time.Time) *time.Time {
	s, err := schedule.For(t)
	if err != nil {
		return nil // the file was compiled: it has been told of
	}
	at, ok := s.Next(now)
	if !ok {
		return nil
	}
	return &at
}

// maxCounted bounds how many runs are counted for jobs without a counter.
const maxCounted = 20_000

// addActive counts the active runs of the jobs that have no counter in the ledger: those without a maximum.
func (d *deployed) addActive(ctx context.Context, jobs []jobView) error {
	active := map[string]int{}
	runs, err := d.ledger.Watched(ctx, d.now().AddDate(100, 0, 0), maxCounted)
	if err != nil && !unreadable(err) {
		return err
	}
	for _, r := range runs {
		if r.State.Active() && r.Member == "" {
			active[r.Job]++
		}
	}
	for i := range jobs {
		if jobs[i].Max == 0 {
			jobs[i].Active = active[jobs[i].Job]
		}
	}
	return nil
}

// listers is how many jobs are asked about at a time.
const listers = 10

// addLastRuns reads the newest run of each job.
func (d *deployed) addLastRuns(ctx context.Context, jobs []jobView) error {
	newest, errs := make([][]ledger.Listed, len(jobs)), make([]error, len(jobs))
	gate, asked := make(chan struct{}, listers), sync.WaitGroup{}
	for i, j := range jobs {
		gate <- struct{}{}
		asked.Go(func() {
			newest[i], errs[i] = d.ledger.List(ctx, ledger.Query{Job: j.Job, Limit: 1})
			<-gate
		})
	}
	asked.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	runs, _, err := d.stored(ctx, slices.Concat(newest...))
	for _, r := range runs {
		v := viewOf(r)
		jobs[slices.IndexFunc(jobs, func(j jobView) bool { return j.Job == r.Job })].LastRun = &v
	}
	return err
}

func printJobs(w io.Writer, jobs []jobView) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	say(t, "JOB\tSTATE\tTRIGGER\tLAST RUN\t\tNEXT\tACTIVE\n")
	for _, j := range jobs {
		last, id := "-", ""
		if j.LastRun != nil {
			last, id = string(j.LastRun.State), string(j.LastRun.ID)
			if at := j.LastRun.AdmittedAt; at != nil {
				last += " " + stamp(*at)
			}
		}
		say(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", j.Job, j.State, cmp.Or(oneLine(j.Trigger), "-"), last, id, j.nextText(), j.activeText())
	}
	_ = t.Flush() // as say
	for _, j := range jobs {
		if j.Paused {
			say(w, "%s is paused%s.\n", j.Job, pausedText(j.PausedAt, j.PausedWhy))
		}
	}
}

// pausedText is since when and why a job is paused.
func pausedText(at *time.Time, why string) string {
	text := ""
	if at != nil {
		text = " since " + stamp(*at)
	}
	if why != "" {
		text += ": " + oneLine(why)
	}
	return text
}

func (j jobView) nextText() string {
	switch {
	case j.Next == nil:
		return "-"
	case inZone(*j.Next, j.Timezone) != "":
		return inZone(*j.Next, j.Timezone)
	}
	return stamp(*j.Next)
}

func (j jobView) activeText() string {
	if j.Max == 0 {
		return fmt.Sprint(j.Active)
	}
	return fmt.Sprintf("%d of %d", j.Active, j.Max)
}
