package fake

import (
	"slices"
	"strings"
	"time"
)

// known is how long ECS describes a stopped task.
const known = time.Hour

// describeAtOnce is how many tasks DescribeTasks takes.
const describeAtOnce = 100

// find finds a task by ARN or ID. The caller holds the lock.
func (e *ECS) find(name string) (*Task, bool) {
	if t, ok := e.tasks[name]; ok {
		return t, true
	}
	if name == "" || strings.Contains(name, "/") {
		return nil, false
	}
	for arn, t := range e.tasks {
		if strings.HasSuffix(arn, "/"+name) {
			return t, true
		}
	}
	return nil, false
}

// visible reports whether ECS shows the task: not one that stopped an hour ago, or that a fault hides.
func (e *ECS) visible(t *Task) bool {
	return (t.StoppedAt == nil || e.Now().Sub(t.StoppedAt.Time) <= known) && !e.hidden(t)
}

// DescribeTasks returns the tasks of any cluster that ECS knows; the others are MISSING.
func (e *ECS) DescribeTasks(names []string) (*RunTaskOutput, error) { return e.describe("", names) }

// describe looks only into one cluster, unless it is empty.
func (e *ECS) describe(cluster string, names []string) (*RunTaskOutput, error) {
	if f := e.Faulty("DescribeTasks"); f.Error != nil {
		return nil, f.Error
	}
	if len(names) == 0 || len(names) > describeAtOnce {
		return nil, refuse("InvalidParameterException", "Tasks must have between 1 and %d elements.", describeAtOnce)
	}
	defer e.enter()()
	out := &RunTaskOutput{Tasks: []Task{}, Failures: []Failure{}}
	for _, name := range names {
		t, ok := e.find(name)
		if !ok || !e.visible(t) || cluster != "" && t.cluster() != clusterName(cluster) {
			out.Failures = append(out.Failures, Failure{Arn: &name, Reason: "MISSING"})
			continue
		}
		out.Tasks = append(out.Tasks, t.copy())
	}
	return out, nil
}

// Filter selects tasks for ListTasks. Empty fields select all; DesiredStatus defaults to RUNNING. StartedBy goes with
// no other filter than the status: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
type Filter struct {
	Cluster       string `json:"cluster"`
	StartedBy     string `json:"startedBy"`
	ServiceName   string `json:"serviceName"`
	Family        string `json:"family"`
	LaunchType    string `json:"launchType"`
	DesiredStatus string `json:"desiredStatus"`
}

// ListTasks returns the tasks that a filter selects, oldest first.
func (e *ECS) ListTasks(f Filter) ([]Task, error) {
	if fault := e.Faulty("ListTasks"); fault.Error != nil {
		return nil, fault.Error
	}
	if f.StartedBy != "" && (f.ServiceName != "" || f.Family != "" || f.LaunchType != "") {
		return nil, refuse("InvalidParameterException", "startedBy must be the only filter.")
	}
	defer e.enter()()
	out := []Task{}
	for _, t := range e.tasks {
		if f.matches(t) && e.visible(t) {
			out = append(out, t.copy())
		}
	}
	oldestFirst(out)
	return out, nil
}

func (f Filter) matches(t *Task) bool {
	return t.cluster() == clusterName(f.Cluster) &&
		t.DesiredStatus == first(f.DesiredStatus, "RUNNING") &&
		(f.StartedBy == "" || t.StartedBy == f.StartedBy) &&
		(f.ServiceName == "" || t.Group == "service:"+clusterName(f.ServiceName)) &&
		(f.Family == "" || t.definition.Family == f.Family) &&
		(f.LaunchType == "" || t.LaunchType == f.LaunchType)
}

// All returns every task there ever was, oldest first.
func (e *ECS) All() []Task {
	defer e.enter()()
	var out []Task
	for _, t := range e.tasks {
		out = append(out, t.copy())
	}
	oldestFirst(out)
	return out
}

// oldestFirst sorts by ARN: it begins with the time, and goes on with a serial number.
func oldestFirst(tasks []Task) {
	slices.SortFunc(tasks, func(a, b Task) int { return strings.Compare(a.ID(), b.ID()) })
}

// Task returns a task by ARN or ID, whether ECS would still show it or not.
func (e *ECS) Task(name string) (Task, bool) {
	defer e.enter()()
	t, ok := e.find(name)
	if !ok {
		return Task{}, false
	}
	return t.copy(), true
}
