package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/ses"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (p *post) emit(of string, values map[telemetry.Metric]int) {
	for metric, n := range values {
		p.metrics = append(p.metrics, fmt.Sprintf("%s %s %d", of, metric, n))
	}
	slices.Sort(p.metrics)
}

// post remembers what was sent to whom.
type post struct {
	mails   []string
	whole   []ses.Mail
	entries []eventbridge.Entry
	letters []sqs.DeadLetter
	refuse  string // an address
	lines   []string
	read    []string // logs
	metrics []string
}

const sender = "slipway@example.com"

func (p *post) effects(from string, told ...config.Notification) *effects {
	return &effects{
		env:  config.Environment{Stack: "example", Sender: from, TopicARN: "arn:topic:stack", LaunchQueueURL: "launch", LifecycleDeadLetterQueueURL: "dead"},
		conf: config.Config{Notifications: told}, count: func(string, int) {}, emit: p.emit, log: slog.New(slog.DiscardHandler),
		mail: func(_ context.Context, m ses.Mail) error {
			if m.To[0] == p.refuse {
				return run.Never("mail-refused", errors.New("no such mailbox"))
			}
			p.whole = append(p.whole, m)
			p.mails = append(p.mails, "ses "+m.To[0])
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
		bury: func(_ context.Context, url string, d sqs.DeadLetter) error {
			p.mails = append(p.mails, "dead "+url)
			p.letters = append(p.letters, d)
			return nil
		},
		tail: func(_ context.Context, group, stream string, n int) ([]string, error) {
			p.read = append(p.read, fmt.Sprintf("%s %s %d", group, stream, n))
			return p.lines, nil
		},
	}
}

func failed() run.Run {
	one := 1
	return run.Run{
		ID: "images-1", Job: "images", State: run.Failed, Trigger: run.ByObject, Attempt: 2, AdmittedAt: noon,
		TaskARN: "arn:aws:ecs:eu-north-1:111122223333:task/work/0123",
		Input:   run.Input{Object: &run.Object{Bucket: "b", Key: "k"}, Environment: []run.EnvVar{{Name: "TOKEN", Value: "hunter2"}}},
		Outcome: &run.Outcome{Class: "application-error", Severity: "error", Container: "main", ExitCode: &one, Reason: "Essential container in task exited"},
		EndedAt: noon,
	}
}

func TestTheDetailOfAnEventHasNoEnvironment(t *testing.T) {
	var p post
	if err := p.effects("").Publish(t.Context(), failed(), run.OwesEvent); err != nil {
		t.Fatal(err)
	}
	if d := p.entries[0]; d.DetailType != "Run Failed" || strings.Contains(d.Detail, "hunter2") || len(d.Resources) != 1 {
		t.Errorf("entry = %+v", d)
	}
}

func opened() (run.Incident, run.Notice) {
	one := 1
	i := run.Incident{
		Key: "run.failed-0123", Event: "run.failed", Subject: run.Subject{Kind: run.JobSubject, Name: "images"}, Class: "application-error",
		Severity: "error", Container: "main", Episode: 1, OpenedAt: noon, Count: 1, Told: 1,
		Examples: []run.Case{{
			ID: "run/images-1/2", Run: "images-1", At: noon, TaskARN: "arn:aws:ecs:eu-north-1:111122223333:task/work/0123",
			Outcome: run.Outcome{Class: "application-error", Severity: "error", Container: "main", ExitCode: &one, Summary: "It failed.", Remedy: "Mend it."},
		}},
	}
	return i, run.Notice{Stage: "run.failed-0123/1", Kind: run.Opened, Mail: true, Count: 1, New: 1, At: noon}
}

func TestWhoIsTold(t *testing.T) {
	runs := config.Notification{To: []string{"a@example.com", "b@example.com", "arn:topic:team"}, Events: []string{"run.failed"}}
	tasks := config.Notification{To: []string{"c@example.com"}, Events: []string{"task.failed"}}
	both := config.Notification{To: []string{"a@example.com"}, Events: []string{"run.failed", "recovered"}}
	only := func(change func(*config.Notification)) config.Notification {
		n := config.Notification{To: []string{"x@example.com"}, Events: []string{"run.failed"}}
		change(&n)
		return n
	}
	x := []string{"ses x@example.com"}
	for name, tc := range map[string]struct {
		sender string
		change func(*run.Incident, *run.Notice)
		told   []config.Notification
		want   []string
	}{
		"each address and topic once, with a sender": {sender, nil, []config.Notification{runs, tasks, both}, []string{"sns arn:topic:team", "ses a@example.com", "ses b@example.com"}},
		"the stack's topic once, without one":        {"", nil, []config.Notification{runs, both}, []string{"sns arn:topic:stack", "sns arn:topic:team"}},
		"nobody who asked for other events":          {sender, nil, []config.Notification{tasks}, nil},
		"nobody":                                     {sender, nil, nil, nil},
		"only those who are left":                    {sender, func(_ *run.Incident, n *run.Notice) { n.To = []string{"b@example.com"} }, []config.Notification{runs}, []string{"ses b@example.com"}},
		"of recovery, who wants that":                {sender, func(_ *run.Incident, n *run.Notice) { n.Kind = run.Resolved }, []config.Notification{runs, both}, []string{"ses a@example.com"}},
		"the job":                                    {sender, nil, []config.Notification{only(func(n *config.Notification) { n.Jobs = []string{"images"} })}, x},
		"not another job":                            {sender, nil, []config.Notification{only(func(n *config.Notification) { n.Jobs = []string{"report"} })}, nil},
		"not a service":                              {sender, nil, []config.Notification{only(func(n *config.Notification) { n.Services = []string{"images"} })}, nil},
		"the class":                                  {sender, nil, []config.Notification{only(func(n *config.Notification) { n.Classes = []string{"timeout", "application-error"} })}, x},
		"not another class":                          {sender, nil, []config.Notification{only(func(n *config.Notification) { n.Classes = []string{"timeout"} })}, nil},
		"the severity":                               {sender, nil, []config.Notification{only(func(n *config.Notification) { n.Severity = "warning" })}, x},
		"not a lesser severity":                      {sender, func(i *run.Incident, _ *run.Notice) { i.Severity = "info" }, []config.Notification{only(func(n *config.Notification) { n.Severity = "warning" })}, nil},
		"a drill whatever the job":                   {sender, func(i *run.Incident, _ *run.Notice) { i.Drill = true }, []config.Notification{only(func(n *config.Notification) { n.Jobs = []string{"report"} })}, x},
	} {
		t.Run(name, func(t *testing.T) {
			var p post
			i, n := opened()
			if tc.change != nil {
				tc.change(&i, &n)
			}
			if left, err := p.effects(tc.sender, tc.told...).Mail(t.Context(), i, n); err != nil || len(left) > 0 {
				t.Fatal(left, err)
			}
			if slices.Sort(p.mails); !slices.Equal(p.mails, sorted(tc.want)) {
				t.Errorf("sent %q, want %q", p.mails, tc.want)
			}
		})
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestOneWhoCannotBeReachedKeepsItFromNobody(t *testing.T) {
	p := post{refuse: "a@example.com"}
	told := config.Notification{To: []string{"a@example.com", "b@example.com"}, Events: []string{"run.failed"}}
	i, n := opened()
	left, err := p.effects(sender, told).Mail(t.Context(), i, n)
	if err == nil || run.Retryable(err) || !slices.Equal(left, []string{"a@example.com"}) || !slices.Equal(p.mails, []string{"ses b@example.com"}) {
		t.Errorf("sent %q, left %q, %v; want one mail, and the other left with an error", p.mails, left, err)
	}
}

func TestTheHeadersOfAMail(t *testing.T) {
	var p post
	i, n := opened()
	if _, err := p.effects(sender, config.Notification{To: []string{"a@example.com"}, Events: []string{"run.failed"}}).Mail(t.Context(), i, n); err != nil {
		t.Fatal(err)
	}
	m := p.whole[0]
	got := map[string]string{}
	for _, h := range m.Headers {
		got[h.Name] = h.Value
	}
	if m.From != sender || m.HTML == "" || m.Text == "" || got[stageHeader] != n.Stage || got["Auto-Submitted"] != "auto-generated" ||
		got["References"] == "" || got["References"] != got["In-Reply-To"] {
		t.Errorf("mail from %s with headers %v", m.From, got)
	}
	n.Stage, n.Kind, n.New = "run.failed-0123/2", run.Digest, 4
	if _, err := p.effects(sender, config.Notification{To: []string{"a@example.com"}, Events: []string{"run.failed"}}).Mail(t.Context(), i, n); err != nil {
		t.Fatal(err)
	}
	if again := p.whole[1].Headers; again[2] != m.Headers[2] {
		t.Errorf("the digest refers to %v, the first mail to %v", again[2], m.Headers[2])
	}
}

func TestALogIsShownOnlyWhereItIsPermitted(t *testing.T) {
	p := post{lines: []string{"reading", "password=hunter2", "panic: no"}}
	e := p.effects(sender, config.Notification{To: []string{"a@example.com"}, Events: []string{"run.failed"}})
	i, n := opened()
	if _, err := e.Mail(t.Context(), i, n); err != nil || len(p.read) != 0 {
		t.Fatalf("read %q without permission, %v", p.read, err)
	}
	e.conf.Logs = []config.Log{{Name: "images", Group: "/ecs/images", Prefix: "task", Lines: 7}}
	if _, err := e.Mail(t.Context(), i, n); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.read, []string{"/ecs/images task/main/0123 7"}) {
		t.Errorf("read %q", p.read)
	}
	for _, body := range []string{p.whole[1].Text, p.whole[1].HTML} {
		if !strings.Contains(body, "panic: no") || strings.Contains(body, "hunter2") || !strings.Contains(body, "[redacted]") {
			t.Errorf("the mail is\n%s", body)
		}
	}
	e.tail = func(context.Context, string, string, int) ([]string, error) { return nil, errors.New("denied") }
	if _, err := e.Mail(t.Context(), i, n); err != nil || len(p.whole) != 3 {
		t.Errorf("a log that cannot be read kept the mail back: %v", err)
	}
}

func TestAMailThatCannotBeSentIsKept(t *testing.T) {
	var p post
	i, n := opened()
	n.To, n.Tries = []string{"a@example.com"}, 2
	if err := p.effects(sender).Bury(t.Context(), i, n, run.Never("mail-refused", errors.New("no such mailbox"))); err != nil {
		t.Fatal(err)
	}
	if d := p.letters[0]; d.Reason != "mail-refused" || d.Receives != 3 || !strings.Contains(d.Body, "a@example.com") || !strings.Contains(d.Body, "Mend it.") {
		t.Errorf("dead letter = %+v", d)
	}
	again, err := event.Decode([]byte(p.letters[0].Body))
	if u, ok := again.(event.Unsent); err != nil || !ok || u.Incident != i.Key || u.Kind != string(run.Opened) || !slices.Equal(u.To, n.To) || u.New != 1 {
		t.Errorf("sent again it is %+v, %v", again, err)
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
