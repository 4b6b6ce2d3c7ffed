package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"slipway/local/internal/observe"
)

// The links that a promise can hang on. The first four can be broken on purpose.
const (
	linkProcessor = "processor"
	linkMail      = "mail"
	linkTrigger   = "trigger"
	linkScaler    = "scaler"
	linkScheduler = "scheduler"
	linkWorker    = "worker"
	linkQueues    = "queues"
)

// promise is one thing that must be seen.
type promise struct {
	text string
	kept bool
	lost bool   // nothing that may still happen can keep it
	link string // what to look at as long as it is not kept
	why  string // what is seen instead
}

// promises are judged by the facts alone.
func promises(f facts) []promise {
	var all []promise
	for _, s := range f.objects {
		switch s.kind {
		case good:
			all = append(all, oneTask(s), goodResult(s))
		case corrupt:
			all = append(all, oneTask(s), oneMail(s))
		case unwanted:
			all = append(all, nothing(s))
		}
	}
	return append(all, report(f), scaledUp(f), scaledDown(f), drained(f), noDeadLetters(f))
}

func oneTask(s seen) promise {
	return promise{
		text: "one task for " + s.key, kept: len(s.tasks) == 1, lost: len(s.tasks) > 1, link: linkTrigger,
		why: fmt.Sprintf("%d tasks", len(s.tasks)),
	}
}

// goodResult is a description and a thumbnail that say what the picture is.
func goodResult(s seen) promise {
	p := promise{text: "thumbnail and description of " + s.key, link: linkProcessor}
	switch d := s.described; {
	case len(s.tasks) == 0:
		p.link, p.why = linkTrigger, "no task was started"
	case d == nil:
		p.why = "no description; the task " + howEnded(s.tasks[0])
		p.lost = s.tasks[0].Status == "STOPPED"
	case d.SHA256 != s.sha256() || d.Key != s.key || d.Size != int64(len(s.content)):
		p.lost, p.why = true, fmt.Sprintf("the description is of %q, %d bytes, %s", d.Key, d.Size, d.SHA256)
	case d.Width != s.width || d.Height != s.height || d.Format != string(s.format):
		p.lost, p.why = true, fmt.Sprintf("the description says %s of %d x %d", d.Format, d.Width, d.Height)
	case s.thumbnail == 0:
		p.lost, p.why = true, "no thumbnail"
	default:
		p.kept = true
	}
	return p
}

// oneMail is exactly one mail, which names the job, the object and the exit code.
func oneMail(s seen) promise {
	p := promise{text: "one mail about " + s.key, lost: len(s.mails) > 1, link: linkMail, why: fmt.Sprintf("%d mails", len(s.mails))}
	switch {
	case len(s.tasks) == 0:
		p.link, p.why = linkTrigger, "no task was started"
	case s.tasks[0].ExitCode != nil && *s.tasks[0].ExitCode == 0:
		p.lost, p.link, p.why = true, linkProcessor, "its task ended with exit code 0"
	case s.tasks[0].ExitCode == nil && s.tasks[0].Status != "STOPPED":
		p.link, p.why = linkProcessor, "its task has not ended"
	case len(s.mails) == 1:
		p.why = missingWords(s)
		p.kept, p.lost = p.why == "", p.why != ""
	}
	return p
}

// missingWords says what the mail should name and does not.
func missingWords(s seen) string {
	words := map[string]string{"job": jobOf(s.tasks[0].Run()), "object": s.key}
	if code := s.tasks[0].ExitCode; code != nil {
		words["exit code"] = fmt.Sprintf("Exit code: %d\n", *code)
	}
	text := spaces.ReplaceAllString(s.mails[0].Text, " ") + "\n"
	var missing []string
	for what, word := range words {
		if !strings.Contains(text, word) {
			missing = append(missing, what)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	slices.Sort(missing)
	return "it does not name the " + strings.Join(missing, ", the ")
}

// spaces are what a mail lines its columns up with.
var spaces = regexp.MustCompile(` {2,}`)

// jobOf is the job in a run's ID, which ends with a hyphen and a hash or a time.
func jobOf(run string) string { return run[:max(0, strings.LastIndexByte(run, '-'))] }

func nothing(s seen) promise {
	kept := len(s.tasks) == 0 && s.described == nil && len(s.mails) == 0
	return promise{
		text: "nothing for " + s.key, kept: kept, lost: !kept, link: linkTrigger,
		why: fmt.Sprintf("%d tasks, %d mails", len(s.tasks), len(s.mails)),
	}
}

func report(f facts) promise {
	return promise{text: "a report of the scheduled job", kept: len(f.reports) > 0, link: linkScheduler, why: "no report"}
}

func scaledUp(f facts) promise {
	peak := f.service.peak()
	return promise{text: "several tasks of the worker service", kept: peak >= several, link: linkScaler, why: fmt.Sprintf("%d tasks at most", peak)}
}

// several is how many tasks of the worker service must have been seen at once.
const several = 2

func scaledDown(f facts) promise {
	p := promise{text: "the worker service back at zero", link: linkScaler}
	p.kept = f.service.peak() > 0 && f.service.desired == 0 && f.service.running == 0
	p.why = fmt.Sprintf("%d tasks desired, %d running", f.service.desired, f.service.running)
	return p
}

func drained(f facts) promise {
	p := promise{text: "the work queue empty", kept: f.work.Empty(), link: linkWorker}
	p.why = fmt.Sprintf("%d messages visible, %d in flight", f.work.Visible, f.work.InFlight)
	if f.service.peak() == 0 {
		p.link = linkScaler
	}
	return p
}

// noDeadLetters hangs on the link that the first letter's reason names.
func noDeadLetters(f facts) promise {
	p := promise{text: "no dead letter", kept: len(f.dead) == 0, lost: len(f.dead) > 0, link: linkQueues}
	if p.kept {
		return p
	}
	reason := f.dead[0].Attribute("Reason")
	if strings.HasPrefix(reason, linkMail) {
		p.link = linkMail
	}
	p.why = fmt.Sprintf("%d, the first with the reason %q: %s", len(f.dead), reason, f.dead[0].Attribute("Detail"))
	return p
}

// brokenLinks are the links of the promises that are not kept, each once.
func brokenLinks(all []promise) []string {
	var links []string
	for _, p := range all {
		if !p.kept {
			links = append(links, p.link)
		}
	}
	slices.Sort(links)
	return slices.Compact(links)
}

// decided reports whether no promise can change any more for the better.
func decided(all []promise) bool {
	return !slices.ContainsFunc(all, func(p promise) bool { return !p.kept && !p.lost })
}

// howEnded says in words how a task stands.
func howEnded(t observe.Task) string {
	switch {
	case t.ExitCode != nil:
		return fmt.Sprintf("ended with exit code %d", *t.ExitCode)
	case t.Status == "STOPPED":
		return "stopped: " + t.StoppedReason
	}
	return "is " + t.Status
}
