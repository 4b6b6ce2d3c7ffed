package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"slipway/internal/compatible"
)

// Offer is what a cluster offers: its capacity providers, and its default strategy as the AWS CLI takes it.
type Offer struct{ Providers, Strategy []string }

// Offer describes a cluster. Found is false when there is no such cluster, or it is not active.
func (e *ECS) Offer(ctx context.Context, cluster string) (o Offer, found bool, err error) {
	out, err := e.client.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{cluster}})
	if err != nil {
		return o, false, fmt.Errorf("describe cluster %s: %w", cluster, err)
	}
	for _, c := range out.Clusters {
		if aws.ToString(c.Status) != "ACTIVE" {
			continue
		}
		for _, s := range c.DefaultCapacityProviderStrategy {
			o.Strategy = append(o.Strategy, fmt.Sprintf("capacityProvider=%s,weight=%d,base=%d", aws.ToString(s.CapacityProvider), s.Weight, s.Base))
		}
		o.Providers = c.CapacityProviders
		return o, true, nil
	}
	return o, false, nil
}

// Task is what matters of a task definition to those who run it.
type Task struct {
	ARN      string
	Active   bool
	TaskRole string
	Roles    []string // task role and execution role, where it has them
	Declared compatible.Definition
}

// Task describes a task definition: a family, family:revision or ARN. Found is false when ECS does not know it, or knows no
// active one of the family.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html
func (e *ECS) Task(ctx context.Context, name string) (t Task, found bool, err error) {
	out, err := e.client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ClientException" {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("describe task definition %s: %w", name, err)
	}
	d := out.TaskDefinition
	t = Task{
		ARN: aws.ToString(d.TaskDefinitionArn), Active: d.Status != types.TaskDefinitionStatusInactive && d.Status != types.TaskDefinitionStatusDeleteInProgress,
		TaskRole: aws.ToString(d.TaskRoleArn), Declared: declared(name, d),
	}
	for _, role := range []*string{d.TaskRoleArn, d.ExecutionRoleArn} {
		if aws.ToString(role) != "" {
			t.Roles = append(t.Roles, *role)
		}
	}
	return t, true, nil
}

// Service is what matters of a service to those who scale it.
type Service struct {
	Definition string
	OnFargate  bool
	Spot       bool
}

// Service describes a service. Found is false when the cluster has no active one of that name.
func (e *ECS) Service(ctx context.Context, cluster, name string) (s Service, found bool, err error) {
	out, err := e.client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: []string{name}})
	var gone *types.ClusterNotFoundException
	if errors.As(err, &gone) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("describe service %s: %w", name, err)
	}
	for _, found := range out.Services {
		if aws.ToString(found.Status) != "ACTIVE" {
			continue
		}
		s = Service{Definition: aws.ToString(found.TaskDefinition), OnFargate: found.LaunchType == types.LaunchTypeFargate}
		for _, item := range found.CapacityProviderStrategy {
			provider := aws.ToString(item.CapacityProvider)
			s.OnFargate = s.OnFargate || strings.HasPrefix(provider, "FARGATE")
			s.Spot = s.Spot || provider == "FARGATE_SPOT" && item.Weight > 0
		}
		return s, true, nil
	}
	return s, false, nil
}

// Has is which of the capacity providers of AWS's own the region has. FARGATE and FARGATE_SPOT are there without being made;
// where a region lacks one, it is among the failures.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html
func (e *ECS) Has(ctx context.Context) (map[string]bool, error) {
	names := []string{"FARGATE", "FARGATE_SPOT"}
	out, err := e.client.DescribeCapacityProviders(ctx, &ecs.DescribeCapacityProvidersInput{CapacityProviders: names})
	if err != nil {
		return nil, fmt.Errorf("describe the capacity providers of Fargate: %w", err)
	}
	has := map[string]bool{}
	for _, name := range names {
		has[name] = slices.ContainsFunc(out.CapacityProviders, func(p types.CapacityProvider) bool { return aws.ToString(p.Name) == name })
	}
	return has, nil
}
