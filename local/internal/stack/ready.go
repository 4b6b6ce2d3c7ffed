package stack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// ready waits until every function may be invoked, every queue is read, and the service has the tasks it should have.
func (r Record) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	all, err := r.Resources(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := r.resourceReady(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (r Record) resourceReady(ctx context.Context, s Resource) error {
	var done func() (bool, error)
	switch s.Type {
	case "AWS::Lambda::Function":
		done = func() (bool, error) { return r.functionActive(ctx, s.PhysicalID) }
	case "AWS::Lambda::EventSourceMapping":
		done = func() (bool, error) { return r.mappingEnabled(ctx, s.PhysicalID) }
	case "AWS::ECS::Service":
		done = func() (bool, error) { return r.serviceSteady(ctx) }
	default:
		return nil
	}
	if err := poll(ctx, 250*time.Millisecond, done); err != nil {
		return fmt.Errorf("wait for %s: %w", s.LogicalID, err)
	}
	return nil
}

// Service returns how many tasks the worker service should have, and has.
func (r Record) Service(ctx context.Context) (desired, running int, err error) {
	answer, err := r.ECS().DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: aws.String(r.Outputs["ClusterName"]), Services: []string{r.Outputs["WorkerServiceName"]},
	})
	if err != nil {
		return 0, 0, fmt.Errorf("describe the worker service: %w", err)
	}
	if len(answer.Services) != 1 {
		return 0, 0, fmt.Errorf("describe the worker service: ECS does not know it: %v", answer.Failures) //nolint:err113 // for a person
	}
	return int(answer.Services[0].DesiredCount), int(answer.Services[0].RunningCount), nil
}

func (r Record) serviceSteady(ctx context.Context) (bool, error) {
	desired, running, err := r.Service(ctx)
	return desired == running, err
}

// rest takes the worker service to zero. CloudFormation starts a service with one task where the template leaves the
// number to the scaler, whose first look is up to a minute away.
func (r Record) rest(ctx context.Context) error {
	_, err := r.ECS().UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: aws.String(r.Outputs["ClusterName"]), Service: aws.String(r.Outputs["WorkerServiceName"]), DesiredCount: aws.Int32(0),
	})
	if err != nil {
		return fmt.Errorf("take the worker service to zero: %w", err)
	}
	return nil
}

// Complete returns an error unless the stack has every output that its users rely on.
func (r Record) complete() error {
	var missing []string
	for _, name := range []string{
		"UploadsBucketName", "ResultsBucketName", "BatchBucketName", "ClusterName", "LaunchQueueUrl", "LaunchDeadLetterQueueUrl", "LifecycleQueueUrl",
		"LifecycleDeadLetterQueueUrl", "WorkQueueUrl", "WorkDeadLetterQueueUrl", "WorkerServiceName", "RunsTableName",
	} {
		if r.Outputs[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("read the outputs of stack %s: there is no %s", r.Name, strings.Join(missing, ", ")) //nolint:err113 // for a person
	}
	return nil
}
