package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"slipway/internal/cloud/eventbridge"
	"slipway/internal/event"
	"slipway/internal/run"
)

const schemas = "../../docs/reference/events"

// schemaOf is the documented schema of a detail type.
func schemaOf(t *testing.T, detailType string) *jsonschema.Schema {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(detailType, " ", "-"))
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join(schemas, name+".schema.json"))
	if err != nil {
		t.Fatalf("%s has no schema: %v", detailType, err)
	}
	return s
}

func fits(t *testing.T, e eventbridge.Entry) error {
	t.Helper()
	detail, err := jsonschema.UnmarshalJSON(strings.NewReader(e.Detail))
	if err != nil {
		t.Fatal(err)
	}
	return schemaOf(t, e.DetailType).Validate(detail)
}

// runsOfEveryKind are runs as they are when the event about them is sent, with the effect that they owe.
func runsOfEveryKind() map[string]struct {
	run.Run
	effect run.Effect
} {
	type owing = struct {
		run.Run
		effect run.Effect
	}
	scheduled := failed()
	scheduled.Input = run.Input{ScheduledTime: &noon, IntervalStart: &noon}
	scheduled.Trigger = run.BySchedule
	succeeded, cancelled, skipped, bare := failed(), failed(), failed(), failed()
	succeeded.State, succeeded.Outcome = run.Succeeded, &run.Outcome{Class: "succeeded", Severity: "info"}
	cancelled.State = run.Cancelled
	skipped.State, skipped.Outcome, skipped.TaskARN = run.Skipped, nil, ""
	bare.Outcome = &run.Outcome{Class: "capacity"}
	bare.TaskARN, bare.Input, bare.Trigger = "", run.Input{}, run.ByHand
	retrying := failed()
	retrying.State, retrying.NotBefore, retrying.TaskARN, retrying.EndedAt = run.Queued, noon, "", time.Time{}
	started := failed()
	started.Outcome, started.EndedAt, started.StartedAt = nil, time.Time{}, noon
	late := started
	late.State, late.Outcome, late.EndedAt = run.Succeeded, &run.Outcome{Class: "succeeded"}, noon
	return map[string]owing{
		"Run Failed":                      {failed(), run.OwesEvent},
		"Run Failed of a schedule":        {scheduled, run.OwesEvent},
		"Run Failed without a task":       {bare, run.OwesEvent},
		"Run Succeeded":                   {succeeded, run.OwesEvent},
		"Run Cancelled":                   {cancelled, run.OwesEvent},
		"Run Skipped":                     {skipped, run.OwesEvent},
		"Run Retrying":                    {retrying, run.OwesRetrying},
		"Run Started":                     {started, run.OwesStarted},
		"Run Started of one that is over": {late, run.OwesStarted},
	}
}

func TestEventsOfRunsFitTheirSchemas(t *testing.T) {
	for name, tc := range runsOfEveryKind() {
		t.Run(name, func(t *testing.T) {
			var p post
			if err := p.effects("").Publish(t.Context(), tc.Run, tc.effect); err != nil || len(p.entries) != 1 {
				t.Fatalf("sent %+v, %v", p.entries, err)
			}
			e := p.entries[0]
			if e.Source != event.NudgeSource || !strings.HasPrefix(name, e.DetailType) {
				t.Errorf("source %s, detail type %s", e.Source, e.DetailType)
			}
			if err := fits(t, e); err != nil {
				t.Errorf("%s\n%v", e.Detail, err)
			}
			if strings.Contains(e.Detail, "hunter2") {
				t.Error("the detail has an environment value")
			}
		})
	}
}

func TestARunThatWasRetriedMeanwhileHasNoEventOfItsEnd(t *testing.T) {
	var p post
	r := failed()
	r.State = run.Queued
	if err := p.effects("").Publish(t.Context(), r, run.OwesEvent); err != nil || len(p.entries) != 0 {
		t.Errorf("sent %+v, %v", p.entries, err)
	}
}

func TestEventsOfIncidentsFitTheirSchemas(t *testing.T) {
	i, n := opened()
	n.Mail = false
	resolved, over := i, n
	resolved.ClosedAt, resolved.ClosedBy, over.Kind = noon, "success", run.Resolved
	bare := i
	bare.Subject, bare.Examples, bare.Container, bare.Drill = run.Subject{Kind: run.ServiceSubject, Name: "web", Cluster: "c"}, nil, "", true
	for name, tc := range map[string]struct {
		incident run.Incident
		notice   run.Notice
	}{"Incident Opened": {i, n}, "Incident Resolved": {resolved, over}, "Incident Opened for a drill": {bare, n}} {
		t.Run(name, func(t *testing.T) {
			var p post
			if err := p.effects("").Announce(t.Context(), tc.incident, tc.notice); err != nil || len(p.entries) != 1 {
				t.Fatalf("sent %+v, %v", p.entries, err)
			}
			if err := fits(t, p.entries[0]); err != nil || !strings.HasPrefix(name, p.entries[0].DetailType) {
				t.Errorf("%s\n%v", p.entries[0].Detail, err)
			}
		})
	}
}

// TestEverySchemaIsDocumented holds the table of events.md to the schemas, and its example to its own.
func TestEverySchemaIsDocumented(t *testing.T) {
	text, err := os.ReadFile(schemas + ".md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(schemas + "/*.schema.json")
	if err != nil || len(files) != 8 {
		t.Fatalf("%d schemas, %v", len(files), err)
	}
	for _, f := range files {
		if !strings.Contains(string(text), "(events/"+filepath.Base(f)+")") {
			t.Errorf("events.md does not lead to %s", f)
		}
	}
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(text)
	var e struct {
		DetailType string          `json:"detail-type"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(example[1], &e); err != nil {
		t.Fatal(err)
	}
	if err := fits(t, eventbridge.Entry{DetailType: e.DetailType, Detail: string(e.Detail)}); err != nil {
		t.Errorf("the example of events.md: %v", err)
	}
}
