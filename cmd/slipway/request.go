package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"slipway/internal/launch"
	"slipway/internal/run"
)

// plan is how a job would start a task for an object: the RunTask request of the first launch, or why there can be none.
type plan struct {
	Joins    string           `json:"joins,omitempty"`      // the batch that the object joins, in words
	Replaces string           `json:"supersedes,omitempty"` // what of the same key it takes the place of, in words
	Request  *launch.Document `json:"request,omitempty"`
	AtLaunch []string         `json:"atLaunch,omitempty"` // what of the request is known only then
	Refused  string           `json:"refused,omitempty"`
}

// planner makes plans for a stack.
type planner struct {
	stack  string
	bucket string // for the lists of batches; may be empty
	step   string // of the capacity order; empty: the first
	now    time.Time
}

// container stands for the only container of a task definition, whose name nobody has asked for.
const container = "CONTAINER"

func (p planner) plan(j run.Job, o run.Object) plan {
	r, members, err := p.run(j, o)
	if err != nil {
		return plan{Refused: err.Error()}
	}
	if r.Place, err = p.place(j); err != nil {
		return plan{Refused: err.Error()}
	}
	d, err := launch.Decide(launch.Input{
		Stack: p.stack, Job: j, Run: r, Members: members, Bucket: p.bucket, Definition: definitionOf(j),
	})
	if err != nil {
		return plan{Refused: err.Error()}
	}
	r.Decision = &d
	document := launch.DocumentOf(launch.Request(p.stack, r))
	return plan{Joins: joins(j), Replaces: supersedes(j), Request: &document, AtLaunch: p.atLaunch(j, len(members) > 0)}
}

// run is the run of the object, or the batch that begins with it.
func (p planner) run(j run.Job, o run.Object) (r run.Run, members []run.Run, err error) {
	r = run.New(run.ObjectID(p.stack, j.Name, o), j, run.ByObject, run.Input{Object: &o}, p.now)
	if j.Batch == nil {
		return r, nil, nil
	}
	return run.NewBatch(p.stack, j, r, p.now).Join(*j.Batch, []run.Run{r}, 1, p.now)
}

// place is where in the capacity order the step is.
func (p planner) place(j run.Job) (run.Place, error) {
	if p.step == "" {
		return run.Place{}, nil
	}
	at := slices.Index(j.Task.Capacity, p.step)
	if at < 0 {
		return run.Place{}, fmt.Errorf("%s is no step of its capacity, which is %s", p.step, strings.Join(j.Task.Capacity, ", "))
	}
	return run.Place{Step: at}, nil
}

// definitionOf is a task definition as far as slipway.yaml knows it: it has one container, and it is of network mode
// awsvpc when something asks for that: Fargate knows no other mode, and other modes have no subnets.
func definitionOf(j run.Job) run.Definition {
	d := run.Definition{ARN: j.Task.Definition, Containers: []run.ContainerDefinition{{Name: container, Essential: true}}}
	if len(j.Task.Subnets) > 0 || mayBeFargate(j) {
		d.NetworkMode = "awsvpc"
	}
	return d
}

func mayBeFargate(j run.Job) bool {
	return slices.Contains(j.Task.Capacity, "FARGATE") || slices.Contains(j.Task.Capacity, "FARGATE_SPOT")
}

func joins(j run.Job) string {
	if j.Batch == nil {
		return ""
	}
	most, wait := j.Batch.MaxObjects, j.Batch.MaxWait
	if most <= 0 {
		most = run.MaxBatch
	}
	if wait <= 0 {
		wait = run.DefaultMaxWait
	}
	text := fmt.Sprintf("It joins a batch of up to %d objects", most)
	if j.Batch.MaxBytes > 0 {
		text += fmt.Sprintf(" or %d bytes", j.Batch.MaxBytes)
	}
	return text + fmt.Sprintf(", which starts when it is full, or %s after its first object. The request is of a batch of this object alone.", wait)
}

func supersedes(j run.Job) string {
	if !j.LatestOnly {
		return ""
	}
	return "It takes the place of an older version of the same key whose run has not started."
}

// atLaunch says what of the request only the launch knows.
func (p planner) atLaunch(j run.Job, batch bool) []string {
	out := []string{"clientToken, startedBy and the run ID follow from the version or the sequencer that the event names"}
	if p.stack == "STACK" {
		out = append(out, "STACK stands for the name of the stack: no --stack is given")
	}
	out = append(out, "taskDefinition becomes the newest ACTIVE revision, unless it names one")
	if j.Task.Container == "" {
		out = append(out, container+" stands for the only container of the task definition")
	}
	if p.step != "EXTERNAL" && len(j.Task.Subnets) == 0 && len(j.Task.SecurityGroups) == 0 {
		out = append(out, "networkConfiguration is the stack's own, where the definition's network mode is awsvpc")
	}
	if len(j.Task.Subnets) > 0 && !mayBeFargate(j) {
		out = append(out, "networkConfiguration is left out where the definition's network mode is not awsvpc")
	}
	if batch && p.bucket == "" {
		out = append(out, launch.ReportVariable+" names a file in the stack's bucket for batches, and so does "+launch.ManifestVariable+" when the list is long")
	}
	return out
}

func (p plan) print(w io.Writer) {
	for _, text := range []string{p.Joins, p.Replaces} {
		if text != "" {
			say(w, "%s\n", text)
		}
	}
	if p.Refused != "" {
		say(w, "It could not be launched: %s.\n", p.Refused)
		return
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p.Request); err != nil {
		say(w, "%s\n", err)
	}
	for _, text := range p.AtLaunch {
		say(w, "At the launch: %s.\n", text)
	}
}
