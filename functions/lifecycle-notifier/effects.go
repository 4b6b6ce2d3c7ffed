package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"slipway/internal/alert"
	"slipway/internal/cloud/eventbridge"
	"slipway/internal/cloud/ses"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// effects does what runs and incidents owe. Each may be done more than once: mails carry a stage, by which a second
// one can be told.
type effects struct {
	env     config.Environment
	conf    config.Config
	mail    func(context.Context, ses.Mail) error
	publish func(ctx context.Context, topicARN, subject, text string) error
	put     func(context.Context, eventbridge.Entry) error
	send    func(ctx context.Context, queueURL, body string, attributes map[string]string) error
	bury    func(ctx context.Context, queueURL string, d sqs.DeadLetter) error
	tail    func(ctx context.Context, group, stream string, events int) ([]string, error)
	count   func(what string, n int)
	emit    func(of string, values map[telemetry.Metric]int)
	log     *slog.Logger
}

// Publish puts the event of a run on the event bus. A run that has not ended, because somebody has retried it
// meanwhile, has no event of its end.
func (e *effects) Publish(ctx context.Context, r run.Run, effect run.Effect) error {
	if typeOf(r, effect) == "" {
		return nil
	}
	entry, err := entryOf(e.env.Stack, r, effect)
	if err != nil {
		return err
	}
	if err := e.put(ctx, entry); err != nil {
		return err
	}
	e.measure(r, effect)
	return nil
}

// Announce puts the event that an incident was opened or resolved on the event bus.
func (e *effects) Announce(ctx context.Context, i run.Incident, n run.Notice) error {
	if n.Kind == run.Digest {
		return nil
	}
	entry, err := incidentEntry(e.env.Stack, i, n)
	if err != nil {
		return err
	}
	return e.put(ctx, entry)
}

// Nudge asks the function s3-trigger to launch what is queued.
func (e *effects) Nudge(ctx context.Context, job string) error {
	body, err := event.EncodeNudge(job)
	if err != nil {
		return err
	}
	return e.send(ctx, e.env.LaunchQueueURL, string(body), nil)
}

// Mail sends a mail to those in n.To, or to everybody who wants to know. One who cannot be reached does not keep it
// from the others.
func (e *effects) Mail(ctx context.Context, i run.Incident, n run.Notice) (left []string, err error) {
	to := n.To
	if to == nil {
		to = e.recipients(i, n)
	}
	if len(to) == 0 {
		return nil, nil
	}
	m := alert.Compose(e.env.Stack, e.withLog(ctx, i, n), n)
	var problems []error
	for _, one := range to {
		if err := e.mailTo(ctx, one, m); err != nil {
			left, problems = append(left, one), append(problems, err)
		}
	}
	e.count(string(telemetry.MailsSent), len(to)-len(left))
	e.count(string(telemetry.MailsFailed), len(left))
	return left, errors.Join(problems...)
}

// The headers of every mail. The stage names it among all of Slipway's: the same stage is the same mail, sent again.
const stageHeader = "X-Slipway-Stage"

func (e *effects) mailTo(ctx context.Context, to string, m alert.Mail) error {
	if strings.HasPrefix(to, "arn:") {
		return e.publish(ctx, to, m.Subject, m.Text)
	}
	return e.mail(ctx, ses.Mail{
		From: e.env.Sender, To: []string{to}, Subject: m.Subject, Text: m.Text, HTML: m.HTML,
		Headers: []ses.Header{
			{Name: stageHeader, Value: m.Stage},
			{Name: "In-Reply-To", Value: m.Thread},
			{Name: "References", Value: m.Thread},
			{Name: "Auto-Submitted", Value: "auto-generated"},
			{Name: "X-Auto-Response-Suppress", Value: "All"},
		},
	})
}

// Bury keeps a mail or an event that cannot be told as a dead letter. Sent to the lifecycle queue again, it is told.
func (e *effects) Bury(ctx context.Context, i run.Incident, n run.Notice, reason error) error {
	m := alert.Compose(e.env.Stack, i, n)
	body, err := event.EncodeUnsent(event.Unsent{
		Incident: i.Key, Stage: n.Stage, Kind: string(n.Kind), Mail: n.Mail, To: n.To, Count: n.Count, New: n.New, At: n.At,
		Subject: m.Subject, Text: m.Text,
	})
	if err != nil {
		return err
	}
	return e.bury(ctx, e.env.LifecycleDeadLetterQueueURL, sqs.DeadLetter{
		Body: string(body), Reason: run.ReasonOf(reason), Detail: reason.Error(), Function: function, MessageID: n.Stage, Receives: n.Tries + 1,
	})
}

// withLog adds the last lines of the log of the newest case, where slipway.yaml permits it. A log that cannot be read
// keeps no mail back.
func (e *effects) withLog(ctx context.Context, i run.Incident, n run.Notice) run.Incident {
	place, ok := e.place(i)
	if !ok || n.Kind == run.Resolved {
		return i
	}
	c := i.Examples[0]
	id := c.TaskARN[strings.LastIndexByte(c.TaskARN, '/')+1:]
	lines, err := e.tail(ctx, place.Group, place.Prefix+"/"+c.Outcome.Container+"/"+id, place.Lines)
	if err != nil {
		e.log.WarnContext(ctx, "log not read", "incident", i.Key, "error", err)
		return i
	}
	c.Log = alert.Tail(lines, place.Lines)
	i.Examples = append([]run.Case{c}, i.Examples[1:]...)
	return i
}

func (e *effects) place(i run.Incident) (config.Log, bool) {
	if len(i.Examples) == 0 || i.Examples[0].TaskARN == "" || i.Examples[0].Outcome.Container == "" || i.Drill {
		return config.Log{}, false
	}
	for _, l := range e.conf.Logs {
		if l.Name == i.Subject.Name && l.Group != "" {
			return l, true
		}
	}
	return config.Log{}, false
}
