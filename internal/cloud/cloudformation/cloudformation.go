package cloudformation

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"
)

// ErrNoStack says that there is no stack of that name in the account and region.
var ErrNoStack = errors.New("there is no such stack")

// CloudFormation is AWS CloudFormation in one region. It may be used by several goroutines at once.
type CloudFormation struct {
	client *cloudformation.Client
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *CloudFormation {
	return &CloudFormation{cloudformation.NewFromConfig(cfg, func(o *cloudformation.Options) { o.BaseEndpoint = endpoint })}
}

// Outputs are the outputs of a stack by name, or an error that is ErrNoStack. CloudFormation says so with a code that it
// uses for every mistake of a caller; the name is the only thing that is asked.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
func (c *CloudFormation) Outputs(ctx context.Context, stack string) (map[string]string, error) {
	out, err := c.client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &stack})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ValidationError" {
		return nil, fmt.Errorf("describe stack %s: %w", stack, ErrNoStack)
	}
	if err != nil {
		return nil, fmt.Errorf("describe stack %s: %w", stack, err)
	}
	if len(out.Stacks) == 0 {
		return nil, fmt.Errorf("describe stack %s: %w", stack, ErrNoStack)
	}
	outputs := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return outputs, nil
}
