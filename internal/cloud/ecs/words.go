package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/run"
)

func failures(list []types.Failure) []run.Failure {
	var out []run.Failure
	for _, f := range list {
		out = append(out, run.Failure{ARN: aws.ToString(f.Arn), Reason: aws.ToString(f.Reason), Detail: aws.ToString(f.Detail)})
	}
	return out
}

func tasks(list []types.Task) []run.Task {
	var out []run.Task
	for _, t := range list {
		out = append(out, task(t))
	}
	return out
}

func task(t types.Task) run.Task {
	out := run.Task{
		ARN: aws.ToString(t.TaskArn), Cluster: aws.ToString(t.ClusterArn), Definition: aws.ToString(t.TaskDefinitionArn),
		Group: aws.ToString(t.Group), StartedBy: aws.ToString(t.StartedBy), LaunchType: string(t.LaunchType),
		CapacityProvider: aws.ToString(t.CapacityProviderName), AvailabilityZone: aws.ToString(t.AvailabilityZone),
		LastStatus: aws.ToString(t.LastStatus), DesiredStatus: aws.ToString(t.DesiredStatus),
		StopCode: string(t.StopCode), StoppedReason: aws.ToString(t.StoppedReason), Version: t.Version,
		CreatedAt: aws.ToTime(t.CreatedAt), StartedAt: aws.ToTime(t.StartedAt), StoppedAt: aws.ToTime(t.StoppedAt),
	}
	for _, c := range t.Containers {
		container := run.Container{Name: aws.ToString(c.Name), Image: aws.ToString(c.Image), LastStatus: aws.ToString(c.LastStatus), Reason: aws.ToString(c.Reason)}
		if c.ExitCode != nil {
			code := int(*c.ExitCode)
			container.ExitCode = &code
		}
		out.Containers = append(out.Containers, container)
	}
	return out
}
