package cloudformation

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
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

// Outputs are the outputs of a stack by name, or an error that is ErrNoStack.
func (c *CloudFormation) Outputs(ctx context.Context, stack string) (map[string]string, error) {
	s, err := c.State(ctx, stack)
	return s.Outputs, err
}
