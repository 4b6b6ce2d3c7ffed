package alert_test

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/alert"
	"slipway/internal/run"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func failedRun() run.Run {
	one := 1
	return run.Run{
		ID: "images-abc", Job: "images", State: run.Failed, Attempt: 1, AdmittedAt: noon, EndedAt: noon.Add(time.Minute),
		Input:    run.Input{Object: &run.Object{Bucket: "uploads", Key: "incoming/a b.png", Size: 12}},
		Decision: &run.Decision{Definition: "arn:aws:ecs:eu-north-1:111122223333:task-definition/processor:7", Environment: []run.EnvVar{{Name: "TOKEN", Value: "hunter2"}}},
		TaskARN:  "arn:aws:ecs:eu-north-1:111122223333:task/work/0123",
		Outcome: &run.Outcome{
			Class: "application-error", Container: "main", ExitCode: &one, Reason: "Essential container in task exited",
			Summary: "The container ended with exit code 1.", Remedy: "Read its logs.",
		},
	}
}

func TestAMailAboutARunNamesWhatMatters(t *testing.T) {
	m := alert.ForRun("stack", failedRun())
	for _, want := range []string{
		"images-abc", "images", "processor:7", "main", "Exit code:", "Essential container in task exited", "s3://uploads/incoming/a b.png",
		"https://eu-north-1.console.aws.amazon.com/ecs/v2/clusters/work/tasks/0123?region=eu-north-1",
		"/tasks/0123/logs?region=eu-north-1", "Read its logs.",
	} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
	}
	if got, want := m.Subject, "[slipway] run failed: images: application-error, exit code 1"; got != want {
		t.Errorf("subject = %q, want %q", got, want)
	}
	if strings.Contains(m.Text, "hunter2") {
		t.Error("the text shows an environment value")
	}
}

func TestAMailAboutAScheduledRunNamesItsTime(t *testing.T) {
	r := failedRun()
	r.Input = run.Input{ScheduledTime: &noon}
	if m := alert.ForRun("stack", r); !strings.Contains(m.Text, "2026-03-01 12:00:00 UTC") {
		t.Errorf("the text lacks the scheduled time:\n%s", m.Text)
	}
}

func TestTextFromEventsCannotChangeAMail(t *testing.T) {
	r := failedRun()
	r.Job = "images\r\nBcc: everybody@example.com"
	r.Outcome.Reason = "line\none\u202etwo\x1b[31m" + strings.Repeat("é", 100_000)
	r.TaskARN = "arn:aws:ecs:evil.example.com/#:111122223333:task/work/0123"
	m := alert.ForRun("stack", r)
	if strings.ContainsAny(m.Subject, "\r\n") || len(m.Subject) > alert.MaxSubject {
		t.Errorf("subject = %q", m.Subject)
	}
	if len(m.Text) > 20_000 || strings.ContainsAny(m.Text, "\r\x1b\u202e") || strings.Contains(m.Text, "line\none") {
		t.Errorf("text of %d bytes is not clean", len(m.Text))
	}
	if strings.Contains(m.Text, "https://evil") {
		t.Error("the text links to a host from the event")
	}
}

func TestAMailAboutAServiceNamesItsTask(t *testing.T) {
	m := alert.ForIncident("stack", run.Incident{
		Key: "k", Event: "task.failed", Subject: "workers", TaskARN: "arn:aws:ecs:eu-north-1:111122223333:task/work/0123",
		Outcome: run.Outcome{Class: "out-of-memory", Summary: "It ran out of memory."}, OpenedAt: noon,
	})
	if want := "[slipway] task failed: workers: out-of-memory"; m.Subject != want {
		t.Errorf("subject = %q, want %q", m.Subject, want)
	}
	if !strings.Contains(m.Text, "task/work/0123") {
		t.Errorf("the text lacks the task:\n%s", m.Text)
	}
}
