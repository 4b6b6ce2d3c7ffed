package fake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// ECS is the task side of Amazon ECS: one state machine, which local/fargate serves over HTTP and tests call directly.
// Set the exported fields before the first call. It may be used by several goroutines at once.
//
// Without a Runner, tasks move only by Move and End. With one, they live by themselves at the given Pace, as often as
// Advance is called.
type ECS struct {
	Region  string
	Account string
	Now     func() time.Time
	// Definition resolves what RunTask names, or returns an *ECSError.
	Definition func(name string) (TaskDefinition, error)
	// Cluster returns the capacity providers of a cluster, or an *ECSError. Nil: as Clusters and Providers say.
	Cluster func(name string) ([]string, error)
	// Providers are the capacity providers of every cluster.
	Providers []string
	// Clusters are the names of the clusters there are; empty: any.
	Clusters []string
	// Zones are the availability zones of subnets. One that is not among them has a zone by its name.
	Zones map[string]string
	// Runner runs what is in a task.
	Runner Runner
	// Pace is how long tasks take from state to state when there is a Runner.
	Pace Pace
	// Changed is called, with a copy, after each change of a task, in order.
	Changed func(Task)
	// Emit is called with each event that ECS would send to EventBridge, in order but for injected faults.
	Emit func(Event)
	// Quota makes RunTask refuse more than QuotaRate calls a second.
	Quota bool
	// QuotaRate is how many RunTask calls a second, and at once, the quota lets through. Zero: 20, as for a new account.
	QuotaRate float64
	// OldestFirst makes services scale in their oldest tasks first. ECS promises no order; the newest first is usual.
	OldestFirst bool
	// Fault, when set, is called before each call with the operation; what it returns replaces the answer. With
	// afterwards, the call has its effect and only its answer is lost.
	Fault func(operation string) *Fault

	mu         sync.Mutex // protects following fields
	tasks      map[string]*Task
	live       []*Task // not STOPPED, oldest first
	tokens     map[string]*answer
	services   map[string]*service
	timers     []timer
	injections []*Injection
	queue      []func() // what to call once the lock is free, in order
	draining   bool     // somebody works on the queue
	heldBack   *Event   // an event that the next one overtakes
	serial     int
	bucket     float64
	filled     time.Time
}

// quotaRate is the default quota of RunTask in calls a second.
// https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
const quotaRate = 20

// ECSError is a refusal with the name of its exception. A Status of zero stands for an answer that never came.
type ECSError struct {
	Code        string   `json:"__type"`
	Message     string   `json:"message"`
	ResourceIDs []string `json:"resourceIds,omitempty"`
	Status      int      `json:"-"`
	Body        string   `json:"-"` // what is answered instead of all this, as by a proxy; empty: an exception of ECS
}

// Error is the exception and its message.
func (e *ECSError) Error() string { return e.Code + ": " + e.Message }

func refuse(code, format string, args ...any) *ECSError {
	return &ECSError{Code: code, Message: fmt.Sprintf(format, args...), Status: 400}
}

// enter takes the lock. What it returns gives the lock back, and then calls what the change has queued: callbacks and
// the runner. One caller at a time works on the queue, so that the order of changes is the order of calls, and a
// callback may call again.
func (e *ECS) enter() (leave func()) {
	e.mu.Lock()
	if e.tasks == nil {
		e.tasks, e.tokens, e.services = map[string]*Task{}, map[string]*answer{}, map[string]*service{}
		e.bucket, e.filled = e.rate(), e.Now()
	}
	return e.leave
}

func (e *ECS) leave() {
	for !e.draining && len(e.queue) > 0 {
		work := e.queue
		e.queue, e.draining = nil, true
		e.mu.Unlock()
		for _, call := range work {
			call()
		}
		e.mu.Lock()
		e.draining = false
	}
	e.mu.Unlock()
}

// RunTask starts tasks, or refuses as ECS does.
func (e *ECS) RunTask(in RunTaskInput) (*RunTaskOutput, error) {
	fault := e.Faulty("RunTask")
	if fault.Error != nil && !fault.Afterwards {
		return nil, fault.Error
	}
	out, err := e.runTask(in, fault.Failures)
	switch {
	case fault.Afterwards && fault.Error != nil:
		return nil, fault.Error
	case fault.Empty:
		return &RunTaskOutput{}, nil
	}
	return out, err
}

func (e *ECS) runTask(in RunTaskInput, failures []Failure) (*RunTaskOutput, error) {
	request, err := json.Marshal(in)
	if err != nil {
		return nil, refuse("InvalidParameterException", "%v", err)
	}
	if out, err := e.before(in, string(request)); out != nil || err != nil {
		return out, err
	}
	definition, err := e.validate(in)
	if err != nil {
		return nil, err
	}
	defer e.enter()()
	if out, err := e.stored(in, string(request)); out != nil || err != nil {
		return out, err
	}
	kept := &answer{request: string(request), at: e.Now(), fails: failures}
	if len(kept.fails) == 0 {
		kept.fails = e.capacityGone(in)
	}
	out := &RunTaskOutput{Tasks: []Task{}, Failures: append([]Failure{}, kept.fails...)}
	for range max(in.Count, 1) {
		if len(kept.fails) > 0 {
			break
		}
		t := e.create(in, definition)
		kept.arns = append(kept.arns, t.TaskArn)
		out.Tasks = append(out.Tasks, t.copy())
	}
	if in.ClientToken != "" {
		e.tokens[tokenKey(in)] = kept
	}
	return out, nil
}

// before is what ECS looks at before the parameters: the quota, and a token that it knows.
func (e *ECS) before(in RunTaskInput, request string) (*RunTaskOutput, error) {
	defer e.enter()()
	if e.Quota && !e.take() {
		return nil, refuse("ThrottlingException", "Rate exceeded")
	}
	return e.stored(in, request)
}

func (e *ECS) rate() float64 {
	if e.QuotaRate > 0 {
		return e.QuotaRate
	}
	return quotaRate
}

// take takes one call from the quota.
func (e *ECS) take() bool {
	now := e.Now()
	e.bucket = min(e.rate(), e.bucket+now.Sub(e.filled).Seconds()*e.rate())
	e.filled = now
	if e.bucket < 1 {
		return false
	}
	e.bucket--
	return true
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
		Group: first(in.Group, "family:"+d.Family), StartedBy: in.StartedBy, LaunchType: launchTypeOf(in),
		LastStatus: "PROVISIONING", DesiredStatus: "RUNNING", Version: 1, CreatedAt: &now, UpdatedAt: &now,
		CPU: first(in.Overrides.CPU, d.CPU), Memory: first(in.Overrides.Memory, d.Memory),
		AvailabilityZone: e.zone(in), Overrides: in.Overrides.of(d), Attachments: []Attachment{},
		Attributes: []Variable{{Name: "ecs.cpu-architecture", Value: first(d.RuntimePlatform.CPUArchitecture, "x86_64")}},
		Tags:       in.tags(d), EnableExecuteCommand: in.EnableExecuteCommand, definition: d,
	}
	if len(in.CapacityProviderStrategy) > 0 {
		t.CapacityProviderName = in.CapacityProviderStrategy[0].CapacityProvider
	}
	if t.LaunchType == "FARGATE" {
		t.PlatformVersion, t.PlatformFamily = in.platform(), "Linux"
		t.EphemeralStorage = &EphemeralStorage{SizeInGiB: 20}
	}
	if s := in.Overrides.EphemeralStorage; s != nil {
		t.EphemeralStorage = s
	}
	for i, c := range d.ContainerDefinitions {
		t.Containers = append(t.Containers, Container{
			ContainerArn: e.arn(fmt.Sprintf("container/%s/%s/%d", cluster, id, i)), TaskArn: t.TaskArn,
			Name: c.Name, Image: c.Image, LastStatus: "PENDING", NetworkInterfaces: []NetworkInterface{}, CPU: "0",
		})
	}
	if in.NetworkConfiguration != nil {
		t.attach(in.NetworkConfiguration.Awsvpc.Subnets, e.serial)
	}
	e.tasks[t.TaskArn] = t
	e.live = append(e.live, t)
	e.provision(t)
	e.changed(t)
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

// clusterName is the last part of a name or an ARN.
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

// CodeOf is the name of the exception that an error is, or "".
func CodeOf(err error) string {
	var e *ECSError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
