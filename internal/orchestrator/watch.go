package orchestrator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway/internal/alert"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/stop"
)

// recordRun counts a failed run in its incident. A run that has gone on since, because somebody has retried it, is told
// of all the same: it had failed.
func (o *Orchestrator) recordRun(ctx context.Context, r run.Run) error {
	return o.countCase(ctx, o.caseOf(r))
}

// caseOf is a failed run as a case.
func (o *Orchestrator) caseOf(r run.Run) run.Case {
	c := run.Case{
		ID: fmt.Sprintf("run/%s/%d", r.ID, r.Attempt), Event: "run.failed",
		Subject: run.Subject{Kind: run.JobSubject, Name: r.Job}, Outcome: failureOf(r), At: r.EndedAt,
		Run: r.ID, Trigger: r.Trigger, Attempt: r.Attempt, Object: r.Input.Object, ScheduledTime: r.Input.ScheduledTime,
		AdmittedAt: r.AdmittedAt, StartedAt: r.StartedAt, TaskARN: r.TaskARN, Next: whatNext(o.jobs[r.Job].Retry, r),
	}
	if d := r.Decision; d != nil {
		c.Definition, c.Capacity, c.Resources = d.Definition, d.Capacity, resourcesOf(*d)
	}
	return c
}

// resourcesOf is the size that a run's decision gives its task, in words; empty: that of the task definition.
func resourcesOf(d run.Decision) string {
	var parts []string
	for _, p := range []struct {
		n    int
		unit string
	}{{d.CPU, "CPU units"}, {d.Memory, "MiB of memory"}, {d.EphemeralStorage, "GiB of disk"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.unit))
		}
	}
	return strings.Join(parts, ", ")
}

func failureOf(r run.Run) run.Outcome {
	if r.Outcome == nil {
		return stop.Unknown()
	}
	return stop.Complete(*r.Outcome)
}

// whatNext says what happens to a failed run.
func whatNext(p run.Retry, r run.Run) string {
	switch {
	case r.TaskARN == "":
		return "Nothing by itself: no task was started for it."
	case p.Attempts > 1 && r.Attempt-r.Spared >= p.Attempts:
		return fmt.Sprintf("Nothing by itself: attempt %d of %d was the last one.", r.Attempt-r.Spared, p.Attempts)
	case p.Attempts > 1:
		return fmt.Sprintf("Nothing by itself: it ended at attempt %d of %d in a way that the job does not retry.", r.Attempt-r.Spared, p.Attempts)
	}
	return "Nothing by itself: it has one attempt."
}

// payLearned pays what a run owes that goes on.
func (o *Orchestrator) payLearned(ctx context.Context, r run.Run, changed bool) error {
	if !changed {
		return nil
	}
	return o.pay(ctx, r)
}

// warnOfSpot counts the notice that a run's task will be taken away.
func (o *Orchestrator) warnOfSpot(ctx context.Context, r run.Run, t run.Task) error {
	if !spotNotice(t) {
		return nil
	}
	c := o.caseOf(r)
	c.Outcome = stop.Classify(t, stop.Options{Main: mainContainer(r)})
	c.TaskARN, c.Next = t.ARN, "ECS stops the task within two minutes; the job's retry policy decides what then."
	return o.recordNotice(ctx, c, t)
}

func (o *Orchestrator) recordNotice(ctx context.Context, c run.Case, t run.Task) error {
	c.ID, c.Event, c.At = "spot/"+t.ARN, "spot.notice", o.now()
	return o.countCase(ctx, c)
}

// spotNotice reports whether ECS has said that it takes the task's Spot capacity back, and has not done so yet.
func spotNotice(t run.Task) bool {
	return t.LastStatus != run.StatusStopped && t.DesiredStatus == run.StatusStopped &&
		(t.StopCode == "SpotInterruption" || t.StopCode == "TerminationNotice")
}

// observeOther takes in a task that Slipway did not start: of a watched service, on a watched cluster, or of a drill.
func (o *Orchestrator) observeOther(ctx context.Context, t run.Task) error {
	if drill, ours := event.DrillOf(t.StartedBy, o.stack); ours {
		return o.observeDrill(ctx, t, drill)
	}
	subject, watched := o.subjectOf(t)
	if !watched {
		return nil
	}
	c := run.Case{
		ID: "task/" + t.ARN, Event: "task.failed", Subject: subject, At: latest(t.StoppedAt, o.now), StartedAt: t.StartedAt,
		Outcome: stop.Classify(t, stop.Options{Main: o.containers[subject.Name], Service: subject.Name, Rules: o.stops}), TaskARN: t.ARN,
		Definition: t.Definition, Capacity: capacityOf(t), Deployment: deploymentOf(t),
	}
	switch {
	case spotNotice(t):
		c.Next = "ECS stops the task within two minutes."
		return o.recordNotice(ctx, c, t)
	case t.LastStatus != run.StatusStopped || c.Outcome.Succeeded() || c.Outcome.Expected:
		return nil
	}
	if subject.Kind == run.ServiceSubject {
		c.Next = "ECS starts another task for the service."
	}
	return o.recordTask(ctx, c)
}

// subjectOf is what a task belongs to, and whether it is watched.
func (o *Orchestrator) subjectOf(t run.Task) (run.Subject, bool) {
	cluster := clusterName(t.Cluster)
	if name, isService := strings.CutPrefix(t.Group, "service:"); isService {
		return run.Subject{Kind: run.ServiceSubject, Name: name, Cluster: cluster}, o.watches(t.Cluster, name)
	}
	name := strings.TrimPrefix(t.Group, "family:")
	if name == "" {
		_, name, _ = strings.Cut(t.Definition, ":task-definition/")
		name, _, _ = strings.Cut(name, ":")
	}
	return run.Subject{Kind: run.TasksSubject, Name: name, Cluster: cluster}, o.watchesAll(t.Cluster)
}

// watches reports whether a service is watched: by itself, or with its cluster.
func (o *Orchestrator) watches(cluster, service string) bool {
	for _, w := range o.watched {
		if w.Name == service && sameCluster(cluster, w.Cluster) {
			return true
		}
	}
	return o.watchesAll(cluster)
}

func (o *Orchestrator) watchesAll(cluster string) bool {
	return cluster != "" && slices.ContainsFunc(o.clusters, func(c string) bool { return sameCluster(cluster, c) })
}

// sameCluster compares a cluster's ARN with one that is named by name or ARN.
func sameCluster(arn, named string) bool {
	return arn == named || named != "" && strings.HasSuffix(arn, ":cluster/"+named)
}

func capacityOf(t run.Task) string {
	if t.CapacityProvider != "" {
		return t.CapacityProvider
	}
	return t.LaunchType
}

func deploymentOf(t run.Task) string {
	if strings.HasPrefix(t.StartedBy, "ecs-svc/") {
		return t.StartedBy
	}
	return ""
}

func latest(at time.Time, now func() time.Time) time.Time {
	if at.IsZero() {
		return now()
	}
	return at
}

// The words of a deployment's mark.
const (
	inProgress = "in-progress"
	hasFailed  = "failed"
)

// holdFor is how long the mail about a task is held back while the deployment that started it goes on.
const holdFor = 15 * time.Minute

// recordTask counts a failed task of a service. What its deployment explains is counted there; and as long as that is
// not known, the mail waits for it.
func (o *Orchestrator) recordTask(ctx context.Context, c run.Case) error {
	m, err := o.deployment(ctx, c.Deployment)
	if err != nil {
		return err
	}
	switch {
	case m.Word == hasFailed:
		return o.swallowCase(ctx, c)
	case m.Word == inProgress && o.now().Before(m.At.Add(2*time.Hour)):
		c.HeldUntil = o.now().Add(holdFor)
	}
	return o.countCase(ctx, c)
}

func (o *Orchestrator) observeDrill(ctx context.Context, t run.Task, id string) error {
	outcome := stop.Classify(t, stop.Options{Rules: o.stops})
	if t.LastStatus != run.StatusStopped || outcome.Succeeded() || outcome.Expected {
		return nil
	}
	return o.countCase(ctx, run.Case{
		ID: "drill/" + id, Event: "run.failed", Subject: run.Subject{Kind: run.JobSubject, Name: "drill"}, Outcome: outcome,
		At: latest(t.StoppedAt, o.now), StartedAt: t.StartedAt, TaskARN: t.ARN, Definition: t.Definition,
		Capacity: capacityOf(t), Next: "Nothing: this is a drill.", Drill: true,
	})
}

// wentWell counts a launch, and the success of a scheduled run.
func (o *Orchestrator) wentWell(ctx context.Context, r run.Run) error {
	subject := run.Subject{Kind: run.JobSubject, Name: r.Job}
	if at := r.Input.ScheduledTime; at != nil && r.State == run.Succeeded {
		return o.succeeded(ctx, subject, false, *at)
	}
	if r.StartedAt.IsZero() && r.State != run.Succeeded || !o.launchTrouble.of(r.Job, o.now(), func() bool { return o.hasLaunchTrouble(ctx, subject) }) {
		return nil
	}
	return o.eachOpen(ctx, subject, func(i run.Incident) (run.Incident, bool) {
		if !alert.ByLaunching(i) || r.EndedAt.Before(i.LastAt) || r.Outcome != nil && r.Outcome.Class == i.Class {
			return i, false
		}
		return alert.Launched(i, o.now()), true
	})
}

// hasLaunchTrouble reports whether a job has an open incident that launches resolve. When nobody can say, it has.
func (o *Orchestrator) hasLaunchTrouble(ctx context.Context, subject run.Subject) bool {
	open, err := o.ledger.OpenIncidents(ctx, subject)
	return err != nil || slices.ContainsFunc(open, alert.ByLaunching)
}

// memory keeps for a while whether something is so of a job, so that not every run that ends asks the ledger.
type memory struct {
	mu   sync.Mutex // protects following field
	jobs map[string]remembered
}

type remembered struct {
	is    bool
	until time.Time
}

// rememberFor is shorter than ten launches of most jobs take.
const rememberFor = 15 * time.Second

// of is what is remembered of a job, or what ask says.
func (m *memory) of(job string, now time.Time, ask func() bool) bool {
	m.mu.Lock()
	known, ok := m.jobs[job]
	m.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.is
	}
	is := ask()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.jobs == nil {
		m.jobs = map[string]remembered{}
	}
	m.jobs[job] = remembered{is, now.Add(rememberFor)}
	return is
}
