package server_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/emulator"
)

// page is a definition that ECS takes.
func page(change func(*ecs.RegisterTaskDefinitionInput)) *ecs.RegisterTaskDefinitionInput {
	in := &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("page"), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{"FARGATE"},
		Cpu: aws.String("256"), Memory: aws.String("512"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("nginx"), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}}}},
	}
	change(in)
	return in
}

// refusedAs expects an exception of ECS whose message has words.
func refusedAs(t *testing.T, err error, code, words string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("error = %v, want %s with %q", err, code, words)
	}
}

// TestWhatCheckRefusesIsRefusedHere with the exceptions of ECS, and its words where they are known.
func TestWhatCheckRefusesIsRefusedHere(t *testing.T) {
	s := newStand(t, "process")
	register := func(change func(*ecs.RegisterTaskDefinitionInput)) error {
		_, err := s.ecs.RegisterTaskDefinition(t.Context(), page(change))
		return err
	}
	s.must(register(func(*ecs.RegisterTaskDefinitionInput) {}))
	for words, change := range map[string]func(*ecs.RegisterTaskDefinitionInput){
		"Fargate only supports network mode": func(in *ecs.RegisterTaskDefinitionInput) { in.NetworkMode = types.NetworkModeHost },
		"No Fargate configuration exists":    func(in *ecs.RegisterTaskDefinitionInput) { in.Memory = aws.String("8192") },
		"ports in port mappings must match": func(in *ecs.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].PortMappings[0].HostPort = aws.Int32(8080)
		},
		"privileged": func(in *ecs.RegisterTaskDefinitionInput) { in.ContainerDefinitions[0].Privileged = aws.Bool(true) },
		"300 GiB": func(in *ecs.RegisterTaskDefinitionInput) {
			in.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 300}
		},
		"neither Memory nor MemoryReservation": func(in *ecs.RegisterTaskDefinitionInput) {
			in.RequiresCompatibilities, in.NetworkMode, in.Memory = nil, types.NetworkModeBridge, nil
		},
	} {
		refusedAs(t, register(change), "ClientException", words)
	}
	create := func(change func(*ecs.CreateServiceInput)) error {
		in := &ecs.CreateServiceInput{
			Cluster: &s.name, ServiceName: aws.String("web"), TaskDefinition: aws.String("page"), DesiredCount: aws.Int32(1), LaunchType: types.LaunchTypeFargate,
			NetworkConfiguration:    &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
			DeploymentConfiguration: &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(50), MaximumPercent: aws.Int32(150)},
		}
		change(in)
		_, err := s.ecs.CreateService(t.Context(), in)
		return err
	}
	for words, change := range map[string]func(*ecs.CreateServiceInput){
		"cannot be 100": func(in *ecs.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{MaximumPercent: aws.Int32(100)}
		},
		"no network configuration": func(in *ecs.CreateServiceInput) { in.NetworkConfiguration = nil },
		"only valid for services":  func(in *ecs.CreateServiceInput) { in.HealthCheckGracePeriodSeconds = aws.Int32(30) },
		"DAEMON":                   func(in *ecs.CreateServiceInput) { in.SchedulingStrategy = types.SchedulingStrategyDaemon },
		"Placement strategies":     func(in *ecs.CreateServiceInput) { in.PlacementStrategy = []types.PlacementStrategy{{Type: "random"}} },
		"The load balancer reaches port 8080": func(in *ecs.CreateServiceInput) {
			in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: aws.String("arn:aws:g"), ContainerName: aws.String("web"), ContainerPort: aws.Int32(8080)}}
		},
	} {
		refusedAs(t, create(change), "InvalidParameterException", words)
	}
	s.must(create(func(*ecs.CreateServiceInput) {})) // one task is stuck between 50 and 150 percent, which ECS does not mind
}

// TestATaskOfAnImpossibleDefinitionIsRefused also where a template brought it into the emulator, past local/fargate.
func TestATaskOfAnImpossibleDefinitionIsRefused(t *testing.T) {
	s := newStand(t, "process")
	cfg, err := awsconf.New(func(name string) string {
		return map[string]string{"AWS_REGION": region, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}[name]
	})
	s.must(err)
	past := ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.BaseEndpoint = aws.String(emulator.Endpoint(t)) })
	_, err = past.RegisterTaskDefinition(t.Context(), page(func(in *ecs.RegisterTaskDefinitionInput) {
		in.Family, in.ContainerDefinitions[0].Privileged = aws.String("impossible"), aws.Bool(true)
	}))
	s.must(err)
	in := s.input()
	in.TaskDefinition, in.Overrides = aws.String("impossible"), nil
	_, err = s.ecs.RunTask(t.Context(), in)
	refusedAs(t, err, "ClientException", "privileged")
	_, err = past.CreateService(t.Context(), &ecs.CreateServiceInput{
		Cluster: &s.name, ServiceName: aws.String("web"), TaskDefinition: aws.String("impossible"), DesiredCount: aws.Int32(1), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
	})
	s.must(err)
	s.until("the service says why it has no task", func() bool {
		out, err := s.ecs.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: &s.name, Services: []string{"web"}})
		s.must(err)
		events := out.Services[0].Events
		return len(events) > 0 && strings.Contains(*events[0].Message, "unable to place a task. Reason: Container web") && strings.Contains(*events[0].Message, "privileged")
	})
	if out, err := s.ecs.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: &s.name}); err != nil || len(out.TaskArns) > 0 {
		t.Errorf("the service has the tasks %v, %v", out.TaskArns, err)
	}
}
