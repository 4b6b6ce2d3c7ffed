package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// describable is how many tasks DescribeTasks takes.
const describable = 100

// StartedBy are the tasks of a cluster that are to run and whose startedBy begins with prefix, by ARN. A cluster that is
// not there has none.
func (e *ECS) StartedBy(ctx context.Context, cluster, prefix string) ([]string, error) {
	var out []string
	pages := ecs.NewListTasksPaginator(e.client, &ecs.ListTasksInput{Cluster: &cluster, MaxResults: aws.Int32(describable)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var gone *types.ClusterNotFoundException
		if errors.As(err, &gone) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list the tasks of cluster %s: %w", cluster, err)
		}
		if len(page.TaskArns) == 0 {
			continue
		}
		described, err := e.client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: page.TaskArns})
		if err != nil {
			return nil, fmt.Errorf("describe the tasks of cluster %s: %w", cluster, err)
		}
		for _, t := range described.Tasks {
			if strings.HasPrefix(aws.ToString(t.StartedBy), prefix) && aws.ToString(t.LastStatus) != "STOPPED" {
				out = append(out, aws.ToString(t.TaskArn))
			}
		}
	}
	return out, nil
}

// Stop stops a task. One that ECS no longer knows is no error.
func (e *ECS) Stop(ctx context.Context, cluster, arn, reason string) error {
	_, err := e.client.StopTask(ctx, &ecs.StopTaskInput{Cluster: &cluster, Task: &arn, Reason: &reason})
	var unknown *types.InvalidParameterException // "The referenced task was not found."
	if err != nil && !errors.As(err, &unknown) {
		return fmt.Errorf("stop task %s: %w", arn, err)
	}
	return nil
}
