package alert_test

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/alert"
	"slipway/internal/run"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const taskARN = "arn:aws:ecs:eu-north-1:111122223333:task/work/0123"

func aCase() run.Case {
	one := 1
	return run.Case{
		ID: "run/images-abc/1", Event: "run.failed", Subject: run.Subject{Kind: run.JobSubject, Name: "images"},
		Run: "images-abc", Trigger: run.ByObject, Attempt: 1, AdmittedAt: noon.Add(-time.Minute), At: noon,
		Object:     &run.Object{Bucket: "uploads", Key: "incoming/a b.png", Size: 12},
		Definition: "arn:aws:ecs:eu-north-1:111122223333:task-definition/processor:7", TaskARN: taskARN,
		Resources: "2048 CPU units, 8192 MiB of memory",
		Next:      "Nothing by itself: it has one attempt.",
		Outcome: run.Outcome{
			Class: "application-error", Severity: "error", Container: "main", ExitCode: &one, Reason: "Essential container in task exited",
			Summary: "The container ended with exit code 1.", Remedy: "Read its logs.", Link: "https://docs.aws.amazon.com/x.html",
		},
	}
}

// first is the first mail about a case.
func first(c run.Case) alert.Mail {
	i := alert.Add(run.Incident{}, c, noon)
	for _, n := range i.Notices {
		if n.Mail {
			return alert.Compose("stack", i, n)
		}
	}
	return alert.Mail{}
}

func TestAMailAboutARunNamesWhatMatters(t *testing.T) {
	m := first(aCase())
	for _, want := range []string{
		"images-abc", "images", "processor:7", "main", "Exit code:", "Essential container in task exited", "s3://uploads/incoming/a b.png",
		"https://eu-north-1.console.aws.amazon.com/ecs/v2/clusters/work/tasks/0123?region=eu-north-1",
		"/tasks/0123/logs?region=eu-north-1", "Read its logs.", "Nothing by itself", "2048 CPU units, 8192 MiB of memory", "slipway retry images-abc --stack stack",
		"https://docs.aws.amazon.com/x.html",
	} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
		if !strings.Contains(m.HTML, strings.TrimSuffix(want, ":")) {
			t.Errorf("the HTML lacks %q", want)
		}
	}
	if got, want := m.Subject, "[slipway] run failed: images: application-error, exit code 1"; got != want {
		t.Errorf("subject = %q, want %q", got, want)
	}
}

func TestAMailAboutAScheduledRunNamesItsTime(t *testing.T) {
	c := aCase()
	c.Object, c.ScheduledTime = nil, &noon
	if m := first(c); !strings.Contains(m.Text, "2026-03-01 12:00:00 UTC") {
		t.Errorf("the text lacks the scheduled time:\n%s", m.Text)
	}
}

func TestTextFromEventsCannotChangeAMail(t *testing.T) {
	c := aCase()
	c.Subject.Name = "images\r\nBcc: everybody@example.com<b>"
	c.Outcome.Reason = "line\none\u202etwo\x1b[31m<script>alert(1)</script>\u2028" + strings.Repeat("é", 10<<20)
	c.Outcome.Container = `"><img src=x onerror=alert(1)>`
	c.Outcome.Link = "javascript:alert(1)"
	c.TaskARN = "arn:aws:ecs:evil.example.com/#:111122223333:task/work/0123"
	c.Run = "images-$(reboot)"
	m := first(c)
	if strings.ContainsAny(m.Subject, "\r\n") || len(m.Subject) > alert.MaxSubject || strings.ContainsFunc(m.Subject, func(r rune) bool { return r > '~' }) {
		t.Errorf("subject = %q", m.Subject)
	}
	for _, body := range []string{m.Text, m.HTML} {
		if len(body) > 30_000 || strings.ContainsAny(body, "\r\x1b\u202e\u2028") || strings.Contains(body, "line\none") {
			t.Errorf("a body of %d bytes is not clean", len(body))
		}
		if strings.Contains(body, "https://evil") || strings.Contains(body, "javascript:") || strings.Contains(body, "slipway retry") {
			t.Error("a body leads where the event wants")
		}
	}
	if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "<b>") {
		t.Error("the HTML has markup of the event")
	}
}

func TestSubjectsFitEveryReader(t *testing.T) {
	for name, change := range map[string]func(*run.Case){
		"a long job":     func(c *run.Case) { c.Subject.Name = strings.Repeat("j", 40) },
		"a long service": func(c *run.Case) { c.Subject.Name, c.Event = strings.Repeat("s", 255), "deployment.failed" },
		"not ASCII":      func(c *run.Case) { c.Subject.Name = strings.Repeat("größe", 50) },
		"a long class":   func(c *run.Case) { c.Outcome.Class = strings.Repeat("c", 200) },
		"nothing":        func(c *run.Case) { *c = run.Case{} },
		"a drill":        func(c *run.Case) { c.Drill = true },
	} {
		c := aCase()
		change(&c)
		m := first(c)
		if len(m.Subject) == 0 || len(m.Subject) > alert.MaxSubject {
			t.Errorf("%s: subject of %d characters: %q", name, len(m.Subject), m.Subject)
		}
		if c.Drill != strings.HasPrefix(m.Subject, "[drill]") || c.Drill != strings.Contains(m.Text, "This is a drill") {
			t.Errorf("%s: %q", name, m.Subject)
		}
	}
}

func TestADigestTellsHowManyAndShowsTheNewest(t *testing.T) {
	i := alert.Add(run.Incident{}, aCase(), noon)
	for k := range 99 {
		c := aCase()
		c.At = noon.Add(time.Duration(k) * time.Second)
		c.Run = run.ID("images-run-" + string(rune('a'+k%26)))
		i = alert.Add(i, c, c.At)
	}
	i = alert.Advance(i, time.Time{}, noon.Add(alert.FirstWait))
	m := alert.Compose("stack", i, i.Notices[len(i.Notices)-1])
	for _, want := range []string{"99 more", "99 since the mail before", "100 since 2026-03-01 12:00:00 UTC", "images-run-", "Next mail"} {
		if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
			t.Errorf("the mail lacks %q:\n%s", want, m.Text)
		}
	}
	if want := "[slipway] 99 more: run failed: images: application-error, exit code 1"; m.Subject != want {
		t.Errorf("subject = %q, want %q", m.Subject, want)
	}
}

func TestSecretsAreTakenOutOfLogs(t *testing.T) {
	for line, secret := range map[string]string{
		"connecting with password=hunter2 to db":                                        "hunter2",
		`{"apiKey": "abc-123-def", "n": 1}`:                                             "abc-123-def",
		"Authorization: Bearer abcdefghijklmnop":                                        "abcdefghijklmnop",
		"export DB_PASSWORD='correct horse battery'":                                    "horse",
		"using AKIAIOSFODNN7EXAMPLE for S3":                                             "AKIAIOSFODNN7EXAMPLE",
		"postgres://app:s3cr3t@db.internal:5432/app":                                    "s3cr3t",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_DEF-123":                      "eyJzdWIiOiIxMjM0In0",
		"GET /o?X-Amz-Signature=0123456789abcdef&x=1":                                   "0123456789abcdef",
		"AWS_SESSION_TOKEN=FwoGZXIvYXdzEXAMPLE":                                         "FwoGZXIvYXdzEXAMPLE",
		"-----BEGIN RSA PRIVATE KEY----- MIIEow":                                        "MIIEow",
		"token ghp_0123456789abcdefghij0123 was used":                                   "ghp_0123456789abcdefghij0123",
		"client_secret: s-0123 and more":                                                "s-0123",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY and then it is": "wJalrXUtnFEMI",
	} {
		got := strings.Join(alert.Tail([]string{line}, 10), "\n")
		if strings.Contains(got, secret) || !strings.Contains(got, "[redacted]") {
			t.Errorf("%q became %q", line, got)
		}
	}
	if got := alert.Tail([]string{"nothing to hide: 3 files"}, 10); got[0] != "nothing to hide: 3 files" {
		t.Errorf("got %q", got)
	}
}

func TestALogIsBounded(t *testing.T) {
	var lines []string
	for range 500 {
		lines = append(lines, strings.Repeat("x", 100_000))
	}
	got := alert.Tail(lines, 50)
	if n := len(strings.Join(got, "\n")); n > 9000 || len(got) < 10 || got[0] != "(earlier lines are left out)" {
		t.Errorf("%d lines of %d bytes, the first %q", len(got), n, got[0])
	}
}
