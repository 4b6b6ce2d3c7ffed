package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// ECS is Amazon ECS in one region.
type ECS struct{ client *ecs.Client }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *ECS {
	return &ECS{ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.BaseEndpoint = endpoint })}
}

// Providers are the capacity providers that a cluster is associated with. Found is false when there is no such cluster,
// or it is not active.
func (e *ECS) Providers(ctx context.Context, cluster string) (names []string, found bool, err error) {
	out, err := e.client.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{cluster}})
	if err != nil {
		return nil, false, fmt.Errorf("describe cluster %s: %w", cluster, err)
	}
	for _, c := range out.Clusters {
		if aws.ToString(c.Status) == "ACTIVE" {
			return c.CapacityProviders, true, nil
		}
	}
	return nil, false, nil
}

// Available reports whether an account may use a capacity provider in this region. FARGATE and FARGATE_SPOT are AWS's
// own and there without being made; where a region lacks one, it is among the failures.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html
func (e *ECS) Available(ctx context.Context, provider string) (bool, error) {
	out, err := e.client.DescribeCapacityProviders(ctx, &ecs.DescribeCapacityProvidersInput{CapacityProviders: []string{provider}})
	if err != nil {
		return false, fmt.Errorf("describe capacity provider %s: %w", provider, err)
	}
	for _, p := range out.CapacityProviders {
		if aws.ToString(p.Name) == provider {
			return true, nil
		}
	}
	return false, nil
}

// Definition is what a deployment asks of a task definition.
type Definition struct {
	Containers []string
	Roles      []string // task role and execution role, where it has them
}

// Definition describes a task definition. Found is false when ECS does not know it.
func (e *ECS) Definition(ctx context.Context, name string) (d Definition, found bool, err error) {
	out, err := e.client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ClientException" && strings.Contains(api.ErrorMessage(), "Unable to describe task definition") {
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("describe task definition %s: %w", name, err)
	}
	if out.TaskDefinition.Status == types.TaskDefinitionStatusInactive {
		return d, false, nil
	}
	for _, c := range out.TaskDefinition.ContainerDefinitions {
		d.Containers = append(d.Containers, aws.ToString(c.Name))
	}
	for _, role := range []*string{out.TaskDefinition.TaskRoleArn, out.TaskDefinition.ExecutionRoleArn} {
		if aws.ToString(role) != "" {
			d.Roles = append(d.Roles, *role)
		}
	}
	return d, true, nil
}

// HasService reports whether a cluster has an active service. A cluster that is not there has none.
func (e *ECS) HasService(ctx context.Context, cluster, service string) (bool, error) {
	out, err := e.client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: []string{service}})
	var gone *types.ClusterNotFoundException
	if errors.As(err, &gone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("describe service %s: %w", service, err)
	}
	for _, s := range out.Services {
		if aws.ToString(s.Status) == "ACTIVE" {
			return true, nil
		}
	}
	return false, nil
}
