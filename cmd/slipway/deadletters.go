package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"slipway/internal/cloud/sqs"
	"slipway/internal/event"
)

// lettersFlags are the flags of dead-letters and its commands.
type lettersFlags struct {
	queue, to   string
	limit       int
	all         bool
	reason      string
	dryRun, yes bool
}

func deadLettersCommand(o *options) *cobra.Command {
	var f lettersFlags
	c := &cobra.Command{
		Use:   "dead-letters",
		Short: "List the events that could not be used, each with its reason; show one, send them back",
		Long: `Dead-letters lists the messages in the dead-letter queues of the launch and the lifecycle queue. A function that gives a
message up says why; a message without a reason was moved by SQS after the function crashed or timed out on it.

Reading takes nothing away: the messages are hidden from others for up to two minutes, and given back at the end. SQS
hands out samples, so that a list may be partial; it says so.

With --json it prints {"partial", "deadLetters": [{"id", "queue", "reason", "detail", "function", "messageId", "receives",
"firstReceived", "sentAt", "about"}]}.`,
		Example: `  slipway dead-letters
  slipway dead-letters show 3f2b7c1e-8a55-4b1f-9a0d-5e7c9f1b2a3d
  slipway dead-letters redrive --all --reason no-such-bucket`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.listLetters(c.Context(), f) },
	}
	c.PersistentFlags().StringVar(&f.queue, "queue", "", "the URL of another dead-letter queue (default the two of the stack)")
	c.Flags().IntVar(&f.limit, "limit", 1000, "read at most so many")
	c.AddCommand(showLetterCommand(o, &f), redriveCommand(o, &f))
	return c
}

func showLetterCommand(o *options, f *lettersFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Show one dead letter with its body",
		Long:    `Show prints one dead letter, with all that is known of it and the message as it was received. It stays in its queue.`,
		Example: "  slipway dead-letters show 3f2b7c1e-8a55-4b1f-9a0d-5e7c9f1b2a3d --json",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return o.showLetter(c.Context(), args[0], *f) },
	}
}

func redriveCommand(o *options, f *lettersFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "redrive ID… | --all [--reason REASON]",
		Short: "Send dead letters back to the queue that they come from",
		Long: `Redrive sends the body of each message to its source queue, without the reason, and deletes the dead letter then. One that
is sent twice does no harm: the same event is the same run. Correct the cause first, or it comes back.
With --json it prints an array of {"id", "queue", "to", "done", "why"}. Exit code 1: some are still there.`,
		Example: `  slipway dead-letters redrive 3f2b7c1e-8a55-4b1f-9a0d-5e7c9f1b2a3d
  slipway dead-letters redrive --all --reason unknown-job --dry-run`,
		RunE: func(c *cobra.Command, args []string) error { return o.redrive(c.Context(), args, *f) },
	}
	c.Flags().BoolVar(&f.all, "all", false, "every dead letter")
	c.Flags().StringVar(&f.reason, "reason", "", "with --all: only those with this reason")
	c.Flags().StringVar(&f.to, "to", "", "the URL of the queue to send to (default the one that the dead-letter queue belongs to)")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be sent, and send nothing")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask, also for more than 100 messages")
	return c
}

// letters is the answer of dead-letters.
type letters struct {
	Partial     bool     `json:"partial"` // SQS says that there are more
	DeadLetters []letter `json:"deadLetters"`
}

// letter is one dead letter.
type letter struct {
	ID            string `json:"id"`
	Queue         string `json:"queue"`
	Reason        string `json:"reason"`
	Detail        string `json:"detail"`
	Function      string `json:"function"`
	MessageID     string `json:"messageId"`
	Receives      string `json:"receives"`
	FirstReceived string `json:"firstReceived"`
	SentAt        string `json:"sentAt"`
	About         string `json:"about"`
	Body          string `json:"body,omitempty"` // only of one that is shown
}

// crashed is the reason of a dead letter that SQS has moved.
const crashed = "crashed or timed out"

func letterOf(queue string, m sqs.Received) letter {
	l := letter{
		ID: m.ID, Queue: queue, Reason: m.Attributes[sqs.AttributeReason], Detail: m.Attributes[sqs.AttributeDetail],
		Function: m.Attributes[sqs.AttributeFunction], MessageID: m.Attributes[sqs.AttributeMessageID],
		Receives: m.Attributes[sqs.AttributeReceives], FirstReceived: m.Attributes[sqs.AttributeFirstReceived],
		About: about(m.Body),
	}
	if l.Reason == "" {
		l.Reason = crashed
	}
	if !m.SentAt.IsZero() {
		l.SentAt = stamp(m.SentAt)
	}
	return l
}

// about is what a message tells of, in a few words.
func about(body string) string {
	e, err := event.Decode([]byte(body))
	if err != nil {
		return "no event"
	}
	switch e := e.(type) {
	case event.Objects:
		if len(e.Created) == 1 {
			return oneLine("s3://" + e.Created[0].Object.Bucket + "/" + e.Created[0].Object.Key)
		}
		return count(len(e.Created)+len(e.Bad), "object")
	case event.Nudge:
		return oneLine("queued runs of job " + e.Job)
	case event.TaskChange:
		return oneLine("task " + e.Task.ARN + " " + e.Task.LastStatus)
	case event.Unknown:
		return oneLine("an event " + e.Type + " of " + e.Source)
	}
	return "another event"
}

// sources are the dead-letter queues among the outputs, with the queue that each belongs to.
var sources = []struct{ dead, source string }{
	{"LaunchDeadLetterQueueUrl", "LaunchQueueUrl"},
	{"LifecycleDeadLetterQueueUrl", "LifecycleQueueUrl"},
	{"WorkDeadLetterQueueUrl", "WorkQueueUrl"},
}

// lettersOf are the dead-letter queues that are meant: the one given, or those of Slipway's own events.
func (d *deployed) lettersOf(f lettersFlags) ([]string, error) {
	if f.queue != "" {
		return []string{f.queue}, nil
	}
	var urls []string
	for _, s := range sources[:2] {
		url, err := d.need(s.dead)
		if err != nil {
			return nil, err
		}
		urls = append(urls, url)
	}
	return urls, nil
}

// sourceOf is the queue that a dead-letter queue belongs to.
func (d *deployed) sourceOf(queue string, f lettersFlags) (string, error) {
	if f.to != "" {
		return f.to, nil
	}
	for _, s := range sources {
		if d.output(s.dead) == queue && d.output(s.source) != "" {
			return d.output(s.source), nil
		}
	}
	return "", fmt.Errorf("%s is no dead-letter queue of stack %s: name the queue to send to with --to URL", queue, d.name)
}

func (o *options) listLetters(ctx context.Context, f lettersFlags) error {
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	urls, err := d.lettersOf(f)
	if err != nil {
		return err
	}
	answer := letters{DeadLetters: []letter{}}
	for _, url := range urls {
		r := d.newReader(url)
		err := r.each(ctx, func(m sqs.Received) (keep, more bool, err error) {
			if len(answer.DeadLetters) == f.limit {
				answer.Partial = true
				return true, false, nil
			}
			answer.DeadLetters = append(answer.DeadLetters, letterOf(url, m))
			return true, true, nil
		})
		if err != nil {
			return err
		}
		answer.Partial = answer.Partial || r.partial()
	}
	return o.answer(answer, answer.print)
}

func (l letters) print(w io.Writer) {
	if len(l.DeadLetters) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		say(t, "ID\tSENT\tFUNCTION\tREASON\tABOUT\n")
		for _, m := range l.DeadLetters {
			say(t, "%s\t%s\t%s\t%s\t%s\n", m.ID, m.SentAt, oneLine(m.Function), oneLine(m.Reason), m.About)
		}
		_ = t.Flush() // as say
	}
	switch {
	case l.Partial:
		say(w, "There are more: SQS hands out samples. Run the command again in a moment, or with a higher --limit.\n")
	case len(l.DeadLetters) == 0:
		say(w, "There are no dead letters.\n")
	default:
		say(w, "\"slipway dead-letters show ID\" shows one; correct the cause, then \"slipway dead-letters redrive ID\" sends it back.\n")
	}
}

func (o *options) showLetter(ctx context.Context, id string, f lettersFlags) error {
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	urls, err := d.lettersOf(f)
	if err != nil {
		return err
	}
	for _, url := range urls {
		var found *letter
		err := d.newReader(url).each(ctx, func(m sqs.Received) (keep, more bool, err error) {
			if m.ID == id {
				l := letterOf(url, m)
				l.Body, found = m.Body, &l
			}
			return true, found == nil, nil
		})
		if err != nil {
			return err
		}
		if found != nil {
			return o.answer(found, found.print)
		}
	}
	return problem{notFound(id)}
}

func notFound(id string) error {
	return fmt.Errorf("no dead letter %s was found: it may have been sent back, or SQS did not hand it out; \"slipway dead-letters\" lists what there is", id)
}

func (l letter) print(w io.Writer) {
	for _, line := range []struct{ name, text string }{
		{"id", l.ID},
		{"queue", l.Queue},
		{"sent", l.SentAt},
		{"about", l.About},
		{"reason", l.Reason},
		{"detail", l.Detail},
		{"function", l.Function},
		{"message", l.MessageID},
		{"receives", l.Receives},
		{"first", l.FirstReceived},
	} {
		if line.text != "" {
			say(w, "%-9s %s\n", line.name, oneLine(line.text))
		}
	}
	var indented bytes.Buffer
	if json.Indent(&indented, []byte(l.Body), "", "  ") == nil {
		say(w, "\n%s\n", indented.String())
		return
	}
	say(w, "\n%s\n", oneLine(l.Body))
}

// redriven is the answer for one dead letter.
type redriven struct {
	ID    string `json:"id"`
	Queue string `json:"queue"`
	To    string `json:"to"`
	Done  bool   `json:"done"`
	Why   string `json:"why,omitempty"`
}

func (o *options) redrive(ctx context.Context, ids []string, f lettersFlags) error {
	if (len(ids) == 0) != f.all || f.reason != "" && !f.all {
		return errors.New("which dead letters? Name them by their IDs, or say --all, with --reason if you like; not both")
	}
	d, err := o.deployed(ctx)
	if err != nil {
		return err
	}
	r := &redrive{deployed: d, flags: f, wanted: slices.Clone(ids), answers: []redriven{}}
	err = r.run(ctx)
	if told := o.answer(r.answers, func(w io.Writer) { printRedriven(w, r, f.dryRun) }); told != nil {
		return told
	}
	if err == nil && !r.complete() {
		return errFound
	}
	return err
}

func printRedriven(w io.Writer, r *redrive, dryRun bool) {
	done, verb := 0, "sent"
	if dryRun {
		verb = "would be sent"
	}
	for _, a := range r.answers {
		if !a.Done {
			say(w, "%s  not sent: %s\n", a.ID, a.Why)
			continue
		}
		done++
		say(w, "%s  %s to %s\n", a.ID, verb, a.To)
		if a.Why != "" {
			say(w, "%s  is still there, too: %s\n", a.ID, a.Why)
		}
	}
	say(w, "%s: %d of %s.\n", verb, done, count(len(r.answers), "dead letter"))
	if r.partial {
		say(w, "There are more: SQS hands out samples. Run the command again in a moment.\n")
	}
}
