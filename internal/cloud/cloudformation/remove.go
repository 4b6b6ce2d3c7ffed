package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// Resource is one resource of a stack.
type Resource struct {
	LogicalID  string `json:"logicalId"`
	Type       string `json:"type"`
	PhysicalID string `json:"physicalId"`
}

// Resources are those that a stack has, or an error that is ErrNoStack.
func (c *CloudFormation) Resources(ctx context.Context, stack string) ([]Resource, error) {
	var all []Resource
	pages := cloudformation.NewListStackResourcesPaginator(c.client, &cloudformation.ListStackResourcesInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var api smithy.APIError
		if errors.As(err, &api) && api.ErrorCode() == "ValidationError" {
			return nil, fmt.Errorf("list the resources of stack %s: %w", stack, ErrNoStack)
		}
		if err != nil {
			return nil, fmt.Errorf("list the resources of stack %s: %w", stack, err)
		}
		for _, r := range page.StackResourceSummaries {
			if r.ResourceStatus != types.ResourceStatusDeleteComplete {
				all = append(all, Resource{aws.ToString(r.LogicalResourceId), aws.ToString(r.ResourceType), aws.ToString(r.PhysicalResourceId)})
			}
		}
	}
	return all, nil
}

const (
	deleting = 5 * time.Second
	// maxDeleting is how long a service may take to drain, and a task to stop.
	maxDeleting = 45 * time.Minute
)

// Delete deletes a stack and waits until it is gone. One that is not there is no error.
func (c *CloudFormation) Delete(ctx context.Context, stack string) error {
	if _, err := c.client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &stack}); err != nil {
		return fmt.Errorf("delete stack %s: %w", stack, err)
	}
	waiter := cloudformation.NewStackDeleteCompleteWaiter(c.client, func(o *cloudformation.StackDeleteCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = deleting, deleting
	})
	if err := waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &stack}, maxDeleting); err != nil {
		return fmt.Errorf("wait until stack %s is deleted: %w", stack, err)
	}
	return nil
}
