package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/stop"
)

// explained is the answer of explain, one for each event.
type explained struct {
	Class     string `json:"class"`
	Severity  string `json:"severity"`
	Expected  bool   `json:"expected"`
	Retryable bool   `json:"retryable"`
	Container string `json:"container"`
	ExitCode  *int   `json:"exitCode"`
	Summary   string `json:"summary"`
	Remedy    string `json:"remedy"`
	Link      string `json:"link"`

	title, reason string
}

func explainCommand(o *options) *cobra.Command {
	var main string
	c := &cobra.Command{
		Use:   "explain [FILE | TASK-ARN]",
		Short: "Say in words why a task stopped",
		Long: `Explain reads an event of ECS from a file or from standard input: an EventBridge event, a batch of SQS, a list of
them or one on each line, or the answer of "aws ecs describe-tasks". Given the ARN of a task it asks ECS, which
keeps a stopped task for an hour. It says what lifecycle-notifier would say; explanations under "stops" in
slipway.yaml have their say when the file is there.

With --json it prints one object for each event, each on a line:
{"class", "severity", "expected", "retryable", "container", "exitCode", "summary", "remedy", "link"}.`,
		Example: `  aws ecs describe-tasks --cluster work --tasks 0123 | slipway explain
  slipway explain event.json --main-container app --json
  slipway explain arn:aws:ecs:eu-north-1:123456789012:task/work/0123456789abcdef`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return o.explain(c.Context(), args, main) },
	}
	c.Flags().StringVar(&main, "main-container", "", "the container that matters; without it, the one that the job names, or that made the task stop")
	return c
}

func (o *options) explain(ctx context.Context, args []string, main string) error {
	events, err := o.toExplain(ctx, args)
	if err != nil {
		return err
	}
	conf, err := o.anyConfiguration()
	if err != nil {
		return err
	}
	for _, e := range events {
		x := explainOne(e, main, conf)
		if err := o.tell(x); err != nil {
			return err
		}
	}
	return nil
}

// toExplain gathers the events from wherever they are.
func (o *options) toExplain(ctx context.Context, args []string) ([]event.Event, error) {
	if len(args) == 1 && strings.HasPrefix(args[0], "arn:") {
		t, err := o.describe(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return []event.Event{event.TaskChange{Task: t}}, nil
	}
	var text []byte
	var err error
	if len(args) == 1 && args[0] != "-" {
		text, err = os.ReadFile(args[0])
	} else if o.in != nil {
		text, err = io.ReadAll(o.in)
	}
	if err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	events, err := eventsOf(text)
	if err != nil {
		return nil, problem{err}
	}
	return events, nil
}

var errNoEvent = errors.New("there is no event; give a file, or an event on standard input")

// eventsOf reads one value after the other: an object is an event, a batch or an answer of ECS, a list holds them.
func eventsOf(text []byte) ([]event.Event, error) {
	var out []event.Event
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var raw json.RawMessage
		err := d.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF) && len(out) > 0:
			return out, nil
		case errors.Is(err, io.EOF):
			return nil, errNoEvent
		case err != nil:
			return nil, fmt.Errorf("read the event: it is not JSON: %w", err)
		}
		events, err := eventsIn(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, events...)
	}
}

func eventsIn(raw json.RawMessage) ([]event.Event, error) {
	if raw[0] == '[' {
		return eventsEach(raw)
	}
	if messages, batched := event.Batch(raw); batched {
		var out []event.Event
		for _, m := range messages {
			e, err := event.Decode([]byte(m.Body))
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
		return out, nil
	}
	if tasks, ok := event.Tasks(raw); ok {
		return tasks, nil
	}
	e, err := event.Decode(raw)
	if err != nil {
		return nil, err
	}
	return []event.Event{e}, nil
}

func eventsEach(raw json.RawMessage) ([]event.Event, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("read the list of events: %w", err)
	}
	var out []event.Event
	for _, one := range list {
		events, err := eventsIn(one)
		if err != nil {
			return nil, err
		}
		out = append(out, events...)
	}
	return out, nil
}

// anyConfiguration is slipway.yaml where there is one; without one, Slipway's own explanations are all.
func (o *options) anyConfiguration() (config.Config, error) {
	if _, err := os.Stat(o.file); err != nil {
		return config.Config{}, nil //nolint:nilerr // the file is not needed
	}
	return o.valid()
}

func explainOne(e event.Event, main string, conf config.Config) explained {
	switch e := e.(type) {
	case event.TaskChange:
		return explainTask(e.Task, main, conf)
	case event.ServiceAction:
		x := explained{title: "Service " + lastOf(e.Service), Severity: stop.Info, Expected: true, Summary: "ECS says of the service: " + e.Name + "."}
		if e.Level != "INFO" && e.Level != "" {
			x.take(stop.OfService(e.Name, e.Level, e.Reason))
		}
		return x
	case event.DeploymentChange:
		x := explained{title: "Deployment of " + lastOf(e.Service), Severity: stop.Info, Expected: true, Summary: e.Reason}
		if e.Name == "SERVICE_DEPLOYMENT_FAILED" {
			x.take(stop.OfDeployment(e.Reason))
		}
		return x
	case event.InstanceChange:
		return explained{title: "Container instance " + lastOf(e.Instance), Severity: stop.Info, Expected: true, Summary: "Its status is " + e.Status + "."}
	}
	return explained{title: "An event", Severity: stop.Info, Expected: true, Summary: "Slipway does not look at events of this kind."}
}

func explainTask(t run.Task, main string, conf config.Config) explained {
	x := explained{title: "Task " + lastOf(t.ARN), Severity: stop.Info, Expected: true, Summary: "The task is " + t.LastStatus + ": there is nothing to explain."}
	if t.LastStatus != run.StatusStopped && t.StopCode == "" {
		return x
	}
	o := stop.Options{Main: main, Rules: conf.Rules()}
	if name, service := strings.CutPrefix(t.Group, "service:"); service {
		o.Service = name
	}
	if _, id, _, ours := run.ParseStartedBy(t.StartedBy); ours {
		o.Job = string(id)[:max(0, strings.LastIndexByte(string(id), '-'))]
	}
	if o.Main == "" {
		o.Main = conf.Containers[strings.TrimPrefix(strings.TrimPrefix(t.Group, "service:"), "family:")]
	}
	for _, j := range conf.Jobs {
		if j.Name == o.Job && o.Main == "" {
			o.Main = j.Task.Container
		}
	}
	x.take(stop.Classify(t, o))
	return x
}

func (x *explained) take(out run.Outcome) {
	x.Class, x.Severity, x.Expected, x.Retryable = out.Class, out.Severity, out.Expected, out.Retryable
	x.Container, x.ExitCode, x.Summary, x.Remedy, x.Link = out.Container, out.ExitCode, out.Summary, out.Remedy, out.Link
	x.reason = out.Reason
}

func lastOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// tell prints one explanation: a line of JSON, or words.
func (o *options) tell(x explained) error {
	if o.json {
		e := json.NewEncoder(o.out)
		e.SetEscapeHTML(false)
		if err := e.Encode(x); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		return nil
	}
	say(o.out, "%s\n\n  %s\n", x.title, x.Summary)
	if x.Class != "" {
		say(o.out, "\n  Class      %s (%s%s)\n", x.Class, x.Severity, words(x))
	}
	lines := []struct{ label, value string }{{"Container", x.Container}, {"Reason", x.reason}, {"What to do", x.Remedy}, {"Read more", x.Link}}
	if x.ExitCode != nil {
		lines[0].value += fmt.Sprintf(", exit code %d", *x.ExitCode)
	}
	for _, l := range lines {
		if l.value != "" {
			say(o.out, "  %-10s %s\n", l.label, l.value)
		}
	}
	say(o.out, "\n")
	return nil
}

func words(x explained) string {
	text := ""
	if x.Expected {
		text += ", expected"
	}
	if x.Retryable {
		text += ", another attempt may help"
	}
	return text
}
