package run

import (
	"fmt"
	"slices"
	"time"
)

// TransitionError says that a run cannot go where a caller wants it to go. Callers read the run again and decide anew.
type TransitionError struct {
	ID     ID
	State  State
	Action string
	Why    string
}

// Error names the run, its state and the action.
func (e *TransitionError) Error() string {
	text := fmt.Sprintf("%s run %s: it is %s", e.Action, e.ID, e.State)
	if e.Why != "" {
		text += ", " + e.Why
	}
	return text
}

// New is a run just admitted: queued and due at once.
func New(id ID, job Job, trigger Trigger, in Input, now time.Time) Run {
	r := Run{
		ID: id, Job: job.Name, State: Queued, Trigger: trigger, Input: in,
		Attempt: 1, Launch: 1,
		NotBefore: now, AdmittedAt: now, LaunchDeadline: job.LaunchDeadline(now),
	}
	return r.note("admitted", now)
}

// Claim records the launch decision and moves a queued run that is due to starting. From here on only the task's fate
// or a definite refusal moves it. Slot says that the run takes one of the job's concurrency.max.
func (r Run) Claim(d Decision, slot bool, now time.Time) (Run, error) {
	switch {
	case r.State != Queued:
		return r, &TransitionError{r.ID, r.State, "claim", ""}
	case r.Member != "":
		return r, &TransitionError{r.ID, r.State, "claim", "and is launched with its batch, " + string(r.Member)}
	case r.NotBefore.After(now):
		return r, &TransitionError{r.ID, r.State, "claim", "not due before " + r.NotBefore.Format(time.RFC3339)}
	case r.LaunchExpired(now):
		return r, &TransitionError{r.ID, r.State, "claim", "its launch deadline has passed"}
	}
	n := r.Clone()
	n.State, n.Decision, n.Slot, n.ClaimedAt = Starting, &d, slot, now
	n.TaskARN, n.TaskVersion, n.Missing, n.Outcome = "", 0, 0, nil
	n.AcceptedAt, n.StartedAt, n.CheckedAt = time.Time{}, time.Time{}, time.Time{}
	if n.Objects != nil {
		n.Objects.Sealed = true
	}
	return n.noteStep(Step{Why: "claimed for " + d.Capacity, Capacity: d.Capacity, Definition: d.Definition}, now), nil
}

// LaunchExpired reports whether the run may no longer be launched: startWithin has passed.
func (r Run) LaunchExpired(now time.Time) bool {
	return !r.LaunchDeadline.IsZero() && !now.Before(r.LaunchDeadline)
}

// Accept records that ECS has accepted the attempt as the given task.
func (r Run) Accept(t Task, now time.Time) (Run, error) {
	if r.State != Starting {
		return r, &TransitionError{r.ID, r.State, "accept a task for", ""}
	}
	if r.TaskARN != "" && r.TaskARN != t.ARN {
		return r, &TransitionError{r.ID, r.State, "accept a task for", "with task " + r.TaskARN}
	}
	n := r.Clone()
	n.TaskARN = t.ARN
	if n.AcceptedAt.IsZero() {
		n.AcceptedAt = now
		n = n.noteStep(Step{Why: "accepted by ECS", TaskARN: t.ARN}, now)
	}
	return n.observe(t, now), nil
}

// Observe takes over what is new in a task that has not stopped. It returns the run as it was when the task is not
// the run's, or says nothing new.
func (r Run) Observe(t Task, now time.Time) Run {
	if !r.State.Active() || r.TaskARN != "" && r.TaskARN != t.ARN {
		return r
	}
	n := r.Clone()
	if n.TaskARN == "" {
		n.TaskARN, n.AcceptedAt = t.ARN, now
		n = n.noteStep(Step{Why: "accepted by ECS", TaskARN: t.ARN}, now)
	}
	return n.observe(t, now)
}

func (r Run) observe(t Task, now time.Time) Run {
	r.TaskVersion = max(r.TaskVersion, t.Version)
	r.Missing = 0
	if r.StartedAt.IsZero() {
		r.StartedAt = t.StartedAt // also of one that has stopped before anybody told that it ran
	}
	if r.State == Starting && t.LastStatus == StatusRunning {
		r.State, r.StartedAt = Running, orNow(t.StartedAt, now)
		r.owe(OwesStarted)
		r = r.note("", now)
	}
	return r
}

// Check records that reconcile has looked at the run's task. Missing says that ECS did not know it.
func (r Run) Check(missing bool, now time.Time) Run {
	n := r.Clone()
	n.CheckedAt = now
	n.Missing = 0
	if missing {
		n.Missing = r.Missing + 1
	}
	return n
}

// Refuse puts a claimed run back into the queue after a definite refusal: the next launch has a new number, hence a
// new token, and goes to the given place of the capacity order. It gives the slot back.
func (r Run) Refuse(why string, to Place, notBefore, now time.Time) (Run, error) {
	switch {
	case r.State != Starting:
		return r, &TransitionError{r.ID, r.State, "put back", ""}
	case r.Unwanted():
		return r, &TransitionError{r.ID, r.State, "put back", "no longer wanted"}
	}
	n := r.Clone()
	n.State, n.Slot, n.Launch, n.Place, n.NotBefore = Queued, false, r.Launch+1, to, notBefore
	n.TaskARN, n.TaskVersion, n.Missing = "", 0, 0
	return n.note(why, now), nil
}

// Retry puts a run whose attempt has ended back into the queue for another attempt. It owes a nudge for the slot that
// it gives back; its own launch waits for notBefore. A timeout was of the attempt, and goes with it; a run that is no
// longer wanted is not tried again.
func (r Run) Retry(o Outcome, to Place, notBefore, now time.Time) (Run, error) {
	switch {
	case !r.State.Active():
		return r, &TransitionError{r.ID, r.State, "retry", ""}
	case r.Unwanted():
		return r, &TransitionError{r.ID, r.State, "retry", "no longer wanted"}
	}
	n := r.Clone()
	n.again(to, notBefore)
	n.Outcome = &o
	if o.Class == SpotInterruption {
		n.Interruptions++
	}
	n.owe(OwesRetrying)
	if r.Slot {
		n.owe(OwesNudge)
	}
	return n.noteStep(Step{Why: "attempt ended: " + o.Class, Class: o.Class, ExitCode: o.ExitCode, TaskARN: r.TaskARN}, now), nil
}

// SpotInterruption is the class of an attempt that lost its Spot capacity.
const SpotInterruption = "spot-interruption"

// Move is Retry for an attempt that never ran because there was no capacity for it: retry.attempts does not count it.
func (r Run) Move(o Outcome, to Place, notBefore, now time.Time) (Run, error) {
	n, err := r.Retry(o, to, notBefore, now)
	if err == nil {
		n.Spared++
	}
	return n, err
}

// Reopen is the one way out of a final state: an operator wants another attempt. It has a new budget of attempts and a
// new launch deadline, and begins with the first step of the capacity order. What the run still owes stays owed.
func (r Run) Reopen(j Job, why string, now time.Time) (Run, error) {
	switch {
	case !r.State.Final():
		return r, &TransitionError{r.ID, r.State, "retry", "not final yet; there is nothing to retry"}
	case r.Objects != nil:
		return r, &TransitionError{r.ID, r.State, "retry", "and a batch; retry its objects"}
	}
	n := r.Clone()
	n.again(Place{}, now)
	n.Spared, n.Interruptions = r.Attempt, 0
	n.Outcome, n.EndedAt, n.LaunchDeadline = nil, time.Time{}, j.LaunchDeadline(now)
	return n.note("retried: "+why, now), nil
}

// again makes the run queued for its next attempt. The receiver must be a clone.
func (r *Run) again(to Place, notBefore time.Time) {
	r.Wish, r.WishWhy = NoWish, ""
	r.State, r.Slot, r.Attempt, r.Launch = Queued, false, r.Attempt+1, 1
	r.Place, r.NotBefore = to, notBefore
	r.TaskARN, r.TaskVersion, r.Missing = "", 0, 0
}

// End makes a run final: succeeded or failed by the outcome, cancelled when that was wished. It owes what the caller
// names, and a nudge for the slot that it gives back.
func (r Run) End(o Outcome, at, now time.Time, owed ...Effect) (Run, error) {
	if r.State.Final() {
		return r, &TransitionError{r.ID, r.State, "end", ""}
	}
	n := r.Clone()
	n.Outcome, n.EndedAt, n.Slot = &o, orNow(at, now), false
	switch {
	case o.Succeeded():
		n.State = Succeeded
	case r.Unwanted():
		n.State = Cancelled
	default:
		n.State = Failed
	}
	n.oweMembers()
	n.owe(owed...)
	if r.Slot {
		n.owe(OwesNudge)
	}
	return n.noteStep(Step{Why: o.Class, Class: o.Class, ExitCode: o.ExitCode, TaskARN: r.TaskARN}, now), nil
}

// Skip makes a queued run final without a launch.
func (r Run) Skip(why string, now time.Time, owed ...Effect) (Run, error) {
	if r.State != Queued {
		return r, &TransitionError{r.ID, r.State, "skip", ""}
	}
	n := r.Clone()
	n.State, n.EndedAt = Skipped, now
	n.oweMembers()
	n.owe(owed...)
	return n.note(why, now), nil
}

// Unwanted reports whether somebody wishes that the run comes to nothing.
func (r Run) Unwanted() bool { return r.Wish == WishCancel || r.Wish == WishReplace }

// WishFor records a wish on an active run, or cancels a queued one at once. The wish of a final run is refused. Only a
// RUNNING attempt can be over its time, only one that is not RUNNING can be moved, and a run that is no longer wanted
// stays so.
func (r Run) WishFor(w Wish, why string, now time.Time) (Run, error) {
	switch {
	case r.State.Final() || w == WishTimeout && r.State != Running || w == WishMove && r.State != Starting:
		return r, &TransitionError{r.ID, r.State, string(w), ""}
	case (w == WishTimeout || w == WishMove) && r.Unwanted():
		return r, &TransitionError{r.ID, r.State, string(w), "no longer wanted"}
	}
	n := r.Clone()
	n.Wish, n.WishWhy = w, why
	if r.State == Queued {
		n.State, n.EndedAt = Cancelled, now
		n.oweMembers()
		n.owe(OwesEvent)
	}
	return n.note(string(w)+" wished: "+why, now), nil
}

// Paid removes effects that have been done.
func (r Run) Paid(done ...Effect) Run {
	n := r.Clone()
	n.Owed = slices.DeleteFunc(n.Owed, func(e Effect) bool { return slices.Contains(done, e) })
	return n
}

// oweMembers is for a batch that ends: what it has gathered ends with it. The receiver must be a clone.
func (r *Run) oweMembers() {
	if r.Objects != nil {
		r.owe(OwesMembers)
	}
}

// owe adds effects that are not owed yet. The receiver must be a clone.
func (r *Run) owe(effects ...Effect) {
	for _, e := range effects {
		if !slices.Contains(r.Owed, e) {
			r.Owed = append(r.Owed, e)
		}
	}
}

// note appends to the history. The receiver must be a clone.
func (r Run) note(why string, now time.Time) Run { return r.noteStep(Step{Why: why}, now) }

// noteStep appends to the history what s says of the run as it is now. The receiver must be a clone.
func (r Run) noteStep(s Step, now time.Time) Run {
	s.At, s.State, s.Attempt, s.Launch = now, r.State, r.Attempt, r.Launch
	r.History = append(r.History, s)
	if len(r.History) > maxHistory {
		r.History = slices.Delete(r.History, 1, len(r.History)-maxHistory+1)
	}
	return r
}

func orNow(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return t
}
