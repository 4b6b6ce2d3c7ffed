package main

import (
	"encoding/json"
	"fmt"
	"time"

	"slipway/internal/cloud/eventbridge"
	"slipway/internal/event"
	"slipway/internal/run"
)

// formVersion is the version of the forms of events. docs/reference/events holds their JSON Schemas.
const formVersion = "1"

// runDetail is the detail of a "Run …" event. It has no environment values: they may be secrets.
type runDetail struct {
	Version       string      `json:"version"` // of this form
	Stack         string      `json:"stack"`
	Run           run.ID      `json:"run"`
	Job           string      `json:"job"`
	State         run.State   `json:"state"`
	Trigger       run.Trigger `json:"trigger"`
	Attempt       int         `json:"attempt"`
	Object        *run.Object `json:"object,omitempty"`
	ScheduledTime *time.Time  `json:"scheduledTime,omitempty"`
	IntervalStart *time.Time  `json:"intervalStart,omitempty"`
	Task          string      `json:"taskArn,omitempty"`
	Class         string      `json:"class,omitempty"`
	Severity      string      `json:"severity,omitempty"`
	Container     string      `json:"container,omitempty"`
	ExitCode      *int        `json:"exitCode,omitempty"`
	Reason        string      `json:"reason,omitempty"`
	Summary       string      `json:"summary,omitempty"`
	Remedy        string      `json:"remedy,omitempty"`
	Link          string      `json:"link,omitempty"`
	NotBefore     time.Time   `json:"notBefore,omitzero"` // of the next attempt
	AdmittedAt    time.Time   `json:"admittedAt,omitzero"`
	StartedAt     time.Time   `json:"startedAt,omitzero"`
	EndedAt       time.Time   `json:"endedAt,omitzero"`
}

// detailTypes are the types of the events about the ends of runs.
var detailTypes = map[run.State]string{
	run.Succeeded: "Run Succeeded",
	run.Failed:    "Run Failed",
	run.Cancelled: "Run Cancelled",
	run.Skipped:   "Run Skipped",
}

// typeOf is the detail type of what a run owes, or empty when there is nothing to tell: somebody has retried it
// meanwhile.
func typeOf(r run.Run, e run.Effect) string {
	switch e {
	case run.OwesStarted:
		return "Run Started"
	case run.OwesRetrying:
		return "Run Retrying"
	}
	return detailTypes[r.State]
}

// entryOf is the event about a run.
func entryOf(stack string, r run.Run, e run.Effect) (eventbridge.Entry, error) {
	d := runDetail{
		Version: formVersion, Stack: stack, Run: r.ID, Job: r.Job, State: r.State, Trigger: r.Trigger, Attempt: r.Attempt,
		Object: r.Input.Object, ScheduledTime: r.Input.ScheduledTime, IntervalStart: r.Input.IntervalStart,
		Task: r.TaskARN, AdmittedAt: r.AdmittedAt, StartedAt: r.StartedAt,
	}
	switch e {
	case run.OwesStarted:
		d.State = run.Running // it may have gone on since
	case run.OwesRetrying:
		d.State, d.NotBefore = run.Queued, r.NotBefore
		d.outcome(r.Outcome)
	default:
		d.EndedAt = r.EndedAt
		d.outcome(r.Outcome)
	}
	entry, err := entry(typeOf(r, e), d)
	if err == nil && r.TaskARN != "" {
		entry.Resources = []string{r.TaskARN}
	}
	return entry, err
}

func (d *runDetail) outcome(o *run.Outcome) {
	if o == nil {
		return
	}
	d.Class, d.Severity, d.Container, d.ExitCode, d.Reason = o.Class, o.Severity, o.Container, o.ExitCode, o.Reason
	d.Summary, d.Remedy, d.Link = o.Summary, o.Remedy, o.Link
}

// incidentDetail is the detail of an "Incident …" event.
type incidentDetail struct {
	Version    string      `json:"version"`
	Stack      string      `json:"stack"`
	Incident   string      `json:"incident"`
	Episode    int         `json:"episode"`
	State      string      `json:"state"` // "open" or "resolved"
	Event      string      `json:"event"`
	Subject    run.Subject `json:"subject"`
	Class      string      `json:"class"`
	Severity   string      `json:"severity"`
	Container  string      `json:"container,omitempty"`
	Failures   int         `json:"failures"`
	OpenedAt   time.Time   `json:"openedAt"`
	ResolvedAt time.Time   `json:"resolvedAt,omitzero"`
	ResolvedBy string      `json:"resolvedBy,omitempty"`
	Summary    string      `json:"summary,omitempty"`
	Remedy     string      `json:"remedy,omitempty"`
	Link       string      `json:"link,omitempty"`
	Run        run.ID      `json:"run,omitempty"`
	Task       string      `json:"taskArn,omitempty"`
	Drill      bool        `json:"drill,omitempty"`
}

// incidentEntry is the event that an incident was opened or resolved.
func incidentEntry(stack string, i run.Incident, n run.Notice) (eventbridge.Entry, error) {
	d := incidentDetail{
		Version: formVersion, Stack: stack, Incident: i.Key, Episode: i.Episode, State: "open", Event: i.Event,
		Subject: i.Subject, Class: i.Class, Severity: i.Severity, Container: i.Container, Failures: max(n.Count, 1),
		OpenedAt: i.OpenedAt, Drill: i.Drill,
	}
	if len(i.Examples) > 0 {
		c := i.Examples[0]
		d.Summary, d.Remedy, d.Link, d.Run, d.Task = c.Outcome.Summary, c.Outcome.Remedy, c.Outcome.Link, c.Run, c.TaskARN
	}
	what := "Incident Opened"
	if n.Kind == run.Resolved {
		what, d.State, d.ResolvedAt, d.ResolvedBy = "Incident Resolved", "resolved", n.At, i.ClosedBy
	}
	return entry(what, d)
}

func entry(detailType string, detail any) (eventbridge.Entry, error) {
	text, err := json.Marshal(detail)
	if err != nil {
		return eventbridge.Entry{}, fmt.Errorf("encode the event %s: %w", detailType, err)
	}
	return eventbridge.Entry{Source: event.NudgeSource, DetailType: detailType, Detail: string(text)}, nil
}
