package alert_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"slipway/internal/alert"
	"slipway/internal/run"
)

// tags are those that a mail is made of. Every other one would come from an event.
var tags = regexp.MustCompile(`</?([a-z!0-9]*)[^>]*>`)

var known = " !doctype html head meta title style body div table tr td strong a pre span br "

// FuzzCompose makes mails of anything, and demands that they keep their form.
func FuzzCompose(f *testing.F) {
	f.Add("images", "Essential container in task exited", "s3 key", "main", "arn:aws:ecs:eu-north-1:111122223333:task/work/0123", "https://x", 3)
	f.Add("a\r\nBcc: b@example.com", "<script>alert(1)</script>", "\"'><img onerror=x>", "\u202e\u2066x", "arn:aws:ecs:x\"y:1:task/../<>/0", "javascript:x", 0)
	f.Add(strings.Repeat("\u00e9", 300), strings.Repeat("\x00", 5000), "\xff\xfe", "\u2028", "arn:aws:ecs:eu-north-1:1:task/a b/c?d#e", "https://\"><b>", 100000)
	f.Fuzz(func(t *testing.T, name, reason, key, container, arn, link string, count int) {
		c := run.Case{
			ID: "x", Event: "run.failed", Subject: run.Subject{Kind: run.JobSubject, Name: name}, At: noon, TaskARN: arn, Run: run.ID(key),
			Object: &run.Object{Bucket: name, Key: key}, Definition: arn, Capacity: container, Log: []string{reason, key}, Next: reason,
			Outcome: run.Outcome{Class: container, Severity: container, Container: container, ExitCode: &count, Reason: reason, Summary: reason, Remedy: key, Link: link},
		}
		i := alert.Add(run.Incident{}, c, noon)
		for _, kind := range []run.NoticeKind{run.Opened, run.Digest, run.Resolved} {
			check(t, alert.Compose(name, i, run.Notice{Stage: "s", Kind: kind, Mail: true, Count: count, New: count, At: noon}))
		}
	})
}

func check(t *testing.T, m alert.Mail) {
	t.Helper()
	if len(m.Subject) == 0 || len(m.Subject) > alert.MaxSubject || strings.ContainsFunc(m.Subject, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("subject = %q", m.Subject)
	}
	if strings.ContainsAny(m.Thread, "\r\n \"") || strings.Count(m.Thread, "<") != 1 {
		t.Errorf("thread = %q", m.Thread)
	}
	for _, body := range []string{m.Text, m.HTML} {
		if !utf8.ValidString(body) || len(body) > 200_000 {
			t.Errorf("a body of %d bytes, valid %t", len(body), utf8.ValidString(body))
		}
		if strings.ContainsFunc(body, func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }) {
			t.Errorf("a body with characters that hide or reorder text: %q", body)
		}
	}
	for _, tag := range tags.FindAllStringSubmatch(m.HTML, -1) {
		if !strings.Contains(known, " "+tag[1]+" ") {
			t.Errorf("the HTML has a tag %q", tag[0])
		}
	}
	for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(m.HTML, -1) {
		if !strings.HasPrefix(href[1], "https://") {
			t.Errorf("the HTML leads to %q", href[1])
		}
	}
}

// FuzzTail takes any lines of a log.
func FuzzTail(f *testing.F) {
	f.Add("password=hunter2\n\x00\u202e", 5)
	f.Fuzz(func(t *testing.T, text string, most int) {
		lines := alert.Tail(strings.Split(text, "\n"), 1+most&63)
		if n := len(strings.Join(lines, "")); n > 40_000 || len(lines) > 65 {
			t.Errorf("%d lines of %d bytes", len(lines), n)
		}
	})
}
