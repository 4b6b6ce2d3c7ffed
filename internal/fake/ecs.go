package fake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// quotaBurst is how many RunTask calls the quota lets through at once, and per second.
// https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
const quotaBurst = 20

// ECS is the task side of Amazon ECS: one state machine, which local/fargate serves over HTTP and tests call directly.
// Set the exported fields before the first call. It may be used by several goroutines at once.
type ECS struct {
	Region  string
	Account string
	Now     func() time.Time
	// Definition resolves what RunTask names, or returns an *ECSError.
	Definition func(name string) (TaskDefinition, error)
	// Providers are the capacity providers of every cluster.
	Providers []string
	// Clusters are the names of the clusters there are; empty: any.
	Clusters []string
	// Changed is called, with a copy, after each change of a task, in order.
	Changed func(Task)
	// Quota makes RunTask refuse more than 20 calls a second.
	Quota bool
	// Fault, when set, is called before each call with the operation; what it returns replaces the answer. With
	// afterwards, the call has its effect and only its answer is lost.
	Fault func(operation string) *Fault

	mu     sync.Mutex // protects following fields
	tasks  map[string]*Task
	tokens map[string]*answer
	serial int
	bucket float64
	filled time.Time
}

// Fault is what goes wrong with a call.
type Fault struct {
	Error      *ECSError // refuse with this
	Failures   []Failure // RunTask answers with these and no task
	Afterwards bool      // the effect takes place, the answer is lost
}

// ECSError is a refusal with the name of its exception.
type ECSError struct {
	Code        string   `json:"__type"`
	Message     string   `json:"message"`
	ResourceIDs []string `json:"resourceIds,omitempty"`
	Status      int      `json:"-"`
}

// Error is the exception and its message.
func (e *ECSError) Error() string { return e.Code + ": " + e.Message }

func refuse(code, format string, args ...any) *ECSError {
	return &ECSError{Code: code, Message: fmt.Sprintf(format, args...), Status: 400}
}

// answer is what ECS keeps for a client token.
type answer struct {
	request string
	arns    []string
	fails   []Failure
	at      time.Time
}

// init makes the zero value ready. The caller holds the lock.
func (e *ECS) init() {
	if e.tasks == nil {
		e.tasks, e.tokens = map[string]*Task{}, map[string]*answer{}
		e.bucket, e.filled = quotaBurst, e.Now()
	}
}

// RunTask starts tasks, or refuses as ECS does.
func (e *ECS) RunTask(in RunTaskInput) (*RunTaskOutput, error) {
	fault := e.faulty("RunTask")
	if fault != nil && fault.Error != nil && !fault.Afterwards {
		return nil, fault.Error
	}
	e.mu.Lock()
	out, changed, err := e.runTask(in, fault)
	e.mu.Unlock()
	e.tell(changed...)
	if fault != nil && fault.Afterwards {
		return nil, fault.Error
	}
	return out, err
}

func (e *ECS) faulty(operation string) *Fault {
	if e.Fault == nil {
		return nil
	}
	return e.Fault(operation)
}

// tell reports changes to whoever listens. The lock is not held.
func (e *ECS) tell(changed ...Task) {
	if e.Changed == nil {
		return
	}
	for _, t := range changed {
		e.Changed(t)
	}
}

func (e *ECS) runTask(in RunTaskInput, fault *Fault) (*RunTaskOutput, []Task, error) {
	e.init()
	if e.Quota && !e.take() {
		return nil, nil, refuse("ThrottlingException", "Rate exceeded")
	}
	definition, err := e.validate(in)
	if err != nil {
		return nil, nil, err
	}
	request, err := json.Marshal(in)
	if err != nil {
		return nil, nil, refuse("InvalidParameterException", "%v", err)
	}
	key := clusterName(in.Cluster) + "/" + in.ClientToken
	if known, ok := e.tokens[key]; ok && in.ClientToken != "" && e.remembers(known) {
		if known.request != string(request) {
			return nil, nil, &ECSError{Code: "ConflictException", Message: "The provided clientToken is already in use with a different RunTask request.", ResourceIDs: known.arns, Status: 400}
		}
		return e.replay(known), nil, nil
	}
	kept := &answer{request: string(request), at: e.Now()}
	e.tokens[key] = kept
	if fault != nil && len(fault.Failures) > 0 {
		kept.fails = fault.Failures
		return &RunTaskOutput{Tasks: []Task{}, Failures: kept.fails}, nil, nil
	}
	out := &RunTaskOutput{Failures: []Failure{}}
	for range max(in.Count, 1) {
		t := e.create(in, definition)
		kept.arns = append(kept.arns, t.TaskArn)
		out.Tasks = append(out.Tasks, t.copy())
	}
	return out, slices.Clone(out.Tasks), nil
}

// take takes one call from the quota.
func (e *ECS) take() bool {
	now := e.Now()
	e.bucket = min(quotaBurst, e.bucket+now.Sub(e.filled).Seconds()*quotaBurst)
	e.filled = now
	if e.bucket < 1 {
		return false
	}
	e.bucket--
	return true
}

// remembers reports whether ECS still keeps a token: for 24 hours, or an hour after the last task stopped.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
func (e *ECS) remembers(a *answer) bool {
	end := a.at.Add(24 * time.Hour)
	last := a.at
	for _, arn := range a.arns {
		t, ok := e.tasks[arn]
		if !ok {
			continue
		}
		if t.StoppedAt == nil {
			return e.Now().Before(end)
		}
		if t.StoppedAt.After(last) {
			last = t.StoppedAt.Time
		}
	}
	return e.Now().Before(end) && e.Now().Before(last.Add(time.Hour))
}

// replay is the stored answer; of tasks that have stopped only the ARN and the status are left.
func (e *ECS) replay(a *answer) *RunTaskOutput {
	out := &RunTaskOutput{Tasks: []Task{}, Failures: append([]Failure{}, a.fails...)}
	for _, arn := range a.arns {
		t, ok := e.tasks[arn]
		switch {
		case !ok:
			out.Tasks = append(out.Tasks, Task{TaskArn: arn, LastStatus: "STOPPED", DesiredStatus: "STOPPED"})
		case t.LastStatus == "STOPPED":
			out.Tasks = append(out.Tasks, Task{TaskArn: arn, LastStatus: "STOPPED", DesiredStatus: "STOPPED"})
		default:
			out.Tasks = append(out.Tasks, t.copy())
		}
	}
	return out
}

// create adds a task in PROVISIONING.
func (e *ECS) create(in RunTaskInput, d TaskDefinition) *Task {
	e.serial++
	now := stamp{e.Now()}
	cluster := clusterName(in.Cluster)
	id := fmt.Sprintf("%016x%016x", now.UnixNano(), e.serial)
	t := &Task{
		TaskArn:    e.arn("task/" + cluster + "/" + id),
		ClusterArn: e.arn("cluster/" + cluster), TaskDefinitionArn: d.TaskDefinitionArn,
		Group: in.Group, StartedBy: in.StartedBy, LaunchType: launchTypeOf(in),
		LastStatus: "PROVISIONING", DesiredStatus: "RUNNING", Version: 1, CreatedAt: &now, UpdatedAt: &now,
		CPU: first(in.Overrides.CPU, d.CPU), Memory: first(in.Overrides.Memory, d.Memory),
		AvailabilityZone: e.Region + "a", Connectivity: "CONNECTED", Overrides: in.Overrides, Attachments: []any{}, Tags: []any{},
		definition: d,
	}
	if t.Group == "" {
		t.Group = "family:" + d.Family
	}
	if len(in.CapacityProviderStrategy) > 0 {
		t.CapacityProviderName = in.CapacityProviderStrategy[0].CapacityProvider
	}
	if t.LaunchType == "FARGATE" {
		t.PlatformVersion, t.PlatformFamily = "1.4.0", "Linux"
	}
	for i, c := range d.ContainerDefinitions {
		t.Containers = append(t.Containers, Container{
			ContainerArn: e.arn(fmt.Sprintf("container/%s/%s/%d", cluster, id, i)), TaskArn: t.TaskArn,
			Name: c.Name, Image: c.Image, LastStatus: "PENDING", NetworkInterfaces: []any{},
		})
	}
	e.tasks[t.TaskArn] = t
	return t
}

func (e *ECS) arn(resource string) string {
	return "arn:aws:ecs:" + e.Region + ":" + e.Account + ":" + resource
}

func launchTypeOf(in RunTaskInput) string {
	if len(in.CapacityProviderStrategy) > 0 {
		if strings.HasPrefix(in.CapacityProviderStrategy[0].CapacityProvider, "FARGATE") {
			return "FARGATE"
		}
		return "EC2"
	}
	return first(in.LaunchType, "EC2")
}

func clusterName(cluster string) string {
	if cluster == "" {
		return "default"
	}
	return cluster[strings.LastIndex(cluster, "/")+1:]
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// Move brings a task to a status on its way up: PENDING, ACTIVATING or RUNNING. A task that was asked to stop stays.
func (e *ECS) Move(arn, status string) (Task, bool) {
	e.mu.Lock()
	t, ok := e.tasks[arn]
	if !ok || t.DesiredStatus == "STOPPED" {
		e.mu.Unlock()
		return Task{}, false
	}
	now := e.touch(t)
	t.LastStatus = status
	for i := range t.Containers {
		t.Containers[i].LastStatus = status
	}
	if status == "RUNNING" {
		t.StartedAt = &now
	}
	c := t.copy()
	e.mu.Unlock()
	e.tell(c)
	return c, true
}

func (e *ECS) touch(t *Task) stamp {
	now := stamp{e.Now()}
	t.Version++
	t.UpdatedAt = &now
	return now
}

// Ended is how the containers of a task ended: an exit code by name, or a reason for one that never ran.
type Ended struct {
	StopCode string
	Reason   string
	Exits    map[string]int
	Reasons  map[string]string
}

// End brings a task down to STOPPED, through the states that ECS reports on the way. A reason that was given when the
// task was asked to stop is kept.
func (e *ECS) End(arn string, how Ended) {
	var changed []Task
	e.mu.Lock()
	if t, ok := e.tasks[arn]; ok && t.LastStatus != "STOPPED" {
		if t.DesiredStatus != "STOPPED" {
			e.ask(t, how.StopCode, how.Reason)
		}
		for _, status := range []string{"DEPROVISIONING", "STOPPED"} {
			now := e.touch(t)
			t.LastStatus = status
			finish(t, how)
			if status == "STOPPED" {
				t.StoppedAt, t.ExecutionStoppedAt = &now, &now
			}
			changed = append(changed, t.copy())
		}
	}
	e.mu.Unlock()
	e.tell(changed...)
}

func finish(t *Task, how Ended) {
	for i := range t.Containers {
		c := &t.Containers[i]
		c.LastStatus = "STOPPED"
		if code, ok := how.Exits[c.Name]; ok {
			c.ExitCode = &code
		}
		c.Reason = how.Reasons[c.Name]
	}
}

func (e *ECS) ask(t *Task, code, reason string) {
	now := e.touch(t)
	t.DesiredStatus, t.StopCode, t.StoppedReason, t.StoppingAt = "STOPPED", code, reason, &now
}

// StopTask asks a task to stop. It returns whether the task is known.
func (e *ECS) StopTask(arn, code, reason string) (Task, error) {
	if f := e.faulty("StopTask"); f != nil && f.Error != nil {
		return Task{}, f.Error
	}
	e.mu.Lock()
	t, ok := e.find(arn)
	if !ok {
		e.mu.Unlock()
		return Task{}, refuse("InvalidParameterException", "The referenced task was not found.")
	}
	asked := t.DesiredStatus != "STOPPED"
	if asked {
		e.ask(t, code, reason)
	}
	c := t.copy()
	e.mu.Unlock()
	if asked {
		e.tell(c)
	}
	return c, nil
}

// find finds a task by ARN or ID. The caller holds the lock.
func (e *ECS) find(name string) (*Task, bool) {
	e.init()
	if t, ok := e.tasks[name]; ok {
		return t, true
	}
	for arn, t := range e.tasks {
		if strings.HasSuffix(arn, "/"+name) {
			return t, true
		}
	}
	return nil, false
}

// known is how long ECS describes a stopped task.
const known = time.Hour

// DescribeTasks returns the tasks that ECS knows; the others are MISSING.
func (e *ECS) DescribeTasks(names []string) (*RunTaskOutput, error) {
	if f := e.faulty("DescribeTasks"); f != nil && f.Error != nil {
		return nil, f.Error
	}
	if len(names) > 100 {
		return nil, refuse("InvalidParameterException", "Tasks cannot have more than 100 elements.")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	out := &RunTaskOutput{Tasks: []Task{}, Failures: []Failure{}}
	for _, name := range names {
		t, ok := e.find(name)
		if !ok || t.StoppedAt != nil && e.Now().Sub(t.StoppedAt.Time) > known {
			out.Failures = append(out.Failures, Failure{Arn: &name, Reason: "MISSING"})
			continue
		}
		out.Tasks = append(out.Tasks, t.copy())
	}
	return out, nil
}

// Filter selects tasks for ListTasks. Empty fields select all; DesiredStatus defaults to RUNNING.
type Filter struct {
	Cluster       string `json:"cluster"`
	StartedBy     string `json:"startedBy"`
	ServiceName   string `json:"serviceName"`
	Family        string `json:"family"`
	DesiredStatus string `json:"desiredStatus"`
}

// ListTasks returns the tasks that a filter selects, oldest first.
func (e *ECS) ListTasks(f Filter) ([]Task, error) {
	if fault := e.faulty("ListTasks"); fault != nil && fault.Error != nil {
		return nil, fault.Error
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.init()
	out := []Task{}
	for _, t := range e.tasks {
		if f.matches(e, t) && !(t.StoppedAt != nil && e.Now().Sub(t.StoppedAt.Time) > known) {
			out = append(out, t.copy())
		}
	}
	slices.SortFunc(out, func(a, b Task) int { return strings.Compare(a.TaskArn, b.TaskArn) })
	return out, nil
}

func (f Filter) matches(e *ECS, t *Task) bool {
	return t.ClusterArn == e.arn("cluster/"+clusterName(f.Cluster)) &&
		t.DesiredStatus == first(f.DesiredStatus, "RUNNING") &&
		(f.StartedBy == "" || t.StartedBy == f.StartedBy) &&
		(f.ServiceName == "" || t.Group == "service:"+clusterName(f.ServiceName)) &&
		(f.Family == "" || t.definition.Family == f.Family)
}

// All returns every task, oldest first.
func (e *ECS) All() []Task {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []Task
	for _, t := range e.tasks {
		out = append(out, t.copy())
	}
	slices.SortFunc(out, func(a, b Task) int { return strings.Compare(a.TaskArn, b.TaskArn) })
	return out
}
