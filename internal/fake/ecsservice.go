package fake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Service is a service as far as its tasks go.
type Service struct {
	Cluster    string
	Name       string
	Definition TaskDefinition
	Desired    int
	Deployment string // the ID of its deployment, "ecs-svc/…"; empty: one is made up
	Network    *NetworkConfiguration
	Strategy   []StrategyItem
	LaunchType string
	// LoadBalancers are what load balancers reach of each of its tasks.
	LoadBalancers []LoadBalancer
	// Refused is why ECS would not have registered its definition; empty: it would. None of its tasks is started.
	Refused string
}

// LoadBalancer is a port of a container in a target group.
type LoadBalancer struct {
	TargetGroupARN string `json:"targetGroupArn"`
	ContainerName  string `json:"containerName"`
	ContainerPort  int    `json:"containerPort"`
}

type service struct {
	Service
	events  []ServiceEvent // newest first
	failed  int            // starts in a row that did not reach RUNNING
	retryAt time.Time      // no start before
	steady  bool
	leaving bool // deleted: it goes when its tasks have gone
}

// ServiceEvent is one line of a service's events.
type ServiceEvent struct {
	ID        string `json:"id"`
	CreatedAt stamp  `json:"createdAt"`
	Message   string `json:"message"`
}

// serviceEvents is how many events of a service DescribeServices shows.
const serviceEvents = 100

// PutService creates a service or changes it. Another definition or deployment replaces its tasks, the new ones first.
func (e *ECS) PutService(s Service) {
	defer e.enter()()
	key := serviceKey(s.Cluster, s.Name)
	known, ok := e.services[key]
	if !ok {
		known = &service{}
		e.services[key] = known
	}
	if s.Deployment == "" && known.Definition.TaskDefinitionArn == s.Definition.TaskDefinitionArn {
		s.Deployment = known.Deployment
	}
	if s.Deployment == "" {
		e.serial++
		s.Deployment = fmt.Sprintf("ecs-svc/%019d", e.serial)
	}
	known.steady = known.steady && known.Desired == s.Desired && known.Deployment == s.Deployment
	known.Service, known.leaving = s, false
}

// RemoveService scales a service to zero and forgets it when its tasks have stopped.
func (e *ECS) RemoveService(cluster, name string) {
	defer e.enter()()
	if s, ok := e.services[serviceKey(cluster, name)]; ok {
		s.Desired, s.leaving = 0, true
	}
}

func serviceKey(cluster, name string) string { return clusterName(cluster) + "/" + clusterName(name) }

// ServiceState is what DescribeServices says of a service, in tasks.
type ServiceState struct {
	Service
	Running int
	Pending int
	// RunningOf and PendingOf are the same for each deployment, by its ID.
	RunningOf map[string]int
	PendingOf map[string]int
	Events    []ServiceEvent
}

// Service returns the state of a service, and whether there is one.
func (e *ECS) Service(cluster, name string) (ServiceState, bool) {
	defer e.enter()()
	s, ok := e.services[serviceKey(cluster, name)]
	if !ok {
		return ServiceState{}, false
	}
	out := ServiceState{Service: s.Service, Events: slices.Clone(s.events), RunningOf: map[string]int{}, PendingOf: map[string]int{}}
	for _, t := range e.tasksOf(s) {
		switch {
		case t.LastStatus == "RUNNING" || t.LastStatus == "DEACTIVATING":
			out.Running++
			out.RunningOf[t.StartedBy]++
		case slices.Contains([]string{"PROVISIONING", "PENDING", "ACTIVATING"}, t.LastStatus):
			out.Pending++
			out.PendingOf[t.StartedBy]++
		}
	}
	return out, true
}

// tasksOf are the tasks of a service that have not stopped, oldest first.
func (e *ECS) tasksOf(s *service) []*Task {
	var out []*Task
	for _, t := range e.live {
		if t.Group == "service:"+s.Name && t.cluster() == clusterName(s.Cluster) && t.LastStatus != "STOPPED" {
			out = append(out, t)
		}
	}
	return out
}

// converge starts and stops tasks until each service has what it wants. The caller holds the lock.
func (e *ECS) converge() {
	keys := make([]string, 0, len(e.services))
	for key := range e.services {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		s := e.services[key]
		e.convergeOne(s)
		if s.leaving && len(e.tasksOf(s)) == 0 {
			delete(e.services, key)
		}
	}
}

func (e *ECS) convergeOne(s *service) {
	wanted, old, running := e.sort(s)
	e.stopFirst(wanted, len(wanted)-s.Desired, s)
	if running >= s.Desired {
		e.stopFirst(old, len(old), s)
	}
	for n := len(wanted); n < s.Desired && e.startFor(s); n++ {
		s.note(e, "has started 1 tasks.")
	}
	if running == s.Desired && len(wanted)+len(old) == s.Desired && !s.steady {
		s.steady = true
		s.note(e, "has reached a steady state.")
		e.act(s, serviceAction{EventType: "INFO", EventName: "SERVICE_STEADY_STATE"})
	}
}

// sort tells the tasks of a service that nobody asked to stop: those of its deployment, how many of them run, and those
// of older deployments.
func (e *ECS) sort(s *service) (wanted, old []*Task, running int) {
	for _, t := range e.tasksOf(s) {
		switch {
		case t.DesiredStatus == "STOPPED":
		case t.StartedBy != s.Deployment:
			old = append(old, t)
		default:
			wanted = append(wanted, t)
			running += progress(t)
		}
	}
	return wanted, old, running
}

// stopFirst asks up to n of the tasks to stop: unprotected ones only, the newest first unless told otherwise.
func (e *ECS) stopFirst(tasks []*Task, n int, s *service) {
	order := slices.Clone(tasks)
	if !e.OldestFirst {
		slices.Reverse(order)
	}
	slices.SortStableFunc(order, func(a, b *Task) int { return cmp.Compare(progress(a), progress(b)) })
	for _, t := range order {
		if n <= 0 {
			return
		}
		if t.protected(e.Now()) {
			continue
		}
		n--
		s.note(e, "has stopped 1 running tasks: (task "+t.ID()+").")
		e.ask(t, "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment "+t.StartedBy+")")
	}
}

// progress is 1 for a task that runs, else 0.
func progress(t *Task) int {
	if t.LastStatus == "RUNNING" {
		return 1
	}
	return 0
}

// startFor starts one task of a service, unless it has to wait after failures.
func (e *ECS) startFor(s *service) bool {
	if e.Now().Before(s.retryAt) {
		return false
	}
	if s.Refused != "" {
		s.retryAt = e.Now().Add(placementRetry)
		s.note(e, "was unable to place a task. Reason: "+s.Refused+".")
		return false
	}
	in := RunTaskInput{
		Cluster: s.Cluster, Count: 1, Group: "service:" + s.Name, StartedBy: s.Deployment,
		NetworkConfiguration: s.Network, CapacityProviderStrategy: s.Strategy, LaunchType: s.LaunchType,
	}
	if gone := e.capacityGone(in); gone != nil {
		s.retryAt = e.Now().Add(placementRetry)
		s.note(e, "was unable to place a task. Reason: "+gone[0].Reason+".")
		a := serviceAction{EventType: "ERROR", EventName: "SERVICE_TASK_PLACEMENT_FAILURE", Reason: "RESOURCE:FARGATE"}
		for _, item := range s.Strategy {
			a.ProviderArns = append(a.ProviderArns, e.arn("capacity-provider/"+item.CapacityProvider))
		}
		e.act(s, a)
		return false
	}
	e.create(in, s.Definition)
	return true
}

// How long a service waits before it starts a task again: after a failed placement; and after starts that did not
// reach RUNNING, twice as long each time.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
const (
	placementRetry = 15 * time.Second
	startRetry     = 5 * time.Second
	maxStartRetry  = 15 * time.Minute
	impairedAfter  = 3
)

func (e *ECS) serviceOf(t *Task) (*service, bool) {
	name, of := strings.CutPrefix(t.Group, "service:")
	s, ok := e.services[serviceKey(t.ClusterArn, name)]
	return s, of && ok
}

// startedWell ends the waiting of the task's service.
func (e *ECS) startedWell(t *Task) {
	if s, ok := e.serviceOf(t); ok {
		s.failed, s.retryAt = 0, time.Time{}
	}
}

// endedBadly makes the task's service wait if the task never ran and nobody asked it to stop.
func (e *ECS) endedBadly(t *Task) {
	s, ok := e.serviceOf(t)
	if !ok {
		return
	}
	s.steady = s.steady && t.StopCode == "ServiceSchedulerInitiated"
	if t.StartedAt != nil || t.StopCode != "TaskFailedToStart" {
		return
	}
	s.failed++
	s.retryAt = e.Now().Add(min(startRetry<<min(s.failed-1, 10), maxStartRetry))
	if s.failed == impairedAfter {
		s.note(e, "is unable to consistently start tasks successfully.")
		e.act(s, serviceAction{EventType: "WARN", EventName: "SERVICE_TASK_START_IMPAIRED"})
	}
}

func (s *service) note(e *ECS, what string) {
	e.serial++
	s.events = slices.Insert(s.events, 0, ServiceEvent{
		ID: identifier(s.Cluster, s.Name, fmt.Sprint(e.serial)), CreatedAt: stamp{e.Now()}, Message: "(service " + s.Name + ") " + what,
	})
	if len(s.events) > serviceEvents {
		s.events = s.events[:serviceEvents]
	}
}
