package ecs

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/run"
)

// Service is what DescribeServices says of a service, in tasks.
type Service struct {
	ARN         string
	Name        string
	Desired     int
	Running     int
	Pending     int
	Active      bool
	Deployments []Deployment
}

// Deployment is one deployment of a service, the primary one first.
type Deployment struct {
	ID         string
	Status     string // PRIMARY ACTIVE INACTIVE
	Rollout    string // COMPLETED FAILED IN_PROGRESS
	Definition string // ARN
	Desired    int
	Running    int
	Pending    int
	Failed     int
	UpdatedAt  time.Time
}

// servicesAtOnce is how many services DescribeServices takes.
const servicesAtOnce = 10

// Services describes services of a cluster, by name or ARN. Those that ECS does not know are left out.
func (e *ECS) Services(ctx context.Context, cluster string, names []string) ([]Service, error) {
	var found []Service
	for len(names) > 0 {
		n := min(len(names), servicesAtOnce)
		out, err := e.client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: names[:n]})
		if err != nil {
			return nil, apiError("DescribeServices", err)
		}
		for _, s := range out.Services {
			found = append(found, service(s))
		}
		names = names[n:]
	}
	return found, nil
}

// Service describes one service. One that ECS does not know is an error that sending again does not mend.
func (e *ECS) Service(ctx context.Context, cluster, name string) (Service, error) {
	found, err := e.Services(ctx, cluster, []string{name})
	if err != nil {
		return Service{}, err
	}
	if len(found) == 0 {
		return Service{}, run.Never("service-missing", fmt.Errorf("describe service %s in cluster %s: there is no such service", name, cluster))
	}
	return found[0], nil
}

// SetDesired changes the desired count of a service and nothing else, which starts no deployment.
func (e *ECS) SetDesired(ctx context.Context, cluster, name string, n int) error {
	_, err := e.client.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &cluster, Service: &name, DesiredCount: aws.Int32(int32(n))}) //nolint:gosec // bounded by the policy's maximum
	if err != nil {
		return apiError("UpdateService", err)
	}
	return nil
}

func service(s types.Service) Service {
	out := Service{
		ARN: aws.ToString(s.ServiceArn), Name: aws.ToString(s.ServiceName),
		Desired: int(s.DesiredCount), Running: int(s.RunningCount), Pending: int(s.PendingCount),
		Active: aws.ToString(s.Status) == "ACTIVE",
	}
	for _, d := range s.Deployments {
		out.Deployments = append(out.Deployments, Deployment{
			ID: aws.ToString(d.Id), Status: aws.ToString(d.Status), Rollout: string(d.RolloutState), Definition: aws.ToString(d.TaskDefinition),
			Desired: int(d.DesiredCount), Running: int(d.RunningCount), Pending: int(d.PendingCount), Failed: int(d.FailedTasks),
			UpdatedAt: aws.ToTime(d.UpdatedAt),
		})
	}
	return out
}
