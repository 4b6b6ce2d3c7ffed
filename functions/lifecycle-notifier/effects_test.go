package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/ses"
	"slipway/internal/config"
	"slipway/internal/run"
)

// post remembers what was sent to whom.
type post struct {
	mails   []string
	entries []eventbridge.Entry
	refuse  string // an address
}

func (p *post) effects(sender string, told ...config.Notification) *effects {
	return &effects{
		env:  config.Environment{Stack: "example", Sender: sender, TopicARN: "arn:topic:stack", LaunchQueueURL: "launch"},
		told: told,
		mail: func(_ context.Context, m ses.Mail) error {
			if m.To[0] == p.refuse {
				return errors.New("refused")
			}
			p.mails = append(p.mails, fmt.Sprintf("ses %s from %s stage %s", m.To[0], m.From, m.Headers[0].Value))
			return nil
		},
		publish: func(_ context.Context, topic, _, _ string) error {
			p.mails = append(p.mails, "sns "+topic)
			return nil
		},
		put: func(_ context.Context, e eventbridge.Entry) error {
			p.entries = append(p.entries, e)
			return nil
		},
		send: func(_ context.Context, url, body string, _ map[string]string) error {
			p.mails = append(p.mails, "sqs "+url+" "+body)
			return nil
		},
	}
}

func failed() run.Run {
	one := 1
	return run.Run{
		ID: "images-1", Job: "images", State: run.Failed, Trigger: run.ByObject, Attempt: 2, TaskARN: "arn:task",
		Input:   run.Input{Object: &run.Object{Bucket: "b", Key: "k"}, Environment: []run.EnvVar{{Name: "TOKEN", Value: "hunter2"}}},
		Outcome: &run.Outcome{Class: "application-error", ExitCode: &one, Reason: "Essential container in task exited"},
		EndedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

func TestWhoIsTold(t *testing.T) {
	runs := config.Notification{To: []string{"a@example.com", "b@example.com", "arn:topic:team"}, Events: []string{"run.failed"}}
	tasks := config.Notification{To: []string{"c@example.com"}, Events: []string{"task.failed"}}
	both := config.Notification{To: []string{"a@example.com"}, Events: []string{"run.failed", "task.failed"}}
	const stage = " from slipway@example.com stage run/images-1/2"
	for name, tc := range map[string]struct {
		sender string
		told   []config.Notification
		want   []string
	}{
		"each address and topic once, with a sender": {"slipway@example.com", []config.Notification{runs, tasks, both}, []string{"ses a@example.com" + stage, "ses b@example.com" + stage, "sns arn:topic:team"}},
		"the stack's topic once, without one":        {"", []config.Notification{runs, both}, []string{"sns arn:topic:stack", "sns arn:topic:team"}},
		"nobody who asked for other events":          {"slipway@example.com", []config.Notification{tasks}, nil},
		"nobody":                                     {"slipway@example.com", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var p post
			if err := p.effects(tc.sender, tc.told...).MailRun(t.Context(), failed()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(p.mails, tc.want) {
				t.Errorf("sent %q, want %q", p.mails, tc.want)
			}
		})
	}
}

func TestOneWhoCannotBeReachedKeepsItFromNobody(t *testing.T) {
	p := post{refuse: "a@example.com"}
	told := config.Notification{To: []string{"a@example.com", "b@example.com"}, Events: []string{"task.failed"}}
	err := p.effects("slipway@example.com", told).MailIncident(t.Context(), run.Incident{Key: "k", Event: "task.failed"})
	if err == nil || len(p.mails) != 1 || !strings.Contains(p.mails[0], "b@example.com") {
		t.Errorf("sent %q, %v; want one mail and an error", p.mails, err)
	}
}

func TestTheEventOfARun(t *testing.T) {
	for state, want := range map[run.State]string{
		run.Succeeded: "Run Succeeded", run.Failed: "Run Failed", run.Cancelled: "Run Cancelled", run.Skipped: "Run Skipped",
		run.Queued: "", run.Starting: "", run.Running: "",
	} {
		var p post
		r := failed()
		r.State = state
		if err := p.effects("").Publish(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got := len(p.entries); want == "" && got != 0 || want != "" && (got != 1 || p.entries[0].DetailType != want) {
			t.Errorf("events of a run that is %s = %+v, want %q", state, p.entries, want)
		}
	}
}

func TestTheDetailOfAnEventHasNoEnvironment(t *testing.T) {
	var p post
	if err := p.effects("").Publish(t.Context(), failed()); err != nil {
		t.Fatal(err)
	}
	var d runDetail
	if err := json.Unmarshal([]byte(p.entries[0].Detail), &d); err != nil {
		t.Fatal(err)
	}
	if d.Run != "images-1" || d.Stack != "example" || d.Object.Key != "k" || *d.ExitCode != 1 || d.Class != "application-error" || !slices.Equal(p.entries[0].Resources, []string{"arn:task"}) {
		t.Errorf("entry = %+v", p.entries[0])
	}
	if strings.Contains(p.entries[0].Detail, "hunter2") {
		t.Error("the detail has an environment value")
	}
}

func TestANudgeGoesToTheLaunchQueue(t *testing.T) {
	var p post
	if err := p.effects("").Nudge(t.Context(), "images"); err != nil {
		t.Fatal(err)
	}
	if want := `sqs launch {"source":"slipway","detail-type":"Launch Queued Runs","detail":{"job":"images"}}`; len(p.mails) != 1 || p.mails[0] != want {
		t.Errorf("sent %q, want %q", p.mails, want)
	}
}
