package alert

import (
	"fmt"
	"strings"

	"slipway/internal/run"
)

// Mail is one message. Subject has at most MaxSubject characters of printable ASCII, which SNS takes too; Text and HTML
// say the same.
type Mail struct {
	Subject string
	Text    string
	HTML    string
	// Stage names the mail among all of the stack: the same stage is the same mail, sent again.
	Stage string
	// Thread is the ID that every mail of one incident refers to, in angle brackets.
	Thread string
}

// MaxSubject is how long a subject may be: what mail readers show. SNS takes fewer than 100 characters.
const MaxSubject = 70

// maxField is how many characters of one text from an event a mail shows; maxLine those of a line of a log.
const (
	maxField = 1200
	maxLine  = 400
)

// Compose is the mail about a notice of an incident.
func Compose(stack string, i run.Incident, n run.Notice) Mail {
	p := pageOf(i, n)
	p.add("Incident", i.Key)
	p.add("Stack", stack)
	if n.Kind == run.Opened {
		p.command(stack, newest(i))
	}
	p.footer = "Sent by Slipway, stack " + stack + ". Who is told of what is said under notifications in slipway.yaml."
	if i.Drill {
		p.badge = "Drill: " + p.badge
		p.footer = "This is a drill: nothing has failed. " + p.footer
	}
	p.clean()
	return Mail{
		Subject: subject(i, n), Text: p.text(), HTML: p.html(), Stage: n.Stage,
		Thread: fmt.Sprintf("<%s.%d@%s.slipway>", i.Key, i.Episode, strings.Map(plainRune, stack)),
	}
}

func pageOf(i run.Incident, n run.Notice) page {
	switch n.Kind {
	case run.Digest:
		return digestPage(i, n)
	case run.Resolved:
		return resolvedPage(i, n)
	}
	return openedPage(i, n)
}

// clean makes every text safe to show: each is one line, bounded, without characters that hide or reorder text.
func (p *page) clean() {
	for _, s := range []*string{&p.badge, &p.title, &p.lead, &p.remedy, &p.more, &p.footer} {
		*s = clean(*s, maxField)
	}
	for _, list := range [][]fact{p.facts, p.list, p.commands} {
		for k := range list {
			list[k].label, list[k].value = clean(list[k].label, maxField), clean(list[k].value, maxField)
		}
	}
	for k := range p.log {
		p.log[k] = clean(p.log[k], maxLine)
	}
	if !strings.HasPrefix(p.more, "https://") {
		p.more = ""
	}
}

// subject is what, where and why. What does not fit is cut from the middle, the name.
func subject(i run.Incident, n run.Notice) string {
	head, why := "[slipway] "+whatOf(i.Event)+": ", ": "+reasonInShort(i)
	switch n.Kind {
	case run.Digest:
		head = fmt.Sprintf("[slipway] %d more: %s: ", n.New, whatOf(i.Event))
	case run.Resolved:
		head, why = "[slipway] recovered: ", ": "+i.Class
	}
	if i.Drill {
		head = "[drill] " + strings.TrimPrefix(head, "[slipway] ")
	}
	head, why = ascii(head), clip(ascii(clean(why, maxField)), 36)
	name := ascii(clean(i.Subject.Name, maxField))
	return strings.TrimSpace(clip(head+clip(name, max(8, MaxSubject-len(head)-len(why)))+why, MaxSubject))
}

func reasonInShort(i run.Incident) string {
	o := newest(i).Outcome
	if o.ExitCode != nil && *o.ExitCode != 0 {
		return fmt.Sprintf("%s, exit code %d", i.Class, *o.ExitCode)
	}
	return i.Class
}
