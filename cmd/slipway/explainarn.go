package main

import (
	"context"
	"fmt"
	"strings"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/ecs"
	"slipway/internal/run"
)

// describe asks ECS for a task.
func (o *options) describe(ctx context.Context, arn string) (run.Task, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[2] != "ecs" || !strings.HasPrefix(parts[5], "task/") {
		return run.Task{}, fmt.Errorf("%q is not the ARN of a task", arn)
	}
	path := strings.Split(parts[5], "/")
	if len(path) != 3 {
		return run.Task{}, fmt.Errorf("%q does not name the task's cluster; pipe in the answer of aws ecs describe-tasks", arn)
	}
	cfg, err := o.connect(ctx, parts[3], o.profile)
	if err != nil {
		return run.Task{}, err
	}
	endpoint := awsconf.Endpoint(o.getenv, "ECS")
	if endpoint == nil {
		endpoint = cfg.BaseEndpoint
	}
	tasks, _, err := ecs.New(cfg, endpoint).Describe(ctx, strings.Join(parts[:5], ":")+":cluster/"+path[1], []string{arn})
	if err != nil {
		return run.Task{}, err
	}
	if len(tasks) == 0 {
		return run.Task{}, problem{fmt.Errorf("ECS does not know %s; it keeps a stopped task for an hour", arn)}
	}
	return tasks[0], nil
}
