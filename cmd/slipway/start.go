package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/config/compile"
	"slipway/internal/launch"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// startFlags are the flags of start.
type startFlags struct {
	environment []string
	key         string
	wait        bool
}

// started is the answer of start.
type started struct {
	view
	Existed bool `json:"existed"` // a run with this --key was there already
}

func startCommand(o *options) *cobra.Command {
	var f startFlags
	c := &cobra.Command{
		Use:   "start JOB",
		Short: "Start a run of a job by hand",
		Long: `Start admits a run of any job and prints its ID. It is launched as every run is: at once where there is room, with the
retries and the timeout of its job. With --key the same text gives the same run however often it is asked for.
The variables given join those of the job and win over them; they are kept with the run, and never shown.
With --json it prints the run as "slipway runs" does, with "existed".`,
		Example: `  slipway start hourly-report
  slipway start import --env DAY=2027-03-27 --key import-2027-03-27
  slipway start import --wait                          exit 0 when it succeeds, 1 when it does not`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.start(c.Context(), args[0], f) },
	}
	c.Flags().StringArrayVar(&f.environment, "env", nil, "a variable for the container, as NAME=VALUE")
	c.Flags().StringVar(&f.key, "key", "", "names the run among those started by hand; the same key gives the same run")
	c.Flags().BoolVar(&f.wait, "wait", false, "wait for its end, and exit with 1 unless it succeeds")
	return c
}

func (o *options) start(ctx context.Context, name string, f startFlags) error {
	variables, err := variablesOf(f.environment)
	if err != nil {
		return err
	}
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	jobs, err := d.configured(nil)
	if err != nil {
		return err
	}
	job, err := o.jobNamed(jobs, name)
	if err != nil {
		return err
	}
	in := run.Input{Environment: variables}
	if err := launchable(d.name, job, in, d.now()); err != nil {
		return err
	}
	if f.key == "" {
		f.key = rand.Text()
	}
	existed, err := d.exists(ctx, run.ManualID(d.name, name, f.key))
	if err != nil {
		return err
	}
	a := d.runs(jobs).Admit(ctx, []orchestrator.Want{{Job: name, Trigger: run.ByHand, Input: in, Key: f.key}})[0]
	if a.Err != nil {
		return a.Err
	}
	d.nudge(ctx, name)
	return d.tellStarted(ctx, a.ID, existed, f.wait)
}

// exists reports whether there is such a run. Admitting does not say: a run that still waits is admitted again.
func (d *deployed) exists(ctx context.Context, id run.ID) (bool, error) {
	_, err := d.ledger.Run(ctx, id)
	if isUnknown(err) {
		return false, nil
	}
	return err == nil, err
}

// jobNamed is a job of slipway.yaml.
func (o *options) jobNamed(jobs []run.Job, name string) (run.Job, error) {
	var names []string
	for _, j := range jobs {
		if j.Name == name {
			return j, nil
		}
		names = append(names, j.Name)
	}
	return run.Job{}, fmt.Errorf("there is no job %s in %s; %s", name, o.file, compile.Suggest(name, names))
}

// launchable refuses what no launch could do: variables that RunTask has no room for.
func launchable(stack string, job run.Job, in run.Input, now time.Time) error {
	r := run.New(run.ManualID(stack, job.Name, ""), job, run.ByHand, in, now)
	_, err := launch.Decide(launch.Input{Stack: stack, Job: job, Run: r, Definition: definitionOf(job)})
	return err
}

// tellStarted answers with the run, at its end when that is waited for.
func (d *deployed) tellStarted(ctx context.Context, id run.ID, existed, wait bool) error {
	r, err := d.ledger.Run(ctx, id)
	if err == nil && wait {
		if !d.json {
			say(d.out, "%s\n", id)
		}
		r, err = d.wait(ctx, r)
	}
	if err != nil {
		return err
	}
	answer := started{viewOf(r), existed}
	err = d.answer(answer, func(w io.Writer) {
		if !wait {
			say(w, "%s\n", r.ID)
		}
		if answer.Existed {
			say(d.err, "note: the run was there already, and is %s; its variables are those that it was started with\n", r.State)
		}
	})
	if err == nil && wait && r.State != run.Succeeded {
		return problem{fmt.Errorf("run %s is %s: %s; \"slipway runs %s\" shows all of it", r.ID, r.State, endOf(r), r.ID)}
	}
	return err
}

// endOf is why a run ended, in words.
func endOf(r run.Run) string {
	switch {
	case r.Outcome != nil && r.Outcome.Summary != "":
		return strings.TrimSuffix(oneLine(r.Outcome.Summary), ".")
	case len(r.History) > 0:
		return oneLine(r.History[len(r.History)-1].Why)
	}
	return "nothing more is known"
}

// wait follows a run to its end, and tells of each change.
func (d *deployed) wait(ctx context.Context, r run.Run) (run.Run, error) {
	for last := (seen{}); ; {
		if now := (seen{r.State, r.Attempt}); now != last {
			last = now
			say(d.err, "%s\n", line(r, d.now()))
		}
		if r.State.Final() {
			return r, nil
		}
		err := d.sleep(ctx, followEvery)
		if err == nil {
			r, err = d.ledger.Run(ctx, r.ID)
		}
		if errors.Is(err, context.Canceled) {
			return r, problem{fmt.Errorf("run %s goes on without being waited for; \"slipway runs %s\" shows it", r.ID, r.ID)}
		}
		if err != nil {
			return r, err
		}
	}
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variablesOf reads NAME=VALUE. Values never come into an error.
func variablesOf(given []string) ([]run.EnvVar, error) {
	var out []run.EnvVar
	known := map[string]bool{}
	for _, g := range given {
		name, value, ok := strings.Cut(g, "=")
		switch {
		case !ok || !variableName.MatchString(name):
			return nil, errors.New("read --env: write NAME=VALUE, with a name of letters, digits and _")
		case reserved(name):
			return nil, fmt.Errorf("read --env: %s is Slipway's own: names that begin with SLIPWAY_ or S3_ cannot be given", name)
		case known[name]:
			return nil, fmt.Errorf("read --env: %s is given twice", name)
		case strings.ContainsRune(value, 0):
			return nil, fmt.Errorf("read --env: the value of %s holds a zero byte, which no variable can", name)
		}
		known[name] = true
		out = append(out, run.EnvVar{Name: name, Value: value})
	}
	return out, nil
}
