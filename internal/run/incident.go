package run

import (
	"encoding/hex"
	"errors"
	"slices"
	"time"
)

// The effects that are owed while a run goes on. Those of its end are beside Effect.
const (
	OwesStarted  Effect = "started"  // "Run Started" on EventBridge: the task is RUNNING
	OwesRetrying Effect = "retrying" // "Run Retrying" on EventBridge: another attempt will come
)

// The kinds of a Subject.
const (
	JobSubject     = "job"
	ServiceSubject = "service"
	TasksSubject   = "tasks" // tasks of a group that Slipway did not start
	QueueSubject   = "queue" // a dead-letter queue
)

// Subject is what failures are of. Cluster is empty for a job and for a queue.
type Subject struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Cluster string `json:"cluster,omitempty"`
}

// Case is one thing that went wrong and that somebody is told of: a failed run or task, or what ECS says of a service.
type Case struct {
	ID      string    `json:"id"`    // the same failure has the same ID, however often it is told
	Event   string    `json:"event"` // "run.failed", "task.failed", ...
	Subject Subject   `json:"subject"`
	Outcome Outcome   `json:"outcome"`
	At      time.Time `json:"at"`

	Run           ID         `json:"run,omitempty"`
	Trigger       Trigger    `json:"trigger,omitempty"`
	Attempt       int        `json:"attempt,omitempty"`
	Object        *Object    `json:"object,omitempty"`
	ScheduledTime *time.Time `json:"scheduledTime,omitempty"`
	AdmittedAt    time.Time  `json:"admittedAt,omitzero"`
	StartedAt     time.Time  `json:"startedAt,omitzero"`

	TaskARN    string   `json:"taskArn,omitempty"`
	Definition string   `json:"definition,omitempty"`
	Capacity   string   `json:"capacity,omitempty"`
	Resources  string   `json:"resources,omitempty"` // what the run gave the task beside its definition, in words
	Deployment string   `json:"deployment,omitempty"`
	Next       string   `json:"next,omitempty"` // what happens next, in words
	Log        []string `json:"log,omitempty"`  // the last lines, redacted
	Drill      bool     `json:"drill,omitempty"`
	Times      int      `json:"times,omitempty"` // it stands for so many; zero: one

	// HeldUntil keeps a mail back: whatever is going on may yet explain the failure. Zero: told at once.
	HeldUntil time.Time `json:"heldUntil,omitzero"`
}

// For is the time that a success must not be before to make up for the case: the scheduled time where there is one.
func (f Case) For() time.Time {
	if f.ScheduledTime != nil {
		return *f.ScheduledTime
	}
	return f.At
}

// NoticeKind says what a notice tells of an incident.
type NoticeKind string

// The kinds of notice.
const (
	Opened   NoticeKind = "opened"   // it has begun
	Digest   NoticeKind = "digest"   // more of the same
	Resolved NoticeKind = "resolved" // it is over
)

// Notice is something to be told of an incident: a mail, or an event for other systems. It is stored before it is told,
// so that it is told at least once.
type Notice struct {
	Stage     string     `json:"stage"` // names it among all notices: the same stage is the same notice, told again
	Kind      NoticeKind `json:"kind"`
	Mail      bool       `json:"mail"`  // else an event
	Count     int        `json:"count"` // failures of the incident up to now
	New       int        `json:"new"`   // of them, those that no mail has told of
	At        time.Time  `json:"at"`
	To        []string   `json:"to,omitempty"` // who did not get it yet; nil: everybody who wants it
	Tries     int        `json:"tries,omitempty"`
	NotBefore time.Time  `json:"notBefore"`
}

// Incident is failures with one cause: of one job or service, with one class, in one container. It is opened by the
// first, and closed when the cause seems to be gone; what opens it again is another episode.
type Incident struct {
	Key       string  `json:"key"`
	Event     string  `json:"event"`
	Subject   Subject `json:"subject"`
	Class     string  `json:"class"`
	Severity  string  `json:"severity"`
	Container string  `json:"container,omitempty"`
	Scheduled bool    `json:"scheduled,omitempty"` // of a job that a schedule started
	Drill     bool    `json:"drill,omitempty"`

	Episode  int       `json:"episode"`
	OpenedAt time.Time `json:"openedAt"`
	LastAt   time.Time `json:"lastAt"`            // of the newest failure
	LastFor  time.Time `json:"lastFor"`           // Case.For of the newest failure
	SeenAt   time.Time `json:"seenAt"`            // when the newest failure was heard of
	ClosedAt time.Time `json:"closedAt,omitzero"` // zero: it goes on
	ClosedBy string    `json:"closedBy,omitempty"`

	Count     int    `json:"count"`               // failures of this episode
	Told      int    `json:"told"`                // of them, those that a mail has told of
	Swallowed int    `json:"swallowed,omitempty"` // task failures that a failed deployment caused
	Launches  int    `json:"launches,omitempty"`  // launches since the newest failure
	Examples  []Case `json:"examples,omitempty"`  // the newest failures, newest first

	Wait      time.Duration `json:"wait,omitempty"` // from the newest mail to the next digest
	LastMail  time.Time     `json:"lastMail,omitzero"`
	HeldUntil time.Time     `json:"heldUntil,omitzero"`
	Reopened  int           `json:"reopened,omitempty"` // times that it came back soon after it was resolved
	Stages    int           `json:"stages,omitempty"`   // notices ever made
	Notices   []Notice      `json:"notices,omitempty"`
	Check     time.Time     `json:"check,omitzero"` // when an open incident is looked at again at the latest
	Revision  int64         `json:"-"`
}

// Open reports whether the incident goes on.
func (i Incident) Open() bool { return i.Key != "" && i.ClosedAt.IsZero() }

// Untold is how many failures no mail has told of.
func (i Incident) Untold() int { return i.Count - i.Told }

// DigestAt is when the next mail may go.
func (i Incident) DigestAt() time.Time {
	if next := i.LastMail.Add(i.Wait); !i.LastMail.IsZero() && next.After(i.HeldUntil) {
		return next
	}
	return i.HeldUntil
}

// Due is when somebody must look at the incident again, or zero when nothing is to come.
func (i Incident) Due() time.Time {
	var times []time.Time
	for _, n := range i.Notices {
		times = append(times, n.NotBefore)
	}
	if i.Untold() > 0 {
		times = append(times, i.DigestAt())
	}
	if i.Open() {
		times = append(times, i.Check)
	}
	if len(times) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(times, time.Time.Compare)
}

// Pending reports whether something is still to come of the incident.
func (i Incident) Pending() bool { return i.Open() || len(i.Notices) > 0 || i.Untold() > 0 }

// IncidentKey names the incident that a failure belongs to.
func IncidentKey(f Case) string {
	event := f.Event
	parts := []string{event, f.Subject.Kind, f.Subject.Name, f.Subject.Cluster, f.Outcome.Class, f.Outcome.Container}
	if f.Event == "deployment.failed" {
		parts = append(parts, f.Deployment)
	}
	if f.Drill {
		event, parts = "drill", append(parts, f.ID)
	}
	sum := digest(parts...)
	return event + "-" + hex.EncodeToString(sum[:10])
}

// CaseKey is a failure's ID in a bounded length.
func CaseKey(id string) string {
	sum := digest(id)
	return hex.EncodeToString(sum[:16])
}

// KeepCases is how long the ledger knows that a failure has been counted: longer than any queue keeps its event.
const KeepCases = 30 * 24 * time.Hour

// ErrRecorded is what the ledger answers when a failure has been counted before.
var ErrRecorded = errors.New("this failure has been counted")

// Mark is what the ledger keeps of something that incidents depend on: the newest success of a job or service, or how a
// deployment goes.
type Mark struct {
	Name  string    `json:"name"`
	Word  string    `json:"word,omitempty"` // of a deployment: "in-progress", "failed" or "completed"
	At    time.Time `json:"at"`             // of the newest success, or of the word
	Until time.Time `json:"until,omitzero"` // when it may be forgotten
}
