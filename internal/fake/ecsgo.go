package fake

import (
	"context"
	"errors"
	"strconv"

	"slipway/internal/run"
)

// Tasks is the Go door of ECS: it answers in the words of package run, as the real adapter does.
type Tasks struct{ ECS *ECS }

// Run starts one task.
func (t Tasks) Run(_ context.Context, req run.TaskRequest) run.Launched {
	out, err := t.ECS.RunTask(input(req))
	if err != nil {
		return run.Launched{Err: apiError("RunTask", err)}
	}
	l := run.Launched{}
	for _, task := range out.Tasks {
		l.Tasks = append(l.Tasks, words(task))
	}
	for _, f := range out.Failures {
		l.Failures = append(l.Failures, failure(f))
	}
	return l
}

func input(req run.TaskRequest) RunTaskInput {
	d := req.Decision
	container := ContainerOverride{Name: d.Container, Command: d.Command}
	for _, v := range req.Environment {
		container.Environment = append(container.Environment, Variable(v))
	}
	in := RunTaskInput{
		Cluster: d.Cluster, TaskDefinition: d.Definition, Count: 1, ClientToken: req.Token, StartedBy: req.StartedBy,
		Overrides:     Overrides{ContainerOverrides: []ContainerOverride{container}},
		PropagateTags: d.PropagateTags, PlatformVersion: d.PlatformVersion,
		EnableECSManagedTags: d.EnableECSManagedTags, EnableExecuteCommand: d.EnableExecuteCommand,
	}
	for _, tag := range req.Tags {
		in.Tags = append(in.Tags, Tag{Key: tag.Name, Value: tag.Value})
	}
	if d.CPU > 0 {
		in.Overrides.CPU, in.Overrides.Memory = strconv.Itoa(d.CPU), strconv.Itoa(d.Memory)
	}
	if d.EphemeralStorage > 0 {
		in.Overrides.EphemeralStorage = &EphemeralStorage{d.EphemeralStorage}
	}
	if d.Capacity == "EC2" || d.Capacity == "EXTERNAL" {
		in.LaunchType = d.Capacity
	} else {
		in.CapacityProviderStrategy = []StrategyItem{{CapacityProvider: d.Capacity, Weight: 1}}
	}
	for _, rule := range d.Placement.Strategy {
		in.PlacementStrategy = append(in.PlacementStrategy, PlacementStrategy{Type: rule.Type, Field: rule.Of})
	}
	for _, rule := range d.Placement.Constraints {
		in.PlacementConstraints = append(in.PlacementConstraints, PlacementConstraint{Type: rule.Type, Expression: rule.Of})
	}
	if len(d.Subnets) > 0 {
		in.NetworkConfiguration = &NetworkConfiguration{}
		in.NetworkConfiguration.Awsvpc.Subnets = d.Subnets
		in.NetworkConfiguration.Awsvpc.SecurityGroups = d.SecurityGroups
		in.NetworkConfiguration.Awsvpc.AssignPublicIP = "DISABLED"
		if d.PublicIP {
			in.NetworkConfiguration.Awsvpc.AssignPublicIP = "ENABLED"
		}
	}
	return in
}

func apiError(operation string, err error) *run.APIError {
	var e *ECSError
	if !errors.As(err, &e) {
		return &run.APIError{Operation: operation, Err: err}
	}
	return &run.APIError{Operation: operation, Code: e.Code, Message: e.Message, Status: e.Status, ResourceIDs: e.ResourceIDs, Err: e}
}

func failure(f Failure) run.Failure {
	out := run.Failure{Reason: f.Reason, Detail: f.Detail}
	if f.Arn != nil {
		out.ARN = *f.Arn
	}
	return out
}

func words(t Task) run.Task {
	out := run.Task{
		ARN: t.TaskArn, Cluster: t.ClusterArn, Definition: t.TaskDefinitionArn, Group: t.Group, StartedBy: t.StartedBy,
		LaunchType: t.LaunchType, CapacityProvider: t.CapacityProviderName, AvailabilityZone: t.AvailabilityZone,
		LastStatus: t.LastStatus, DesiredStatus: t.DesiredStatus, StopCode: t.StopCode, StoppedReason: t.StoppedReason, Version: t.Version,
	}
	if t.CreatedAt != nil {
		out.CreatedAt = t.CreatedAt.Time
	}
	if t.StartedAt != nil {
		out.StartedAt = t.StartedAt.Time
	}
	if t.StoppedAt != nil {
		out.StoppedAt = t.StoppedAt.Time
	}
	for _, c := range t.Containers {
		out.Containers = append(out.Containers, run.Container{Name: c.Name, Image: c.Image, LastStatus: c.LastStatus, ExitCode: c.ExitCode, Reason: c.Reason})
	}
	return out
}

// Words is a task as package run sees it.
func (t Task) Words() run.Task { return words(t) }

// Describe returns the tasks that ECS knows, and the ARNs of those that it does not.
func (t Tasks) Describe(_ context.Context, _ string, arns []string) (found []run.Task, missing []string, err error) {
	for len(arns) > 0 {
		n := min(len(arns), 100)
		out, err := t.ECS.DescribeTasks(arns[:n])
		if err != nil {
			return nil, nil, apiError("DescribeTasks", err)
		}
		for _, task := range out.Tasks {
			found = append(found, words(task))
		}
		for _, f := range out.Failures {
			if f.Reason == "MISSING" {
				missing = append(missing, failure(f).ARN)
			}
		}
		arns = arns[n:]
	}
	return found, missing, nil
}

// StartedBy returns the ARNs of the tasks with this startedBy.
func (t Tasks) StartedBy(_ context.Context, cluster, startedBy string) ([]string, error) {
	var arns []string
	for _, status := range []string{"RUNNING", "STOPPED"} {
		tasks, err := t.ECS.ListTasks(Filter{Cluster: cluster, StartedBy: startedBy, DesiredStatus: status})
		if err != nil {
			return nil, apiError("ListTasks", err)
		}
		for _, task := range tasks {
			arns = append(arns, task.TaskArn)
		}
	}
	return arns, nil
}

// Stop asks for a task to be stopped.
func (t Tasks) Stop(_ context.Context, _, arn, reason string) error {
	_, err := t.ECS.StopTask(arn, "UserInitiated", reason)
	var e *ECSError
	if err == nil || errors.As(err, &e) && e.Code == "InvalidParameterException" {
		return nil
	}
	return apiError("StopTask", err)
}

// Definition resolves a task definition.
func (t Tasks) Definition(_ context.Context, name string) (run.Definition, error) {
	d, err := t.ECS.DescribeTaskDefinition(name)
	if err != nil {
		return run.Definition{}, definitionError(name, err)
	}
	out := run.Definition{ARN: d.TaskDefinitionArn, NetworkMode: d.NetworkMode, Compatibilities: d.Compatibilities}
	for _, c := range d.ContainerDefinitions {
		out.Containers = append(out.Containers, run.ContainerDefinition{Name: c.Name, Essential: c.Essential == nil || *c.Essential})
	}
	return out, nil
}

// definitionError tells a definition that is not there from a call that failed, as the adapter does.
func definitionError(name string, err error) error {
	failed := apiError("DescribeTaskDefinition "+name, err)
	switch failed.Code {
	case "ClientException", "InvalidParameterException", "AccessDeniedException":
		return run.Never("task-definition", failed)
	}
	return failed
}
