package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slipway/internal/alert"
	"slipway/internal/run"
	"slipway/internal/schedule"
	"slipway/internal/stop"
)

// lookForLateJobs counts every job that has not succeeded within its time. Nobody tells of what does not happen.
func (o *Orchestrator) lookForLateJobs(ctx context.Context) error {
	var watched []run.Job
	for _, name := range o.order {
		if j := o.jobs[name]; j.SuccessWithin > 0 && j.Trigger.Schedule != nil {
			watched = append(watched, j)
		}
	}
	if len(watched) == 0 {
		return nil
	}
	list, err := o.ledger.Jobs(ctx)
	if err != nil {
		return fmt.Errorf("read the jobs: %w", err)
	}
	states := map[string]run.JobState{}
	for _, s := range list {
		states[s.Name] = s
	}
	var problems []error
	for _, j := range watched {
		problems = append(problems, o.lookAt(ctx, j, states[j.Name]))
	}
	return errors.Join(problems...)
}

// lookAt looks at the newest scheduled time whose time for a success is over.
func (o *Orchestrator) lookAt(ctx context.Context, j run.Job, s run.JobState) error {
	plan, err := schedule.For(*j.Trigger.Schedule)
	if err != nil {
		return fmt.Errorf("read the schedule of job %s: %w", j.Name, err)
	}
	at, ok := plan.Prev(o.now().Add(-j.SuccessWithin))
	if !ok || s.Paused || s.FirstSeen.IsZero() || !at.After(s.FirstSeen) {
		return nil
	}
	c := lateCase(j, at, o.now())
	if known, err := o.knownLate(ctx, c, at, j.Trigger.Schedule.Count == 0); known || err != nil {
		return err
	}
	wants := WantsOf(j, []schedule.Time{{At: at}})
	for _, w := range wants {
		late, err := o.lateBy(ctx, &c, o.identify(w))
		if err != nil {
			return fmt.Errorf("read the run of job %s for %s: %w", j.Name, at.Format(time.RFC3339), err)
		}
		if late {
			return o.countCase(ctx, c)
		}
	}
	return o.succeeded(ctx, c.Subject, false, at)
}

// lateBy reports whether a run has not succeeded, and lets the case say so.
func (o *Orchestrator) lateBy(ctx context.Context, c *run.Case, id run.ID) (bool, error) {
	r, err := o.ledger.Run(ctx, id)
	switch {
	case errors.Is(err, run.ErrNotFound):
		c.Outcome.Reason, c.Outcome.Remedy = "there is no run for that time", "See the log of scheduler, and the job's catchUp."
	case err != nil:
		return false, err
	case r.State == run.Succeeded:
		return false, nil
	default:
		c.Run, c.TaskARN, c.Attempt = r.ID, r.TaskARN, r.Attempt
		c.Outcome.Reason = "its run is " + string(r.State)
	}
	return true, nil
}

// knownLate reports whether the time was counted as late already, or has a success. Where a time has several runs, one
// success says nothing of the others.
func (o *Orchestrator) knownLate(ctx context.Context, c run.Case, at time.Time, oneRun bool) (bool, error) {
	i, err := o.ledger.Incident(ctx, run.IncidentKey(c))
	if err != nil && !errors.Is(err, run.ErrNotFound) {
		return false, fmt.Errorf("read the incident of job %s: %w", c.Subject.Name, err)
	}
	if i.Open() && !i.LastFor.Before(at) {
		return true, nil
	}
	good, err := o.markedAt(ctx, successMark(c.Subject, false))
	return oneRun && !good.Before(at), err
}

func lateCase(j run.Job, at, now time.Time) run.Case {
	outcome := stop.Of("timeout", "")
	outcome.Summary = fmt.Sprintf("The job has not succeeded within %s of its scheduled time.", j.SuccessWithin)
	outcome.Remedy = "See how its run stands, and start it again, or raise successWithin."
	return run.Case{
		ID: "late/" + j.Name + "/" + at.UTC().Format(time.RFC3339), Event: "job.late",
		Subject: run.Subject{Kind: run.JobSubject, Name: j.Name}, Outcome: outcome, At: now, ScheduledTime: &at,
		Trigger: run.BySchedule, Next: "The next scheduled time is run as ever.",
	}
}

// DeadLetterQueue is a queue that messages end in which could not be handled.
type DeadLetterQueue struct {
	Name string
	// Count returns how many messages the queue holds; Why, the reason of one of them. Both leave them there.
	Count func(context.Context) (int, error)
	Why   func(context.Context) (reason, detail string, err error)
}

// lookForDeadLetters counts the messages of the dead-letter queues.
func (o *Orchestrator) lookForDeadLetters(ctx context.Context) error {
	var problems []error
	for _, q := range o.deadLetters {
		if err := o.countLetters(ctx, q); err != nil {
			problems = append(problems, fmt.Errorf("look into the dead-letter queue of %s: %w", q.Name, err))
		}
	}
	return errors.Join(problems...)
}

func (o *Orchestrator) countLetters(ctx context.Context, q DeadLetterQueue) error {
	n, err := q.Count(ctx)
	if err != nil {
		return err
	}
	subject := run.Subject{Kind: run.QueueSubject, Name: q.Name}
	if n == 0 {
		return o.eachOpen(ctx, subject, func(i run.Incident) (run.Incident, bool) {
			return alert.Resolve(i, alert.BySuccess, o.now()), true
		})
	}
	c := letterCase(subject, "", "", o.now())
	i, err := o.ledger.Incident(ctx, run.IncidentKey(c))
	if err == nil && i.Open() && n <= i.Count {
		return nil
	}
	if err != nil && !errors.Is(err, run.ErrNotFound) {
		return err
	}
	reason, detail, err := q.Why(ctx)
	if err != nil {
		return err
	}
	return o.addLetters(ctx, letterCase(subject, reason, detail, o.now()), n)
}

// addLetters counts the letters that are new since the last look.
func (o *Orchestrator) addLetters(ctx context.Context, c run.Case, n int) error {
	before, after, err := o.changeIncident(ctx, run.IncidentKey(c), "", func(i run.Incident) (run.Incident, bool) {
		if c.Times = n; i.Open() {
			c.Times = n - i.Count
		}
		if c.Times <= 0 {
			return i, false
		}
		return alert.Add(i, c, o.now()), true
	})
	if err != nil {
		return err
	}
	return o.tell(ctx, after, fresh(before, after))
}

func letterCase(subject run.Subject, reason, detail string, now time.Time) run.Case {
	if reason == "" {
		reason = "SQS moved it there: the function crashed or ran out of time on it"
	}
	outcome := stop.Of("unknown", reason+": "+detail)
	outcome.Summary = "A message could not be handled and is kept in the dead-letter queue of " + subject.Name + "."
	outcome.Remedy = "Correct what the reason says, then send it again: slipway dead-letters."
	outcome.Link = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
	return run.Case{ID: "dead-letter/" + subject.Name, Event: "dead-letter", Subject: subject, Outcome: outcome, At: now, Next: "It is kept for 14 days."}
}
