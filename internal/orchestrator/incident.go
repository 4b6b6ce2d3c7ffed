package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway/internal/alert"
	"slipway/internal/event"
	"slipway/internal/run"
)

// Incidents is what the ledger keeps of failures that somebody is told of.
type Incidents interface {
	// Incident returns an incident as it is stored, or an error that is run.ErrNotFound.
	Incident(ctx context.Context, key string) (run.Incident, error)
	// SaveIncident stores an incident read before, or a new one, and with it that a case is counted; an empty case is
	// none. It returns a *run.Conflict when the stored one has another revision, and run.ErrRecorded when the case was
	// counted before; then nothing is stored.
	SaveIncident(ctx context.Context, i run.Incident, caseID string) error
	// DueIncidents returns up to limit incidents whose Due has come, the longest due first. It is a hint and may be stale.
	DueIncidents(ctx context.Context, now time.Time, limit int) ([]run.Incident, error)
	// OpenIncidents returns the open incidents of a subject. It is a hint and may be stale.
	OpenIncidents(ctx context.Context, of run.Subject) ([]run.Incident, error)
	// Mark returns what was marked under a name, or an error that is run.ErrNotFound.
	Mark(ctx context.Context, name string) (run.Mark, error)
	// SaveMark stores a mark unless a newer one is there, which is no error.
	SaveMark(ctx context.Context, m run.Mark) error
}

// Effects does what runs and incidents owe. Each is done at least once.
type Effects interface {
	// Publish puts the event of a run on the event bus: that it goes on as the effect says, or how it has ended.
	Publish(ctx context.Context, r run.Run, e run.Effect) error
	// Announce puts the event that an incident was opened or resolved on the event bus.
	Announce(ctx context.Context, i run.Incident, n run.Notice) error
	// Mail sends the mail of a notice to those in n.To, or to everybody who wants it when that is nil. It returns those
	// whom it did not reach, and why.
	Mail(ctx context.Context, i run.Incident, n run.Notice) (left []string, err error)
	// Bury keeps a notice that cannot be told as a dead letter, with the reason.
	Bury(ctx context.Context, i run.Incident, n run.Notice, reason error) error
	// Nudge asks for queued runs of the job to be launched now rather than at the next tick.
	Nudge(ctx context.Context, job string) error
}

// locks let one goroutine of this process at a time change an incident: those of a batch would else take turns in
// conflicts.
type locks [64]sync.Mutex

var lockSeed = maphash.MakeSeed()

func (l *locks) of(key string) *sync.Mutex { return &l[maphash.String(lockSeed, key)%uint64(len(l))] }

// maxIncidentTries bounds how often a change of an incident is applied anew when others change it.
const maxIncidentTries = 30

// countCase counts a case in its incident, once however often it is told, and tells at once what is to be told at once.
// What cannot be told stays in the ledger for the next flush: that is no error.
func (o *Orchestrator) countCase(ctx context.Context, c run.Case) error {
	key := run.IncidentKey(c)
	before, after, err := o.changeIncident(ctx, key, c.ID, func(i run.Incident) (run.Incident, bool) {
		return alert.Add(i, c, o.now()), true
	})
	if errors.Is(err, run.ErrRecorded) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("count %s of %s: %w", c.Event, c.Subject.Name, err)
	}
	o.counted("CasesCounted", 1)
	o.log.InfoContext(ctx, "failure counted", "event", c.Event, "subject", c.Subject.Name, "class", c.Outcome.Class,
		"incident", key, "count", after.Count)
	if err := o.tell(ctx, after, fresh(before, after)); err != nil {
		o.log.WarnContext(ctx, "not everybody told yet", "incident", key, "error", err)
	}
	return nil
}

// fresh are the notices that a change has made.
func fresh(before, after run.Incident) []run.Notice {
	return slices.DeleteFunc(slices.Clone(after.Notices), func(n run.Notice) bool {
		return slices.ContainsFunc(before.Notices, func(old run.Notice) bool { return old.Stage == n.Stage })
	})
}

// changeIncident applies f to an incident as it is stored, the zero incident when there is none, and stores what f
// makes of it unless f says that nothing has changed. It returns both.
func (o *Orchestrator) changeIncident(ctx context.Context, key, caseID string, f func(run.Incident) (run.Incident, bool)) (before, after run.Incident, err error) {
	lock := o.incidents.of(key)
	lock.Lock()
	defer lock.Unlock()
	for range maxIncidentTries {
		before, err = o.ledger.Incident(ctx, key)
		if errors.Is(err, run.ErrNotFound) {
			before, err = run.Incident{}, nil
		}
		if err != nil {
			return before, before, fmt.Errorf("read incident %s: %w", key, err)
		}
		after, changed := f(before)
		if !changed {
			return before, before, nil
		}
		err = o.ledger.SaveIncident(ctx, after, caseID)
		var c *run.Conflict
		if errors.As(err, &c) {
			continue
		}
		after.Revision++
		return before, after, err
	}
	return before, before, errContended
}

// tell tells notices that this call has stored or taken, and removes what was told.
func (o *Orchestrator) tell(ctx context.Context, i run.Incident, notices []run.Notice) error {
	if o.effects == nil || len(notices) == 0 {
		return nil
	}
	var problems []error
	left := map[string][]string{}
	var done []string
	for _, n := range notices {
		to, err := o.tellOne(ctx, i, n)
		if err != nil {
			problems = append(problems, fmt.Errorf("tell %s: %w", n.Stage, err))
			left[n.Stage] = to
			continue
		}
		done = append(done, n.Stage)
	}
	err := o.note(ctx, i.Key, func(i run.Incident) run.Incident {
		for _, stage := range done {
			i = alert.Paid(i, stage)
		}
		for stage, to := range left {
			i = alert.Postponed(i, stage, to, o.now())
		}
		return i
	})
	if err != nil && len(done) > 0 {
		o.counted("NoticesUnconfirmed", len(done)) // told, and perhaps told again
		o.log.WarnContext(ctx, "told, and not noted", "incident", i.Key, "notices", done, "error", err)
	}
	return errors.Join(append(problems, err)...)
}

// noteTries is how often it is tried to note what was told. A mail that went and is not noted goes twice.
const noteTries = 5

func (o *Orchestrator) note(ctx context.Context, key string, f func(run.Incident) run.Incident) error {
	var err error
	for range noteTries {
		_, _, err = o.changeIncident(ctx, key, "", func(i run.Incident) (run.Incident, bool) { return f(i), true })
		if err == nil || !run.Retryable(err) || ctx.Err() != nil {
			break
		}
	}
	return err
}

// tellOne tells one notice. One that was tried often enough becomes a dead letter.
func (o *Orchestrator) tellOne(ctx context.Context, i run.Incident, n run.Notice) (left []string, err error) {
	if n.Mail {
		left, err = o.effects.Mail(ctx, i, n)
	} else {
		err = o.effects.Announce(ctx, i, n)
	}
	if err == nil || n.Tries+1 < alert.MaxTries && (run.Retryable(err) || n.Tries+1 < alert.RefusedTries) {
		return left, err
	}
	if i.Subject.Kind == run.QueueSubject {
		o.log.ErrorContext(ctx, "mail about dead letters given up", "incident", i.Key, "error", err)
		return nil, nil // a dead letter about dead letters would make another one
	}
	if n.To = left; o.effects.Bury(ctx, i, n, err) != nil {
		return left, err
	}
	o.counted("NoticesBuried", 1)
	o.log.ErrorContext(ctx, "mail given up", "incident", i.Key, "stage", n.Stage, "error", err)
	return nil, nil
}

// Resend tells a notice that was given up, when somebody has sent its dead letter again.
func (o *Orchestrator) Resend(ctx context.Context, u event.Unsent) error {
	n := run.Notice{Kind: run.NoticeKind(u.Kind), Mail: u.Mail, To: u.To, Count: u.Count, New: u.New, At: u.At}
	before, after, err := o.changeIncident(ctx, u.Incident, "", func(i run.Incident) (run.Incident, bool) {
		if i.Key == "" {
			return i, false
		}
		return alert.Again(i, n, o.now()), true
	})
	if err != nil {
		return fmt.Errorf("tell %s again: %w", u.Stage, err)
	}
	if before.Key == "" {
		return run.Never("no-such-incident", fmt.Errorf("tell %s again: the ledger has no incident %s", u.Stage, u.Incident))
	}
	if err := o.tell(ctx, after, fresh(before, after)); err != nil {
		o.log.WarnContext(ctx, "not everybody told yet", "incident", u.Incident, "error", err)
	}
	return nil
}

// flushIncidents tells what is due of incidents, makes digests, and looks for what nobody tells of.
func (o *Orchestrator) flushIncidents(ctx context.Context) error {
	problems := []error{o.lookForLateJobs(ctx), o.lookForDeadLetters(ctx)}
	due, err := o.ledger.DueIncidents(ctx, o.now(), flushBatch)
	if err != nil {
		problems = append(problems, fmt.Errorf("read the incidents that are due: %w", err))
	}
	errs := make([]error, len(due))
	each(len(due), func(k int) { errs[k] = o.flushIncident(ctx, due[k]) })
	return errors.Join(append(problems, errs...)...)
}

func (o *Orchestrator) flushIncident(ctx context.Context, i run.Incident) error {
	good, err := o.markedAt(ctx, markOf(i))
	if err != nil {
		return err
	}
	now := o.now()
	var taken []string
	before, after, err := o.changeIncident(ctx, i.Key, "", func(i run.Incident) (run.Incident, bool) {
		taken = nil
		due := i.Due()
		if due.IsZero() || due.After(now) {
			return i, false
		}
		next := alert.Advance(i, good, now)
		for _, n := range i.Notices {
			if !n.NotBefore.After(now) {
				next, taken = alert.Taken(next, n.Stage, now), append(taken, n.Stage)
			}
		}
		return next, true
	})
	if err != nil {
		return fmt.Errorf("look after incident %s: %w", i.Key, err)
	}
	notices := slices.DeleteFunc(slices.Clone(before.Notices), func(n run.Notice) bool { return !slices.Contains(taken, n.Stage) })
	return o.tell(ctx, after, append(notices, fresh(before, after)...))
}

// markOf names the mark of the successes that resolve an incident, or is empty.
func markOf(i run.Incident) string {
	if !alert.BySuccessOnly(i) {
		return ""
	}
	return successMark(i.Subject, i.Event == "deployment.failed")
}

// successMark names the mark of a subject's newest success; of a service, its newest completed deployment is another.
func successMark(s run.Subject, deployment bool) string {
	name := s.Kind + "/" + s.Cluster + "/" + s.Name
	if deployment {
		name = "deployed/" + name
	}
	return name
}

// markedAt is the time of a mark, zero when there is none.
func (o *Orchestrator) markedAt(ctx context.Context, name string) (time.Time, error) {
	if name == "" {
		return time.Time{}, nil
	}
	m, err := o.ledger.Mark(ctx, name)
	if errors.Is(err, run.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read mark %s: %w", name, err)
	}
	return m.At, nil
}

// succeeded marks a success of a subject and resolves what it makes up for. At is its time, or, for a scheduled job,
// the scheduled time.
func (o *Orchestrator) succeeded(ctx context.Context, of run.Subject, deployment bool, at time.Time) error {
	name := successMark(of, deployment)
	if err := o.ledger.SaveMark(ctx, run.Mark{Name: name, At: at, Until: o.now().Add(run.KeepFor)}); err != nil {
		return fmt.Errorf("mark a success of %s: %w", of.Name, err)
	}
	return o.eachOpen(ctx, of, func(i run.Incident) (run.Incident, bool) {
		if markOf(i) != name || !alert.MadeUpBy(i, at) {
			return i, false
		}
		return alert.Advance(i, at, o.now()), true
	})
}

// eachOpen applies f to every open incident of a subject, and tells what comes of it.
func (o *Orchestrator) eachOpen(ctx context.Context, of run.Subject, f func(run.Incident) (run.Incident, bool)) error {
	open, err := o.ledger.OpenIncidents(ctx, of)
	if err != nil {
		return fmt.Errorf("read the open incidents of %s: %w", of.Name, err)
	}
	var problems []error
	for _, i := range open {
		before, after, err := o.changeIncident(ctx, i.Key, "", func(i run.Incident) (run.Incident, bool) {
			if !i.Open() {
				return i, false
			}
			return f(i)
		})
		if err != nil {
			problems = append(problems, fmt.Errorf("change incident %s: %w", i.Key, err))
			continue
		}
		if err := o.tell(ctx, after, fresh(before, after)); err != nil {
			o.log.WarnContext(ctx, "not everybody told yet", "incident", i.Key, "error", err)
		}
	}
	return errors.Join(problems...)
}

// clusterName is the name in a cluster's ARN, or the name itself.
func clusterName(cluster string) string {
	if _, name, found := strings.Cut(cluster, ":cluster/"); found {
		return name
	}
	return cluster
}
