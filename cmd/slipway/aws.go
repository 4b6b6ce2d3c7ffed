package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/sqs"
	"slipway/internal/run"
)

// refused is an error of AWS: exit code 3.
type refused struct{ error }

// Unwrap returns the error inside.
func (r refused) Unwrap() error { return r.error }

func (o *options) aws(ctx context.Context, region string) (aws.Config, error) {
	var with []func(*awsconfig.LoadOptions) error
	if region != "" {
		with = append(with, awsconfig.WithRegion(region))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, with...)
	if err != nil {
		return aws.Config{}, refused{fmt.Errorf("read the configuration of AWS: %w", err)}
	}
	return cfg, nil
}

// endpoint is where a service is, when the environment says so.
func (o *options) endpoint(service string) *string {
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if url := o.getenv(name); url != "" {
			return &url
		}
	}
	return nil
}

// describe asks ECS for a task.
func (o *options) describe(ctx context.Context, arn string) (run.Task, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[2] != "ecs" || !strings.HasPrefix(parts[5], "task/") {
		return run.Task{}, fmt.Errorf("%q is not the ARN of a task", arn) //nolint:err113 // for a person
	}
	path := strings.Split(parts[5], "/")
	if len(path) != 3 {
		return run.Task{}, fmt.Errorf("%q does not name the task's cluster; pipe in the answer of aws ecs describe-tasks", arn) //nolint:err113 // for a person
	}
	cfg, err := o.aws(ctx, parts[3])
	if err != nil {
		return run.Task{}, err
	}
	tasks, _, err := ecs.New(cfg, o.endpoint("ECS")).Describe(ctx, strings.Join(parts[:5], ":")+":cluster/"+path[1], []string{arn})
	if err != nil {
		return run.Task{}, refused{err}
	}
	if len(tasks) == 0 {
		return run.Task{}, problem{fmt.Errorf("ECS does not know %s; it keeps a stopped task for an hour", arn)} //nolint:err113 // for a person
	}
	return tasks[0], nil
}

var samStack = regexp.MustCompile(`(?m)^\s*stack_name\s*=\s*"([^"]+)"`)

// stackName is the stack that is meant: the flag, the environment, or samconfig.toml beside the configuration.
func (o *options) stackName(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if name := o.getenv("SLIPWAY_STACK"); name != "" {
		return name, nil
	}
	text, err := os.ReadFile(o.beside("samconfig.toml"))
	if m := samStack.FindSubmatch(text); err == nil && m != nil {
		return string(m[1]), nil
	}
	return "", errors.New("which stack? give --stack, or set SLIPWAY_STACK") //nolint:err113 // for a person
}

// target finds the stack's lifecycle queue: in the environment, where it is of that stack, or in the stack's outputs.
func (o *options) target(ctx context.Context, flag string) (target, error) {
	name, err := o.stackName(flag)
	if err != nil {
		return target{}, err
	}
	if url := o.getenv("SLIPWAY_LifecycleQueueUrl"); url != "" && name == o.getenv("SLIPWAY_STACK") {
		return target{name, url, o.getenv("AWS_REGION")}, nil
	}
	cfg, err := o.aws(ctx, "")
	if err != nil {
		return target{}, err
	}
	client := cloudformation.NewFromConfig(cfg, func(c *cloudformation.Options) { c.BaseEndpoint = o.endpoint("CLOUDFORMATION") })
	out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		return target{}, refused{fmt.Errorf("read the outputs of stack %s: %w", name, err)}
	}
	for _, s := range out.Stacks {
		for _, output := range s.Outputs {
			if aws.ToString(output.OutputKey) == "LifecycleQueueUrl" {
				return target{name, aws.ToString(output.OutputValue), cfg.Region}, nil
			}
		}
	}
	return target{}, problem{errNoQueue}
}

func (o *options) sendTo(ctx context.Context, to target, body []byte) error {
	cfg, err := o.aws(ctx, "")
	if err != nil {
		return err
	}
	if err := sqs.New(cfg, o.endpoint("SQS")).Send(ctx, to.lifecycleQueueURL, string(body), nil); err != nil {
		return refused{err}
	}
	return nil
}
