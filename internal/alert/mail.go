package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"slipway/internal/run"
)

// Mail is one message. Subject has at most MaxSubject characters of printable ASCII, which is what SNS allows; Text is
// plain text.
type Mail struct {
	Subject string
	Text    string
	// Stage names the mail among all of Slipway: the same stage is the same mail, sent again.
	Stage string
}

// MaxSubject is how long a subject may be. SNS takes fewer than 100 characters; mail readers show about 70.
const MaxSubject = 90

// maxField is how many characters of one text from an event a mail shows.
const maxField = 1500

// ForRun is the mail about a failed run.
func ForRun(stack string, r run.Run) Mail {
	o := outcomeOf(r.Outcome)
	m := letter{}
	m.line("%s", o.Summary)
	m.line("")
	m.field("What to do", o.Remedy)
	m.field("Read more", o.Link)
	m.line("")
	m.field("Job", r.Job)
	m.field("Run", string(r.ID))
	m.about(r.Input)
	m.field("Attempt", strconv.Itoa(r.Attempt))
	m.outcome(o)
	if d := r.Decision; d != nil {
		m.field("Task definition", d.Definition)
		m.field("Capacity", d.Capacity)
	}
	m.task(r.TaskARN)
	m.line("")
	m.time("Admitted", r.AdmittedAt)
	m.time("Started", r.StartedAt)
	m.time("Ended", r.EndedAt)
	m.field("Stack", stack)
	return Mail{
		Subject: subject("run failed", r.Job, reasonInShort(o)),
		Text:    m.String(),
		Stage:   "run/" + string(r.ID) + "/" + strconv.Itoa(r.Attempt),
	}
}

// ForIncident is the mail about an incident: a failed task of a service.
func ForIncident(stack string, i run.Incident) Mail {
	m := letter{}
	m.line("%s", i.Outcome.Summary)
	m.line("")
	m.field("What to do", i.Outcome.Remedy)
	m.field("Read more", i.Outcome.Link)
	m.line("")
	m.field("Service", i.Subject)
	m.outcome(i.Outcome)
	m.field("Task definition", i.Task)
	m.task(i.TaskARN)
	m.line("")
	m.time("Seen", i.OpenedAt)
	m.field("Stack", stack)
	return Mail{
		Subject: subject("task failed", i.Subject, reasonInShort(i.Outcome)),
		Text:    m.String(),
		Stage:   i.Event + "/" + i.Key,
	}
}

func outcomeOf(o *run.Outcome) run.Outcome {
	if o == nil {
		return run.Outcome{Class: "unknown", Summary: "The run failed, and nothing says why."}
	}
	return *o
}

// subject is what, where and why.
func subject(what, where, why string) string {
	return clip(ascii("[slipway] "+what+": "+where+": "+why), MaxSubject)
}

func reasonInShort(o run.Outcome) string {
	if o.ExitCode != nil && *o.ExitCode != 0 {
		return fmt.Sprintf("%s, exit code %d", o.Class, *o.ExitCode)
	}
	return o.Class
}

// letter gathers the lines of a mail.
type letter struct{ strings.Builder }

func (l *letter) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = clean(s)
		}
	}
	fmt.Fprintf(l, format+"\n", args...)
}

// field writes one labelled value, and nothing for an empty one.
func (l *letter) field(label, value string) {
	if value != "" {
		l.line("%-16s %s", label+":", value)
	}
}

func (l *letter) time(label string, t time.Time) {
	if !t.IsZero() {
		l.field(label, t.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
}

func (l *letter) about(in run.Input) {
	if o := in.Object; o != nil {
		l.field("Object", "s3://"+o.Bucket+"/"+o.Key)
		l.field("Version", o.VersionID)
		l.field("Size", strconv.FormatInt(o.Size, 10)+" bytes")
	}
	if at := in.ScheduledTime; at != nil {
		l.time("Scheduled time", *at)
	}
}

func (l *letter) outcome(o run.Outcome) {
	l.field("Container", o.Container)
	if o.ExitCode != nil {
		l.field("Exit code", strconv.Itoa(*o.ExitCode))
	}
	l.field("Class", o.Class)
	l.field("Reason", o.Reason)
}

func (l *letter) task(arn string) {
	l.field("Task", arn)
	page, logs := links(arn)
	l.field("Task page", page)
	l.field("Logs", logs)
}
