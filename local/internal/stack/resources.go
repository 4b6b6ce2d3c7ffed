package stack

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// Resource is one resource of the stack or of a stack nested in it.
type Resource struct {
	LogicalID, PhysicalID, Type string
}

// Resources returns every resource, the nested stacks' after the stack's own.
func (r Record) Resources(ctx context.Context) ([]Resource, error) { return r.resourcesOf(ctx, r.Name) }

func (r Record) resourcesOf(ctx context.Context, stack string) ([]Resource, error) {
	var all []Resource
	pages := cloudformation.NewListStackResourcesPaginator(r.formation(), &cloudformation.ListStackResourcesInput{StackName: &stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the resources of stack %s: %w", stack, err)
		}
		for _, s := range page.StackResourceSummaries {
			all = append(all, Resource{deref(s.LogicalResourceId), deref(s.PhysicalResourceId), deref(s.ResourceType)})
		}
	}
	for _, s := range all {
		if s.Type != "AWS::CloudFormation::Stack" {
			continue
		}
		nested, err := r.resourcesOf(ctx, s.PhysicalID)
		if err != nil {
			return nil, err
		}
		all = append(all, nested...)
	}
	return all, nil
}

// Physical returns what a resource of the template is called where it was deployed.
func (r Record) Physical(ctx context.Context, logicalID string) (string, error) {
	all, err := r.Resources(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		if s.LogicalID == logicalID {
			return s.PhysicalID, nil
		}
	}
	return "", fmt.Errorf("find resource %s: stack %s has no such resource", logicalID, r.Name) //nolint:err113 // for a person
}

// outputs returns what the stack says of itself.
func (r Record) outputs(ctx context.Context) (map[string]string, error) {
	answer, err := r.formation().DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &r.Name})
	if err != nil {
		return nil, fmt.Errorf("describe stack %s: %w", r.Name, err)
	}
	outputs := map[string]string{}
	for _, s := range answer.Stacks {
		for _, o := range s.Outputs {
			outputs[deref(o.OutputKey)] = deref(o.OutputValue)
		}
	}
	return outputs, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
