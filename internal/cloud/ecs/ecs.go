package ecs

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"slipway/internal/run"
)

// The IAM actions that each use of this package needs. RunTask also needs iam:PassRole for the roles of the task.
var (
	LaunchActions    = []string{"ecs:DescribeTaskDefinition", "ecs:RunTask", "iam:PassRole"}
	ReconcileActions = []string{"ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask"}
	ScaleActions     = []string{"ecs:DescribeServices", "ecs:UpdateService"}
)

// definitionFor is how long a resolved task definition is used before ECS is asked again.
const definitionFor = time.Minute

// ECS is Amazon ECS in one region. It may be used by several goroutines at once.
type ECS struct {
	client *ecs.Client
	now    func() time.Time

	mu          sync.Mutex // protects following field
	definitions map[string]resolved
}

type resolved struct {
	definition run.Definition
	until      time.Time
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *ECS {
	client := ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.BaseEndpoint = endpoint })
	return &ECS{client: client, now: time.Now, definitions: map[string]resolved{}}
}

// Run calls RunTask once. The SDK does not repeat it: whoever asked knows with which token it may be repeated.
func (e *ECS) Run(ctx context.Context, req run.TaskRequest) run.Launched {
	out, err := e.client.RunTask(ctx, runTask(req), func(o *ecs.Options) { o.Retryer = aws.NopRetryer{} })
	if err != nil {
		return run.Launched{Err: apiError("RunTask", err)}
	}
	return run.Launched{Tasks: tasks(out.Tasks), Failures: failures(out.Failures)}
}

// runTask is the request for one task, from the launch decision alone.
func runTask(req run.TaskRequest) *ecs.RunTaskInput {
	d := req.Decision
	in := &ecs.RunTaskInput{
		Cluster: &d.Cluster, TaskDefinition: &d.Definition, Count: aws.Int32(1),
		ClientToken: &req.Token, StartedBy: &req.StartedBy, Overrides: overrides(req),
		EnableECSManagedTags: d.EnableECSManagedTags, EnableExecuteCommand: d.EnableExecuteCommand,
		PropagateTags: types.PropagateTags(d.PropagateTags),
	}
	if d.PlatformVersion != "" {
		in.PlatformVersion = &d.PlatformVersion
	}
	for _, tag := range req.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(tag.Name), Value: aws.String(tag.Value)})
	}
	switch d.Capacity {
	case "EC2", "EXTERNAL":
		in.LaunchType = types.LaunchType(d.Capacity)
	default:
		in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: &d.Capacity, Weight: 1}}
	}
	place(in, d.Placement)
	if len(d.Subnets) > 0 {
		public := types.AssignPublicIpDisabled
		if d.PublicIP {
			public = types.AssignPublicIpEnabled
		}
		in.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: d.Subnets, SecurityGroups: d.SecurityGroups, AssignPublicIp: public,
		}}
	}
	return in
}

// place adds where among the instances of the step the task goes.
func place(in *ecs.RunTaskInput, p run.Placement) {
	for _, rule := range p.Strategy {
		in.PlacementStrategy = append(in.PlacementStrategy, types.PlacementStrategy{Type: types.PlacementStrategyType(rule.Type), Field: given(rule.Of)})
	}
	for _, rule := range p.Constraints {
		in.PlacementConstraints = append(in.PlacementConstraints, types.PlacementConstraint{Type: types.PlacementConstraintType(rule.Type), Expression: given(rule.Of)})
	}
}

// given is a text for the SDK, which leaves out nil.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func overrides(req run.TaskRequest) *types.TaskOverride {
	d := req.Decision
	container := types.ContainerOverride{Name: &d.Container, Command: d.Command}
	for _, v := range req.Environment {
		container.Environment = append(container.Environment, types.KeyValuePair{Name: aws.String(v.Name), Value: aws.String(v.Value)})
	}
	o := &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{container}}
	if d.CPU > 0 {
		o.Cpu, o.Memory = aws.String(strconv.Itoa(d.CPU)), aws.String(strconv.Itoa(d.Memory))
	}
	if d.EphemeralStorage > 0 {
		o.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: int32(d.EphemeralStorage)} //nolint:gosec // checked to be 21..200
	}
	return o
}

// describeAtOnce is how many tasks DescribeTasks takes.
const describeAtOnce = 100

// Describe returns the tasks that ECS knows, and the ARNs of those that it does not.
func (e *ECS) Describe(ctx context.Context, cluster string, arns []string) (found []run.Task, missing []string, err error) {
	for len(arns) > 0 {
		n := min(len(arns), describeAtOnce)
		out, err := e.client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: arns[:n]})
		if err != nil {
			return nil, nil, apiError("DescribeTasks", err)
		}
		found = append(found, tasks(out.Tasks)...)
		for _, f := range out.Failures {
			if aws.ToString(f.Reason) == "MISSING" {
				missing = append(missing, aws.ToString(f.Arn))
			}
		}
		arns = arns[n:]
	}
	return found, missing, nil
}

// StartedBy returns the ARNs of the tasks with this startedBy, running and recently stopped.
func (e *ECS) StartedBy(ctx context.Context, cluster, startedBy string) ([]string, error) {
	var arns []string
	for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		in := &ecs.ListTasksInput{Cluster: &cluster, StartedBy: &startedBy, DesiredStatus: status}
		for {
			out, err := e.client.ListTasks(ctx, in)
			if err != nil {
				return nil, apiError("ListTasks", err)
			}
			arns = append(arns, out.TaskArns...)
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
	}
	return arns, nil
}

// Stop asks ECS to stop a task. One that ECS no longer knows is stopped.
func (e *ECS) Stop(ctx context.Context, cluster, arn, reason string) error {
	_, err := e.client.StopTask(ctx, &ecs.StopTaskInput{Cluster: &cluster, Task: &arn, Reason: &reason})
	var gone *types.InvalidParameterException
	if err == nil || errors.As(err, &gone) {
		return nil
	}
	return apiError("StopTask", err)
}

// Definition resolves a family, family:revision or ARN. The answer is used for a minute.
func (e *ECS) Definition(ctx context.Context, name string) (run.Definition, error) {
	e.mu.Lock()
	known, ok := e.definitions[name]
	e.mu.Unlock()
	if ok && e.now().Before(known.until) {
		return known.definition, nil
	}
	out, err := e.client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
	if err != nil {
		return run.Definition{}, definitionError(name, err)
	}
	d := definition(out.TaskDefinition)
	e.mu.Lock()
	e.definitions[name] = resolved{d, e.now().Add(definitionFor)}
	e.mu.Unlock()
	return d, nil
}

// definitionError tells a definition that is not there from a call that failed.
func definitionError(name string, err error) error {
	failed := apiError("DescribeTaskDefinition "+name, err)
	switch failed.Code {
	case "ClientException", "InvalidParameterException", "AccessDeniedException":
		return run.Never("task-definition", failed)
	}
	return failed
}

func definition(d *types.TaskDefinition) run.Definition {
	out := run.Definition{ARN: aws.ToString(d.TaskDefinitionArn), NetworkMode: string(d.NetworkMode)}
	for _, c := range d.ContainerDefinitions {
		out.Containers = append(out.Containers, run.ContainerDefinition{Name: aws.ToString(c.Name), Essential: c.Essential == nil || *c.Essential})
	}
	for _, c := range d.Compatibilities {
		out.Compatibilities = append(out.Compatibilities, string(c))
	}
	return out
}

// apiError keeps everything that decisions need of a failed call.
func apiError(operation string, err error) *run.APIError {
	out := &run.APIError{Operation: operation, Err: err}
	var api smithy.APIError
	if errors.As(err, &api) {
		out.Code, out.Message = api.ErrorCode(), api.ErrorMessage()
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		out.Status = response.HTTPStatusCode()
	}
	var conflict *types.ConflictException
	if errors.As(err, &conflict) {
		out.ResourceIDs = conflict.ResourceIds
	}
	if out.Code != "" && out.Status == 0 {
		out.Status = http.StatusBadRequest
	}
	return out
}
