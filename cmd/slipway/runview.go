package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"slipway/internal/launch"
	"slipway/internal/run"
)

// view is a run in a list. Nothing in it is left out: what is not known is null or empty.
type view struct {
	ID         run.ID       `json:"id"`
	Job        string       `json:"job"`
	State      run.State    `json:"state"`
	Attempt    int          `json:"attempt"`
	Trigger    run.Trigger  `json:"trigger"`
	Input      run.Input    `json:"input"`
	TaskARN    string       `json:"taskArn"`
	Outcome    *run.Outcome `json:"outcome"`
	AdmittedAt *time.Time   `json:"admittedAt"`
	StartedAt  *time.Time   `json:"startedAt"`
	EndedAt    *time.Time   `json:"endedAt"`
}

// shown is one run with everything that is known of it.
type shown struct {
	view
	Launch         int           `json:"launch"`
	NotBefore      *time.Time    `json:"notBefore"`
	LaunchDeadline *time.Time    `json:"launchDeadline"`
	Wish           run.Wish      `json:"wish,omitempty"`
	WishWhy        string        `json:"wishWhy,omitempty"`
	Owed           []run.Effect  `json:"owed,omitempty"`
	Decision       *run.Decision `json:"decision"`
	Batch          *member       `json:"batch,omitempty"`
	Objects        *run.Objects  `json:"objects,omitempty"`
	Members        []member      `json:"members,omitempty"` // of a batch
	History        []run.Step    `json:"history"`
}

// member is a run that belongs to another: an object's to its batch, or the batch itself.
type member struct {
	ID      run.ID    `json:"id"`
	State   run.State `json:"state"`
	Object  string    `json:"object,omitempty"`
	TaskARN string    `json:"taskArn,omitempty"`
}

func viewOf(r run.Run) view {
	in := r.Input
	in.Environment = withoutSecrets(in.Environment)
	return view{
		r.ID, r.Job, r.State, r.Attempt, r.Trigger, in, r.TaskARN, r.Outcome,
		known(r.AdmittedAt), known(r.StartedAt), known(r.EndedAt),
	}
}

func views(runs []run.Run) []view {
	out := []view{}
	for _, r := range runs {
		out = append(out, viewOf(r))
	}
	return out
}

func show(r run.Run) shown {
	v := shown{
		view: viewOf(r), Launch: r.Launch, NotBefore: known(r.NotBefore), LaunchDeadline: known(r.LaunchDeadline),
		Wish: r.Wish, WishWhy: r.WishWhy, Owed: r.Owed, Objects: r.Objects, History: append([]run.Step{}, r.History...),
	}
	if r.Decision != nil {
		d := *r.Decision
		d.Environment = withoutSecrets(d.Environment)
		v.Decision = &d
	}
	return v
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// hidden stands for a value that may be a secret.
const hidden = "(hidden)"

// withoutSecrets hides the values of variables that are not Slipway's own.
func withoutSecrets(variables []run.EnvVar) []run.EnvVar {
	var out []run.EnvVar
	for _, v := range variables {
		if !reserved(v.Name) {
			v.Value = hidden
		}
		out = append(out, v)
	}
	return out
}

// reserved reports whether a variable is Slipway's own.
func reserved(name string) bool {
	return strings.HasPrefix(name, "SLIPWAY_") || strings.HasPrefix(name, "S3_") || name == launch.TraceVariable
}

func printRuns(w io.Writer, runs []run.Run, now time.Time) {
	if len(runs) == 0 {
		say(w, "There are no such runs.\n")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	say(t, "RUN\tSTATE\tATTEMPT\tADMITTED\tTOOK\tINPUT\tOUTCOME\n")
	for _, r := range runs {
		say(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", r.ID, r.State, r.Attempt, stamp(r.AdmittedAt), took(r, now), inputOf(r), outcomeOf(r.Outcome))
	}
	_ = t.Flush() // as say
}

// line is a run as --follow prints it.
func line(r run.Run, now time.Time) string {
	text := fmt.Sprintf("%s  %-9s  %s  attempt %d  %s", stamp(now), r.State, r.ID, r.Attempt, inputOf(r))
	if o := outcomeOf(r.Outcome); o != "" {
		text += "  " + o
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// took is how long the newest attempt has run.
func took(r run.Run, now time.Time) string {
	switch {
	case r.StartedAt.IsZero() || r.State == run.Queued:
		return "-"
	case !r.EndedAt.IsZero():
		now = r.EndedAt
	}
	return max(now.Sub(r.StartedAt), 0).Round(time.Second).String()
}

func inputOf(r run.Run) string {
	switch {
	case r.Input.Object != nil:
		return objectOf(r)
	case r.Input.ScheduledTime != nil:
		return "scheduled for " + stamp(*r.Input.ScheduledTime)
	case r.Objects != nil:
		return "a batch of " + count(len(r.Objects.Members), "object")
	}
	return "by hand"
}

func objectOf(r run.Run) string {
	if o := r.Input.Object; o != nil {
		return oneLine("s3://" + o.Bucket + "/" + o.Key)
	}
	return ""
}

// oneLine keeps a text from outside from moving the cursor.
func oneLine(s string) string {
	quoted := strconv.Quote(s)
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return quoted
	}
	return s
}

func outcomeOf(o *run.Outcome) string {
	switch {
	case o == nil:
		return ""
	case o.ExitCode != nil && *o.ExitCode != 0:
		return fmt.Sprintf("%s (exit code %d)", o.Class, *o.ExitCode)
	}
	return o.Class
}

func (v shown) print(w io.Writer) {
	say(w, "%s  %s  attempt %d, launch %d\n", v.ID, v.State, v.Attempt, v.Launch)
	r := run.Run{Input: v.Input, Objects: v.Objects}
	say(w, "  input     %s, by %s\n", inputOf(r), v.Trigger)
	if o := v.Input.Object; o != nil && o.VersionID != "" {
		say(w, "  version   %s\n", o.VersionID)
	}
	for _, e := range v.Input.Environment {
		say(w, "  variable  %s\n", e.Name)
	}
	if v.TaskARN != "" {
		say(w, "  task      %s\n", v.TaskARN)
	}
	if v.Wish != "" {
		say(w, "  wish      %s: %s\n", v.Wish, oneLine(v.WishWhy))
	}
	v.printGroup(w)
	v.printDecision(w)
	v.printOutcome(w)
	v.printHistory(w)
}

// printGroup shows the batch of an object, or the objects of a batch.
func (v shown) printGroup(w io.Writer) {
	if v.Batch != nil {
		say(w, "  batch     %s  %s\n", v.Batch.ID, v.Batch.State)
	}
	for _, m := range v.Members {
		say(w, "  object    %s  %-9s  %s\n", m.ID, m.State, m.Object)
	}
	if v.Objects == nil {
		return
	}
	if v.Objects.From != "" {
		say(w, "  from      %s, which was split\n", v.Objects.From)
	}
	for _, id := range v.Objects.Into {
		say(w, "  split     %s\n", id)
	}
}

func (v shown) printDecision(w io.Writer) {
	d := v.Decision
	if d == nil {
		return
	}
	say(w, "  decision  %s, container %s, on %s in %s\n", d.Definition, d.Container, d.Capacity, d.Cluster)
	if d.CPU > 0 {
		say(w, "            %d CPU units, %d MiB\n", d.CPU, d.Memory)
	}
	for _, e := range d.Environment {
		say(w, "            %s=%s\n", e.Name, oneLine(e.Value))
	}
}

func (v shown) printOutcome(w io.Writer) {
	if v.Outcome == nil {
		return
	}
	say(w, "  outcome   %s\n", outcomeOf(v.Outcome))
	for _, text := range []string{v.Outcome.Summary, v.Outcome.Reason, v.Outcome.Remedy, v.Outcome.Link} {
		if text != "" {
			say(w, "            %s\n", oneLine(text))
		}
	}
}

// printHistory shows what happened, the oldest first.
func (v shown) printHistory(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	say(t, "\nTIME\tATTEMPT\tSTATE\tWHAT HAPPENED\n")
	for _, s := range v.History {
		why := s.Why
		if s.TaskARN != "" {
			why += ", task " + s.TaskARN
		}
		if s.ExitCode != nil {
			why += ", exit code " + strconv.Itoa(*s.ExitCode)
		}
		say(t, "%s\t%d.%d\t%s\t%s\n", stamp(s.At), s.Attempt, s.Launch, s.State, oneLine(strings.TrimPrefix(why, ", ")))
	}
	_ = t.Flush() // as say
}
