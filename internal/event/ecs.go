package event

import (
	"strings"
	"time"

	"slipway/internal/run"
)

// ServiceAction is an "ECS Service Action", such as SERVICE_STEADY_STATE or SERVICE_TASK_PLACEMENT_FAILURE.
type ServiceAction struct {
	ID      string
	At      time.Time
	Level   string // INFO, WARN or ERROR
	Name    string
	Cluster string // ARN
	Service string // ARN; empty for an action of the cluster's capacity providers
	Reason  string
}

// DeploymentChange is an "ECS Deployment State Change", such as SERVICE_DEPLOYMENT_FAILED. Cluster is read from the
// service's ARN, since the event has no clusterArn; it is empty for an ARN of the old format.
type DeploymentChange struct {
	ID         string
	At         time.Time
	Level      string // INFO or ERROR
	Name       string
	Cluster    string // ARN
	Service    string // ARN
	Deployment string
	Reason     string
}

// InstanceChange is an "ECS Container Instance State Change".
type InstanceChange struct {
	ID             string
	At             time.Time
	Cluster        string // ARN
	Instance       string // ARN
	EC2Instance    string
	Status         string
	StatusReason   string
	AgentConnected bool
	Version        int64
}

// task has the fields of a task that Slipway looks at.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
type task struct {
	ARN              text            `json:"taskArn"`
	Cluster          text            `json:"clusterArn"`
	Definition       text            `json:"taskDefinitionArn"`
	Group            text            `json:"group"`
	StartedBy        text            `json:"startedBy"`
	LaunchType       text            `json:"launchType"`
	CapacityProvider text            `json:"capacityProviderName"`
	AvailabilityZone text            `json:"availabilityZone"`
	LastStatus       text            `json:"lastStatus"`
	DesiredStatus    text            `json:"desiredStatus"`
	StopCode         text            `json:"stopCode"`
	StoppedReason    text            `json:"stoppedReason"`
	Containers       list[container] `json:"containers"`
	Version          integer         `json:"version"`
	CreatedAt        instant         `json:"createdAt"`
	StartedAt        instant         `json:"startedAt"`
	StoppedAt        instant         `json:"stoppedAt"`
}

type container struct {
	Name       text    `json:"name"`
	Image      text    `json:"image"`
	LastStatus text    `json:"lastStatus"`
	ExitCode   integer `json:"exitCode"`
	Reason     text    `json:"reason"`
}

func decodeTask(e envelope) (Event, error) {
	var d task
	if err := e.detail(&d); err != nil {
		return nil, err
	}
	t := d.task()
	if t.ARN == "" {
		t.ARN = e.resource("task") // some events have it there only
	}
	if t.ARN == "" || t.LastStatus == "" {
		return nil, refuse(MissingTask, "the change of a task that names no task or no status")
	}
	if t.Cluster == "" {
		t.Cluster = clusterOf(t.ARN)
	}
	return TaskChange{ID: string(e.ID), Account: string(e.Account), At: time.Time(e.Time), Task: t}, nil
}

func (d task) task() run.Task {
	t := run.Task{
		ARN: string(d.ARN), Cluster: string(d.Cluster), Definition: string(d.Definition),
		Group: string(d.Group), StartedBy: string(d.StartedBy),
		LaunchType: string(d.LaunchType), CapacityProvider: string(d.CapacityProvider), AvailabilityZone: string(d.AvailabilityZone),
		LastStatus: string(d.LastStatus), DesiredStatus: string(d.DesiredStatus),
		StopCode: string(d.StopCode), StoppedReason: string(d.StoppedReason),
		Version:   d.Version.orZero(),
		CreatedAt: time.Time(d.CreatedAt), StartedAt: time.Time(d.StartedAt), StoppedAt: time.Time(d.StoppedAt),
	}
	for _, c := range d.Containers {
		t.Containers = append(t.Containers, run.Container{
			Name: string(c.Name), Image: string(c.Image), LastStatus: string(c.LastStatus),
			ExitCode: c.ExitCode.exitCode(), Reason: string(c.Reason),
		})
	}
	return t
}

// change has the fields of the changes of services and deployments.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
type change struct {
	Level      text    `json:"eventType"`
	Name       text    `json:"eventName"`
	Cluster    text    `json:"clusterArn"`
	Deployment text    `json:"deploymentId"`
	Reason     text    `json:"reason"`
	CreatedAt  instant `json:"createdAt"`
	UpdatedAt  instant `json:"updatedAt"`
}

func decodeServiceAction(e envelope) (Event, error) {
	var d change
	if err := e.detail(&d); err != nil {
		return nil, err
	}
	service := e.resource("service")
	if d.Name == "" || service == "" && d.Cluster == "" {
		return nil, refuse(MissingName, "the action of a service that names no action or no service")
	}
	cluster := string(d.Cluster)
	if cluster == "" {
		cluster = clusterOf(service)
	}
	return ServiceAction{
		ID: string(e.ID), At: first(d.CreatedAt, e.Time), Level: string(d.Level), Name: string(d.Name),
		Cluster: cluster, Service: service, Reason: string(d.Reason),
	}, nil
}

func decodeDeployment(e envelope) (Event, error) {
	var d change
	if err := e.detail(&d); err != nil {
		return nil, err
	}
	service := e.resource("service")
	if d.Name == "" || service == "" {
		return nil, refuse(MissingName, "the change of a deployment that names no change or no service")
	}
	return DeploymentChange{
		ID: string(e.ID), At: first(d.UpdatedAt, e.Time), Level: string(d.Level), Name: string(d.Name),
		Cluster: clusterOf(service), Service: service, Deployment: string(d.Deployment), Reason: string(d.Reason),
	}, nil
}

func decodeInstance(e envelope) (Event, error) {
	var d struct {
		Cluster        text    `json:"clusterArn"`
		Instance       text    `json:"containerInstanceArn"`
		EC2Instance    text    `json:"ec2InstanceId"`
		Status         text    `json:"status"`
		StatusReason   text    `json:"statusReason"`
		AgentConnected text    `json:"agentConnected"`
		Version        integer `json:"version"`
		UpdatedAt      instant `json:"updatedAt"`
	}
	if err := e.detail(&d); err != nil {
		return nil, err
	}
	instance := string(d.Instance)
	if instance == "" {
		instance = e.resource("container-instance")
	}
	if instance == "" {
		return nil, refuse(MissingName, "the change of a container instance that names none")
	}
	return InstanceChange{
		ID: string(e.ID), At: first(d.UpdatedAt, e.Time), Cluster: string(d.Cluster), Instance: instance,
		EC2Instance: string(d.EC2Instance), Status: string(d.Status), StatusReason: string(d.StatusReason),
		AgentConnected: d.AgentConnected == "true", Version: d.Version.orZero(),
	}, nil
}

func first(times ...instant) time.Time {
	for _, t := range times {
		if at := time.Time(t); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// clusterOf is the cluster's ARN read from the ARN of a task or service: arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID.
// It is empty for ARNs of the old format, which do not name the cluster.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
func clusterOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return ""
	}
	path := strings.Split(parts[5], "/")
	if len(path) != 3 {
		return ""
	}
	return strings.Join(parts[:5], ":") + ":cluster/" + path[1]
}

// AccountOf is the account in an ARN, or empty.
func AccountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ""
	}
	return parts[4]
}
