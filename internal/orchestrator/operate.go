package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"slipway/internal/run"
)

// Operated is what became of a run that an operator has asked something of. Err says why nothing was done: a
// *run.TransitionError when the run is not in a state for it, run.ErrNotFound when there is none.
type Operated struct {
	Run run.Run // as it is now
	Err error
}

// Cancel lets a run come to nothing: a queued one at once, one with a task as soon as the task has stopped. Why names who
// wants it, and for what reason.
func (o *Orchestrator) Cancel(ctx context.Context, id run.ID, why string) Operated {
	r, err := o.ledger.Run(ctx, id)
	if err != nil {
		return Operated{run.Run{ID: id}, err}
	}
	if err := o.alone(ctx, r); err != nil {
		return Operated{r, err}
	}
	wished, changed, err := o.change(ctx, r, func(r run.Run) (run.Run, error) {
		if r.State.Active() && r.Unwanted() {
			return r, errUnchanged
		}
		return r.WishFor(run.WishCancel, why, o.now())
	})
	if err != nil || !changed {
		return Operated{wished, err}
	}
	if wished.State.Active() && wished.TaskARN != "" && o.tasks != nil {
		return Operated{wished, o.stop(ctx, wished)}
	}
	return Operated{wished, o.pay(ctx, wished)}
}

// alone refuses to touch an object whose batch has a task: only the batch as a whole can be stopped.
func (o *Orchestrator) alone(ctx context.Context, r run.Run) error {
	for r.Member != "" && !r.State.Final() {
		batch, err := o.ledger.Run(ctx, r.Member)
		switch {
		case errors.Is(err, run.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("read batch %s: %w", r.Member, err)
		case batch.State.Active():
			return &run.TransitionError{ID: r.ID, State: r.State, Action: "cancel", Why: "and its batch has a task; cancel the batch " + string(batch.ID)}
		}
		half, err := o.halfWith(ctx, batch, r.ID)
		if err != nil || half == "" {
			return err
		}
		r.Member = half
	}
	return nil
}

// halfWith is the half of a split batch that has the member, or "".
func (o *Orchestrator) halfWith(ctx context.Context, batch run.Run, member run.ID) (run.ID, error) {
	halves, err := o.ledger.Runs(ctx, batch.Objects.Into)
	if err != nil {
		return "", fmt.Errorf("read the halves of batch %s: %w", batch.ID, err)
	}
	for _, h := range halves {
		if slices.Contains(h.Objects.Members, member) {
			return h.ID, nil
		}
	}
	return "", nil
}

// Pause lets no scheduled time of a job be admitted until it is resumed. Runs that exist go on.
func (o *Orchestrator) Pause(ctx context.Context, job, why string) (run.JobState, error) {
	return o.changeJob(ctx, job, func(s *run.JobState) bool {
		fresh := !s.Paused
		if fresh {
			s.Pause(why, o.now())
		}
		return fresh
	})
}

// Resume lets a paused job go on; catchUp decides on what it has missed.
func (o *Orchestrator) Resume(ctx context.Context, job string) (run.JobState, error) {
	return o.changeJob(ctx, job, func(s *run.JobState) bool {
		paused := s.Paused
		s.Resume()
		return paused
	})
}

// Retry gives final runs another attempt with a new budget, each as Reopen says, in the order of the IDs. Objects of a
// job that gathers them go together again. It launches nothing: the next tick does, or whoever is told of it.
func (o *Orchestrator) Retry(ctx context.Context, ids []run.ID, why string) []Operated {
	out := make([]Operated, len(ids))
	together := map[string][]int{} // positions by job
	for i, id := range ids {
		r, err := o.ledger.Run(ctx, id)
		out[i] = Operated{r, err}
		if err != nil {
			out[i].Run.ID = id
			continue
		}
		job, known := o.jobs[r.Job]
		switch {
		case !known:
			out[i].Err = &run.TransitionError{ID: id, State: r.State, Action: "retry", Why: "and its job " + r.Job + " is no longer configured"}
		case slices.Contains(ids[:i], id):
			out[i].Err = &run.TransitionError{ID: id, State: r.State, Action: "retry", Why: "and was named twice"}
		case job.Batch != nil && r.Input.Object != nil:
			together[r.Job] = append(together[r.Job], i)
		default:
			out[i].Run, _, out[i].Err = o.change(ctx, r, func(r run.Run) (run.Run, error) {
				next, err := r.Reopen(job, why, o.now())
				next.Member = ""
				return next, err
			})
		}
	}
	for name, positions := range together {
		o.regather(ctx, o.jobs[name], out, positions, why)
	}
	return out
}

// regather reopens objects and puts them into new batches, in one write for each batch.
func (o *Orchestrator) regather(ctx context.Context, job run.Job, out []Operated, positions []int, why string) {
	size := job.Batch.MaxObjects
	if size <= 0 || size > joiners {
		size = joiners
	}
	var fit []int
	var reopened []run.Run
	for _, i := range positions {
		next, err := out[i].Run.Reopen(job, why, o.now())
		if err != nil {
			out[i].Err = err
			continue
		}
		fit, reopened = append(fit, i), append(reopened, next)
	}
	for len(fit) > 0 {
		n := min(size, len(fit))
		err := o.reopenTogether(ctx, job, out, fit[:n], reopened[:n])
		for _, i := range fit[:n] {
			out[i].Err = err
		}
		fit, reopened = fit[n:], reopened[n:]
	}
}

func (o *Orchestrator) reopenTogether(ctx context.Context, job run.Job, out []Operated, fit []int, reopened []run.Run) error {
	batch := run.Regather(o.stack, job, reopened, o.now())
	w := o.write(job.Name)
	w.Changes = []run.Change{{Run: batch}}
	for n, i := range fit {
		reopened[n].Member = batch.ID
		w.Changes = append(w.Changes, run.ChangeOf(out[i].Run, reopened[n]))
	}
	if err := o.ledger.Write(ctx, w); err != nil {
		return fmt.Errorf("retry %d objects of job %s together: %w", len(fit), job.Name, err)
	}
	for n, i := range fit {
		out[i].Run = reopened[n]
	}
	return nil
}
