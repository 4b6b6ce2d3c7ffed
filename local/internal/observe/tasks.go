package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Task is one ECS task.
type Task struct {
	ARN, Family, Group, StartedBy, Status, StoppedReason string
	Environment                                          map[string]string // what RunTask gave it
	ExitCode                                             *int32
	StartedAt, StoppedAt                                 time.Time
}

// ID is the last part of the ARN.
func (t Task) ID() string { return t.ARN[strings.LastIndexByte(t.ARN, '/')+1:] }

// Run is the run that the task was started for, or empty.
func (t Task) Run() string {
	parts := strings.Split(t.StartedBy, "/")
	if len(parts) != 4 || parts[0] != "slipway" {
		return ""
	}
	return parts[2]
}

// tasks remembers tasks that have ended, since they do not change any more.
type tasks struct {
	ecs   *ecs.Client
	ended map[string]Task
}

// Tasks returns every task of the cluster that ECS knows: those that run and those that ended within the hour.
func (o *Observer) Tasks(ctx context.Context) ([]Task, error) {
	cluster := aws.String(o.Record.Outputs["ClusterName"])
	var arns []string
	for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		pages := ecs.NewListTasksPaginator(o.tasks.ecs, &ecs.ListTasksInput{Cluster: cluster, DesiredStatus: status})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("list tasks: %w", err)
			}
			arns = append(arns, page.TaskArns...)
		}
	}
	slices.Sort(arns)
	return o.tasks.describe(ctx, cluster, slices.Compact(arns))
}

func (t *tasks) describe(ctx context.Context, cluster *string, arns []string) ([]Task, error) {
	var all []Task
	unknown := slices.DeleteFunc(arns, func(arn string) bool {
		known, ok := t.ended[arn]
		if ok {
			all = append(all, known)
		}
		return ok
	})
	const atOnce = 100 // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
	for part := range slices.Chunk(unknown, atOnce) {
		answer, err := t.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: cluster, Tasks: part})
		if err != nil {
			return nil, fmt.Errorf("describe tasks: %w", err)
		}
		for _, d := range answer.Tasks {
			seen := taskOf(d)
			if seen.Status == "STOPPED" {
				t.ended[seen.ARN] = seen
			}
			all = append(all, seen)
		}
	}
	return all, nil
}

func taskOf(d types.Task) Task {
	t := Task{
		ARN: aws.ToString(d.TaskArn), Group: aws.ToString(d.Group), StartedBy: aws.ToString(d.StartedBy),
		Status: aws.ToString(d.LastStatus), StoppedReason: aws.ToString(d.StoppedReason), Environment: map[string]string{},
		StartedAt: aws.ToTime(d.StartedAt), StoppedAt: aws.ToTime(d.StoppedAt),
	}
	definition := aws.ToString(d.TaskDefinitionArn)
	t.Family, _, _ = strings.Cut(definition[strings.LastIndexByte(definition, '/')+1:], ":")
	for _, c := range d.Containers {
		if c.ExitCode != nil {
			t.ExitCode = c.ExitCode
		}
	}
	if d.Overrides == nil {
		return t
	}
	for _, c := range d.Overrides.ContainerOverrides {
		for _, e := range c.Environment {
			t.Environment[aws.ToString(e.Name)] = aws.ToString(e.Value)
		}
	}
	return t
}
