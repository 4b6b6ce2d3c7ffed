package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"slipway/internal/run"
)

// page is what a mail says, before it has a form. The text and the HTML say the same.
type page struct {
	severity string // info, warning, error, or resolved
	badge    string
	title    string
	lead     string // the cause, or what is over
	remedy   string
	more     string // a link to read on
	facts    []fact
	listed   string // what the list is of
	list     []fact
	log      []string
	commands []fact
	footer   string
}

// fact is a labelled value, and where it leads.
type fact struct{ label, value, href string }

func (p *page) add(label, value string) {
	if value != "" {
		p.facts = append(p.facts, fact{label: label, value: value})
	}
}

func (p *page) link(label, href string) {
	if href != "" {
		p.facts = append(p.facts, fact{label: label, value: href, href: href})
	}
}

func (p *page) time(label string, at time.Time) {
	if !at.IsZero() {
		p.add(label, stamp(at))
	}
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// what names an event of an incident in the words of a mail.
var what = map[string]string{
	"run.failed": "run failed", "task.failed": "task failed", "job.late": "job late", "service.error": "service error",
	"deployment.failed": "deployment failed", "dead-letter": "dead letter", "spot.notice": "Spot notice",
}

// headline begins with a capital letter.
func headline(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

func whatOf(event string) string {
	if w, ok := what[event]; ok {
		return w
	}
	return event
}

// openedPage is about the first case of an episode, or about the only one that a digest has to tell of.
func openedPage(i run.Incident, n run.Notice) page {
	c := newest(i)
	p := page{
		severity: i.Severity, badge: headline(whatOf(i.Event)), title: i.Subject.Name,
		lead: c.Outcome.Summary, remedy: c.Outcome.Remedy, more: c.Outcome.Link, log: c.Log,
	}
	p.describe(i, c)
	if n.Count > 1 {
		p.add("Failures", strconv.Itoa(n.Count)+" since "+stamp(i.OpenedAt))
	}
	if i.Swallowed > 0 {
		p.add("Failed tasks", strconv.Itoa(i.Swallowed)+" of this deployment")
	}
	return p
}

// describe writes everything that is known of a case.
func (p *page) describe(i run.Incident, c run.Case) {
	p.add(label(i.Subject.Kind), i.Subject.Name)
	if o := c.Object; o != nil {
		p.add("Object", "s3://"+o.Bucket+"/"+o.Key)
		p.add("Version", o.VersionID)
		p.add("Size", strconv.FormatInt(o.Size, 10)+" bytes")
	}
	if at := c.ScheduledTime; at != nil {
		p.time("Scheduled time", *at)
	}
	p.add("Container", c.Outcome.Container)
	if code := c.Outcome.ExitCode; code != nil {
		p.add("Exit code", strconv.Itoa(*code))
	}
	p.add("Class", c.Outcome.Class)
	p.add("Reason", c.Outcome.Reason)
	if c.Attempt > 0 {
		p.add("Attempt", strconv.Itoa(c.Attempt))
	}
	p.add("What is next", c.Next)
	p.add("Run", string(c.Run))
	p.add("Task definition", c.Definition)
	p.add("Capacity", c.Capacity)
	p.add("Resources", c.Resources)
	p.add("Deployment", c.Deployment)
	p.add("Task", c.TaskARN)
	task, logs := links(c.TaskARN)
	p.link("Task page", task)
	p.link("Logs", logs)
	p.time("Admitted", c.AdmittedAt)
	p.time("Started", c.StartedAt)
	p.time("Ended", c.At)
}

func label(kind string) string {
	switch kind {
	case run.ServiceSubject:
		return "Service"
	case run.TasksSubject:
		return "Task group"
	case run.QueueSubject:
		return "Queue"
	}
	return "Job"
}

// digestPage is about cases after the first one.
func digestPage(i run.Incident, n run.Notice) page {
	c := newest(i)
	p := page{
		severity: i.Severity, badge: fmt.Sprintf("%d more: %s", n.New, whatOf(i.Event)), title: i.Subject.Name,
		lead:   c.Outcome.Summary,
		remedy: c.Outcome.Remedy, more: c.Outcome.Link, log: c.Log,
	}
	p.add(label(i.Subject.Kind), i.Subject.Name)
	p.add("Class", i.Class)
	p.add("Container", i.Container)
	p.add("New failures", fmt.Sprintf("%d since the mail before", n.New))
	p.add("All failures", fmt.Sprintf("%d since %s", n.Count, stamp(i.OpenedAt)))
	if i.Open() {
		p.add("Next mail", "with what comes until then, not before "+stamp(i.LastMail.Add(i.Wait)))
	} else {
		p.add("State", "over since "+stamp(i.ClosedAt))
	}
	p.listed = "The newest of them"
	for _, e := range i.Examples {
		p.list = append(p.list, example(e))
	}
	return p
}

// example is one case in a line.
func example(c run.Case) fact {
	about := c.TaskARN
	switch {
	case c.Object != nil:
		about = "s3://" + c.Object.Bucket + "/" + c.Object.Key
	case c.ScheduledTime != nil:
		about = "scheduled for " + stamp(*c.ScheduledTime)
	case about == "":
		about = c.Outcome.Reason
	}
	if code := c.Outcome.ExitCode; code != nil {
		about += fmt.Sprintf(" (exit code %d)", *code)
	}
	if c.Run != "" {
		about += ", run " + string(c.Run)
	}
	task, _ := links(c.TaskARN)
	return fact{stamp(c.At), about, task}
}

// over says why an incident is over.
var over = map[string]string{
	BySuccess: "It has gone well since.", ByLaunches: "Tasks have been launched since, one after the other, without this failure.",
	ByQuiet: "Nothing more has come.", ByDeployment: "A deployment that failed explains it.",
}

func resolvedPage(i run.Incident, n run.Notice) page {
	p := page{severity: "resolved", badge: "Recovered", title: i.Subject.Name, lead: over[i.ClosedBy], remedy: "Nothing: this is only to say that it is over."}
	p.add(label(i.Subject.Kind), i.Subject.Name)
	p.add("It was", whatOf(i.Event))
	p.add("Class", i.Class)
	p.add("Container", i.Container)
	p.add("Failures", strconv.Itoa(n.Count))
	p.time("From", i.OpenedAt)
	p.time("Last failure", i.LastAt)
	p.time("Over since", i.ClosedAt)
	if d := i.ClosedAt.Sub(i.OpenedAt); d > 0 {
		p.add("Duration", d.Round(time.Second).String())
	}
	return p
}

func newest(i run.Incident) run.Case {
	if len(i.Examples) == 0 {
		return run.Case{Outcome: run.Outcome{Class: i.Class, Summary: "Something failed, and nothing says why."}}
	}
	return i.Examples[0]
}

// commands are what to type next. A run's ID holds nothing that a shell would read.
func (p *page) command(stack string, c run.Case) {
	if c.Run == "" {
		return
	}
	id := strings.Map(plainRune, string(c.Run))
	if id != string(c.Run) {
		return
	}
	p.commands = []fact{
		{label: "Try again", value: "slipway retry " + id + " --stack " + stack},
		{label: "See the run", value: "slipway runs " + id + " --stack " + stack},
	}
}

// plainRune keeps what a run ID is made of.
func plainRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
		return r
	}
	return -1
}
