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

// Retained are the resources that a stack left when it was deleted, which its events name for 90 days. A deleted stack is
// known by its ID alone.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
func (c *CloudFormation) Retained(ctx context.Context, id string) ([]Resource, error) {
	var all []Resource
	pages := cloudformation.NewDescribeStackEventsPaginator(c.client, &cloudformation.DescribeStackEventsInput{StackName: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the events of stack %s: %w", id, err)
		}
		for _, e := range page.StackEvents {
			if e.ResourceStatus == types.ResourceStatusDeleteSkipped {
				all = append(all, Resource{aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceType), aws.ToString(e.PhysicalResourceId)})
			}
		}
	}
	return all, nil
}

// Find returns the ID and the status of the stack with a name, or of the newest that had it and was deleted within the
// last 90 days. The ID is empty when there is none.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
func (c *CloudFormation) Find(ctx context.Context, name string) (id, status string, err error) {
	var gone string
	pages := cloudformation.NewListStacksPaginator(c.client, &cloudformation.ListStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", "", fmt.Errorf("list the stacks: %w", err)
		}
		for _, s := range page.StackSummaries {
			switch {
			case aws.ToString(s.StackName) != name:
			case s.StackStatus != types.StackStatusDeleteComplete:
				return aws.ToString(s.StackId), string(s.StackStatus), nil
			case gone == "": // the newest comes first
				gone = aws.ToString(s.StackId)
			}
		}
	}
	if gone == "" {
		return "", "", nil
	}
	return gone, string(types.StackStatusDeleteComplete), nil
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
