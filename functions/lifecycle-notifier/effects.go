package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"slipway/internal/alert"
	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/ses"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/run"
)

// effects does what runs and incidents owe. Each may be done more than once: mails carry a stage, by which a second
// one can be told.
type effects struct {
	env     config.Environment
	told    []config.Notification
	mail    func(context.Context, ses.Mail) error
	publish func(ctx context.Context, topicARN, subject, text string) error
	put     func(context.Context, eventbridge.Entry) error
	send    func(ctx context.Context, queueURL, body string, attributes map[string]string) error
}

// Publish puts the event of a run's end on the event bus. A run that has not ended, because somebody has retried it
// meanwhile, has no event.
func (e *effects) Publish(ctx context.Context, r run.Run) error {
	if !r.State.Final() {
		return nil
	}
	entry, err := entryOf(e.env.Stack, r)
	if err != nil {
		return err
	}
	return e.put(ctx, entry)
}

// MailRun tells of a failed run.
func (e *effects) MailRun(ctx context.Context, r run.Run) error {
	return e.tell(ctx, "run.failed", alert.ForRun(e.env.Stack, r))
}

// MailIncident tells of an incident.
func (e *effects) MailIncident(ctx context.Context, i run.Incident) error {
	return e.tell(ctx, i.Event, alert.ForIncident(e.env.Stack, i))
}

// Nudge asks the function s3-trigger to launch what is queued.
func (e *effects) Nudge(ctx context.Context, job string) error {
	body, err := event.EncodeNudge(job)
	if err != nil {
		return err
	}
	return e.send(ctx, e.env.LaunchQueueURL, string(body), nil)
}

// stageHeader names the mail among all of Slipway's: the same stage is the same mail, sent again.
const stageHeader = "X-Slipway-Stage"

// tell sends a mail to everybody who wants to know of the event. One who cannot be reached does not keep it from the
// others; the error then makes it be sent to all of them again.
func (e *effects) tell(ctx context.Context, what string, m alert.Mail) error {
	addresses, topics := e.recipients(what)
	var problems []error
	for _, to := range addresses {
		problems = append(problems, e.mail(ctx, ses.Mail{
			From: e.env.Sender, To: []string{to}, Subject: m.Subject, Text: m.Text,
			Headers: []ses.Header{{Name: stageHeader, Value: m.Stage}},
		}))
	}
	for _, topic := range topics {
		problems = append(problems, e.publish(ctx, topic, m.Subject, m.Text))
	}
	return errors.Join(problems...)
}

// recipients are the mail addresses and the topics that want to know of an event, each once. Without a sender, all
// addresses together are served by the stack's own topic, to which they are subscribed.
func (e *effects) recipients(what string) (addresses, topics []string) {
	for _, n := range e.told {
		if !slices.Contains(n.Events, what) {
			continue
		}
		for _, to := range n.To {
			switch {
			case strings.HasPrefix(to, "arn:"):
				topics = append(topics, to)
			case e.env.Sender == "":
				topics = append(topics, e.env.TopicARN)
			default:
				addresses = append(addresses, to)
			}
		}
	}
	return unique(addresses), unique(topics)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
