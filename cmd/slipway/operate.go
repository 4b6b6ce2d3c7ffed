package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// operation is something that an operator asks of runs: the same for one run and for many.
type operation struct {
	name   string // "retry"
	done   string // "queued again"
	states []run.State
	// jobs says whether slipway.yaml is needed.
	jobs bool
	// leaves says which of the selected runs are not meant: they are done with others.
	leaves func(r run.Run, all map[run.ID]bool) bool
	// try is what would become of a run. It changes nothing.
	try func(ctx context.Context, d *deployed, r run.Run, why string) error
	// act does it, in the order of the IDs.
	act func(ctx context.Context, o *orchestrator.Orchestrator, ids []run.ID, why string) []orchestrator.Operated
	// nudges says whether the runs wait for a launch then.
	nudges bool
}

// operateFlags are the flags of every operation.
type operateFlags struct {
	selection
	why    string
	yes    bool
	dryRun bool
}

func (f *operateFlags) flags(c *cobra.Command) {
	f.selection.flags(c.Flags())
	c.Flags().StringVar(&f.why, "why", "", "the reason, for the history of the runs")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask, also for more than 100 runs")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and do nothing")
}

// operated is the answer for one run.
type operated struct {
	ID      run.ID    `json:"id"`
	Job     string    `json:"job"`
	State   run.State `json:"state"` // afterwards
	Attempt int       `json:"attempt"`
	Done    bool      `json:"done"`
	Why     string    `json:"why,omitempty"` // nothing was done
}

// maxWhy is how long a reason may be, in bytes: the history of a run is one item of the ledger.
const maxWhy = 500

// inOneGo is how many runs are worked on between two lines of progress.
const inOneGo = 500

func (o *options) operate(ctx context.Context, op operation, args []string, f operateFlags) error {
	if (len(args) == 0) == f.empty() {
		return fmt.Errorf("which runs? Name them by their IDs, or select them with --job, --state, --since, --until or --object; not both")
	}
	if len(f.why) > maxWhy {
		return fmt.Errorf("read --why: it has more than %d bytes", maxWhy)
	}
	q, err := o.operable(op, f.selection)
	if err != nil {
		return err
	}
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	jobs, err := d.jobsFor(op)
	if err != nil {
		return err
	}
	ids, err := d.operands(ctx, op, args, f.selection, q)
	if err != nil {
		return err
	}
	return d.perform(ctx, op, jobs, ids, f)
}

// perform asks, does the operation and answers.
func (d *deployed) perform(ctx context.Context, op operation, jobs []run.Job, ids []run.ID, f operateFlags) error {
	if len(ids) > maxUnasked {
		if err := d.agreed(fmt.Sprintf("%s %s", op.name, count(len(ids), "run")), f.yes || f.dryRun); err != nil {
			return err
		}
	}
	answers, err := d.work(ctx, op, jobs, ids, f)
	if told := d.answer(answers, func(w io.Writer) { printOperated(w, op, answers, f.dryRun) }); told != nil {
		return told
	}
	if err == nil && !allDone(answers) {
		return errFound
	}
	return err
}

func allDone(answers []operated) bool {
	return !slices.ContainsFunc(answers, func(a operated) bool { return !a.Done })
}

// jobsFor are the jobs of slipway.yaml. An operation that does not need them does without the file.
func (d *deployed) jobsFor(op operation) ([]run.Job, error) {
	if op.jobs {
		return d.configured(nil)
	}
	return d.configuredIfAny()
}

// operable is the selection, in the operation's states unless it names others that are fit.
func (o *options) operable(op operation, s selection) (ledger.Query, error) {
	q, err := s.query(o.now())
	if err != nil {
		return q, err
	}
	for _, state := range q.States {
		if !slices.Contains(op.states, state) {
			return q, fmt.Errorf("read --state: %s is for runs that are %s, and not for %s ones", op.name, stateList(op.states), state)
		}
	}
	if len(q.States) == 0 {
		q.States = op.states
		if op.jobs { // what failed is meant, unless something else is said
			q.States = []run.State{run.Failed}
		}
	}
	return q, nil
}

func stateList(states []run.State) string {
	text := ""
	for i, s := range states {
		switch {
		case i == 0:
		case i == len(states)-1:
			text += " or "
		default:
			text += ", "
		}
		text += string(s)
	}
	return text
}

// operands are the runs to work on: those named, each once, or those selected, the oldest first.
func (d *deployed) operands(ctx context.Context, op operation, args []string, s selection, q ledger.Query) ([]run.ID, error) {
	var ids []run.ID
	for _, a := range args {
		if !slices.Contains(ids, run.ID(a)) {
			ids = append(ids, run.ID(a))
		}
	}
	if len(args) > 0 {
		return ids, nil
	}
	listed, err := d.list(ctx, s, q)
	if err != nil {
		return nil, err
	}
	slices.Reverse(listed)
	runs, _, err := d.stored(ctx, listed)
	all := map[run.ID]bool{}
	for _, r := range runs {
		all[r.ID] = true
	}
	for _, r := range runs {
		if wanted(q, r) && !op.leaves(r, all) {
			ids = append(ids, r.ID)
		}
	}
	return ids, err
}

// work does the operation, part by part. An error of AWS ends it; what was done until then is in the answers.
func (d *deployed) work(ctx context.Context, op operation, jobs []run.Job, ids []run.ID, f operateFlags) ([]operated, error) {
	answers, why := []operated{}, d.reason(ctx, f)
	orchestrate, p := d.runs(jobs), d.progress()
	defer p.end()
	for part := range slices.Chunk(ids, inOneGo) {
		var results []orchestrator.Operated
		if f.dryRun {
			results = d.rehearse(ctx, op, jobs, part, why)
		} else {
			results = op.act(ctx, orchestrate, part, why)
		}
		var problems []error
		for _, r := range results {
			a, err := d.operatedOf(r)
			answers, problems = append(answers, a), append(problems, err)
		}
		p.tell("%s: %d of %d", op.name, len(answers), len(ids))
		if err := errors.Join(problems...); err != nil {
			return answers, err
		}
	}
	if op.nudges && !f.dryRun {
		d.nudgeAll(ctx, answers)
	}
	return answers, nil
}

// reason is who does it and why, for the history of a run.
func (d *deployed) reason(ctx context.Context, f operateFlags) string {
	who := d.user()
	if !f.dryRun {
		who = d.caller(ctx)
	}
	if f.why == "" {
		return "by " + who
	}
	return "by " + who + ": " + f.why
}

// nudgeAll has the runs that were queued again launched.
func (d *deployed) nudgeAll(ctx context.Context, answers []operated) {
	told := map[string]bool{}
	for _, a := range answers {
		if a.Done && !told[a.Job] {
			told[a.Job] = true
			d.nudge(ctx, a.Job)
		}
	}
}

// rehearse says what would become of each run.
func (d *deployed) rehearse(ctx context.Context, op operation, jobs []run.Job, ids []run.ID, why string) []orchestrator.Operated {
	var out []orchestrator.Operated
	for _, id := range ids {
		r, err := d.ledger.Run(ctx, id)
		if err != nil {
			out = append(out, orchestrator.Operated{Run: run.Run{ID: id}, Err: err})
			continue
		}
		known := slices.ContainsFunc(jobs, func(j run.Job) bool { return j.Name == r.Job })
		if op.jobs && !known {
			err = &run.TransitionError{ID: id, State: r.State, Action: op.name, Why: "and its job " + r.Job + " is no longer configured"}
		} else {
			err = op.try(ctx, d, r, why)
		}
		out = append(out, orchestrator.Operated{Run: r, Err: err})
	}
	return out
}

// operatedOf is the answer for a run. The error is one of AWS; that a run is unknown or unfit is an answer.
func (d *deployed) operatedOf(r orchestrator.Operated) (operated, error) {
	a := operated{ID: r.Run.ID, Job: r.Run.Job, State: r.Run.State, Attempt: r.Run.Attempt, Done: r.Err == nil}
	var unfit *run.TransitionError
	var changed *run.Conflict
	switch {
	case r.Err == nil:
		return a, nil
	case isUnknown(r.Err):
		a.Why = fmt.Sprintf("stack %s has no such run; \"slipway runs\" lists the newest", d.name)
		return a, nil
	case errors.As(r.Err, &unfit):
		a.Why = "it is " + string(unfit.State)
		if unfit.Why != "" {
			a.Why += ", " + unfit.Why
		}
		return a, nil
	case unreadable(r.Err):
		a.Why = r.Err.Error() + "; use the release that wrote it"
		return a, nil
	case errors.As(r.Err, &changed):
		a.Why = "somebody else has changed it at the same time; try again"
		return a, nil
	}
	a.Why = r.Err.Error()
	return a, r.Err
}

func printOperated(w io.Writer, op operation, answers []operated, dryRun bool) {
	done := 0
	for _, a := range answers {
		text := op.done
		switch {
		case !a.Done:
			text = "not done: " + a.Why
		case dryRun:
			text = "would be " + op.done
		case a.State.Active():
			text = "its task is stopped within about a minute"
		}
		if a.Done {
			done++
		}
		say(w, "%s  %s\n", a.ID, text)
	}
	verb := op.done
	if dryRun {
		verb = "would be " + op.done
	}
	say(w, "%s: %d of %s.\n", verb, done, count(len(answers), "run"))
}
