package main

import (
	"encoding/json"
	"fmt"
	"time"

	"slipway/internal/cloud/eventbridge"
	"slipway/internal/event"
	"slipway/internal/run"
)

// runDetail is the detail of a "Run …" event. It has no environment values: they may be secrets.
type runDetail struct {
	Version       string      `json:"version"` // of this form; "1"
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
	Container     string      `json:"container,omitempty"`
	ExitCode      *int        `json:"exitCode,omitempty"`
	Reason        string      `json:"reason,omitempty"`
	Summary       string      `json:"summary,omitempty"`
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

// entryOf is the event about a run's end.
func entryOf(stack string, r run.Run) (eventbridge.Entry, error) {
	d := runDetail{
		Version: "1", Stack: stack, Run: r.ID, Job: r.Job, State: r.State, Trigger: r.Trigger, Attempt: r.Attempt,
		Object: r.Input.Object, ScheduledTime: r.Input.ScheduledTime, IntervalStart: r.Input.IntervalStart,
		Task: r.TaskARN, AdmittedAt: r.AdmittedAt, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
	}
	if o := r.Outcome; o != nil {
		d.Class, d.Container, d.ExitCode, d.Reason, d.Summary = o.Class, o.Container, o.ExitCode, o.Reason, o.Summary
	}
	text, err := json.Marshal(d)
	if err != nil {
		return eventbridge.Entry{}, fmt.Errorf("encode the event of run %s: %w", r.ID, err)
	}
	entry := eventbridge.Entry{Source: event.NudgeSource, DetailType: detailTypes[r.State], Detail: string(text)}
	if r.TaskARN != "" {
		entry.Resources = []string{r.TaskARN}
	}
	return entry, nil
}
