package launch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/internal/run"
)

// MaxOverrides is how many characters RunTask accepts as overrides, in JSON with its formatting.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
const MaxOverrides = 8192

// Decide is the whole launch decision for a run's next launch: what is started, where, how large and with which
// variables. It returns an error that no retry can help (run.Never) when the job cannot be launched as it is.
func Decide(stack string, j run.Job, r run.Run, d run.Definition) (run.Decision, error) {
	if len(j.Task.Capacity) == 0 {
		return run.Decision{}, run.Never("no-capacity", fmt.Errorf("decide the launch of job %s: it names no capacity", j.Name))
	}
	container := j.Task.Container
	if container == "" {
		container = d.Main()
	}
	if container == "" {
		return run.Decision{}, run.Never("container-unclear", fmt.Errorf(
			"decide the launch of job %s: %s has several containers; name the one that matters as task.container", j.Name, d.ARN))
	}
	step := r.CapacityStep % len(j.Task.Capacity)
	variables := Variables(stack, r)
	out := run.Decision{
		Cluster: j.Task.Cluster, Definition: d.ARN, Container: container,
		Step: step, Capacity: j.Task.Capacity[step],
		Subnets: j.Task.Subnets, SecurityGroups: j.Task.SecurityGroups, PublicIP: j.Task.PublicIP,
		Command: expandAll(j.Task.Command, variables), Environment: environment(j, r, variables),
		Timeout: j.Timeout,
	}
	size(&out, j.Resources, r.Input.Object)
	if n := overridesLength(out); n > MaxOverrides {
		return run.Decision{}, run.Never("overrides-too-long", fmt.Errorf(
			"decide the launch of run %s: its command and environment need %d characters, and ECS takes %d", r.ID, n, MaxOverrides))
	}
	return out, nil
}

// NextStep is the step of the capacity order after the one that was just tried, and whether that was the last one.
func NextStep(j run.Job, tried int) (step int, wrapped bool) {
	if n := len(j.Task.Capacity); n > 0 && tried+1 < n {
		return tried + 1, false
	}
	return 0, true
}

// Request is the RunTask request of a claimed run, built from its record alone.
func Request(stack string, r run.Run) run.TaskRequest {
	return run.TaskRequest{
		Token:       run.Token(stack, r),
		StartedBy:   run.StartedBy(stack, r.ID, r.Attempt),
		Decision:    *r.Decision,
		Environment: r.Decision.Environment,
	}
}

// Variables are the variables that every container of Slipway gets, by name.
func Variables(stack string, r run.Run) map[string]string {
	v := map[string]string{
		"SLIPWAY_STACK":   stack,
		"SLIPWAY_JOB":     r.Job,
		"SLIPWAY_RUN_ID":  string(r.ID),
		"SLIPWAY_ATTEMPT": strconv.Itoa(r.Attempt),
	}
	if o := r.Input.Object; o != nil {
		v["S3_BUCKET"], v["S3_KEY"], v["S3_VERSION_ID"] = o.Bucket, o.Key, o.VersionID
		v["S3_ETAG"], v["S3_SIZE"], v["S3_SEQUENCER"] = o.ETag, strconv.FormatInt(o.Size, 10), o.Sequencer
	}
	if at := r.Input.ScheduledTime; at != nil {
		v["SLIPWAY_SCHEDULED_TIME"], v["SLIPWAY_INTERVAL_END"] = stamp(*at), stamp(*at)
	}
	if from := r.Input.IntervalStart; from != nil {
		v["SLIPWAY_INTERVAL_START"] = stamp(*from)
	}
	return v
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// environment is the job's variables, then those given by hand, then Slipway's own, which nothing can replace;
// sorted by name, so that the same run always gives the same request.
func environment(j run.Job, r run.Run, own map[string]string) []run.EnvVar {
	all := map[string]string{}
	for name, value := range j.Task.Environment {
		all[name] = expand(value, own)
	}
	for _, v := range r.Input.Environment {
		all[v.Name] = v.Value
	}
	maps.Copy(all, own)
	out := make([]run.EnvVar, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, run.EnvVar{Name: name, Value: all[name]})
	}
	return out
}

// expand fills in $(NAME). A name that is not one of Slipway's variables stays as it is.
func expand(text string, variables map[string]string) string {
	if !strings.Contains(text, "$(") {
		return text
	}
	var b strings.Builder
	for {
		start := strings.Index(text, "$(")
		end := strings.IndexByte(text[max(start, 0):], ')')
		if start < 0 || end < 0 {
			b.WriteString(text)
			return b.String()
		}
		end += start
		b.WriteString(text[:start])
		if value, ok := variables[text[start+2:end]]; ok {
			b.WriteString(value)
		} else {
			b.WriteString(text[start : end+1])
		}
		text = text[end+1:]
	}
}

func expandAll(texts []string, variables map[string]string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, expand(t, variables))
	}
	return out
}

// size applies the rule with the highest threshold that the object exceeds.
func size(d *run.Decision, rules []run.Resources, o *run.Object) {
	if o == nil {
		return
	}
	best := int64(-1)
	for _, rule := range rules {
		if o.Size > rule.Over && rule.Over > best {
			best = rule.Over
			d.CPU, d.Memory, d.EphemeralStorage = rule.CPU, rule.Memory, rule.EphemeralStorage
		}
	}
}

// overrides mirrors the JSON of RunTask's overrides, which is what ECS counts.
type overrides struct {
	CPU                string              `json:"cpu,omitempty"`
	Memory             string              `json:"memory,omitempty"`
	EphemeralStorage   map[string]int      `json:"ephemeralStorage,omitempty"`
	ContainerOverrides []containerOverride `json:"containerOverrides"`
}

type containerOverride struct {
	Name        string       `json:"name"`
	Command     []string     `json:"command,omitempty"`
	Environment []run.EnvVar `json:"environment,omitempty"`
}

// overridesLength counts characters as ECS does: the JSON, without the escapes that encoding/json adds for HTML.
func overridesLength(d run.Decision) int {
	o := overrides{ContainerOverrides: []containerOverride{{d.Container, d.Command, d.Environment}}}
	if d.CPU > 0 {
		o.CPU, o.Memory = strconv.Itoa(d.CPU), strconv.Itoa(d.Memory)
	}
	if d.EphemeralStorage > 0 {
		o.EphemeralStorage = map[string]int{"sizeInGiB": d.EphemeralStorage}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		return MaxOverrides + 1 // plain data always encodes; if not, it is refused
	}
	return b.Len()
}
