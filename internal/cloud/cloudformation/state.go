package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"
)

// State is how a stack was deployed.
type State struct {
	Parameters, Outputs map[string]string
	Changed             time.Time // when it was made, or last updated
}

// State describes a stack, or is an error that is ErrNoStack. CloudFormation says so with a code that it uses for every
// mistake of a caller; the name is the only thing that is asked.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
func (c *CloudFormation) State(ctx context.Context, stack string) (State, error) {
	out, err := c.client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &stack})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ValidationError" || err == nil && len(out.Stacks) == 0 {
		return State{}, fmt.Errorf("describe stack %s: %w", stack, ErrNoStack)
	}
	if err != nil {
		return State{}, fmt.Errorf("describe stack %s: %w", stack, err)
	}
	found := out.Stacks[0]
	s := State{Parameters: map[string]string{}, Outputs: map[string]string{}, Changed: aws.ToTime(found.CreationTime)}
	if found.LastUpdatedTime != nil {
		s.Changed = *found.LastUpdatedTime
	}
	for _, p := range found.Parameters {
		s.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, o := range found.Outputs {
		s.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return s, nil
}
