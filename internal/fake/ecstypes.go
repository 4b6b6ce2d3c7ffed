package fake

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// stamp is a time that is written as ECS's protocol does, in seconds since 1970.
type stamp struct{ time.Time }

// MarshalJSON writes seconds with milliseconds.
func (s stamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s.UnixMilli())/1000, 'f', 3, 64), nil
}

// Task is a task as DescribeTasks shows it.
type Task struct {
	TaskArn              string      `json:"taskArn"`
	ClusterArn           string      `json:"clusterArn,omitempty"`
	TaskDefinitionArn    string      `json:"taskDefinitionArn,omitempty"`
	Group                string      `json:"group,omitempty"`
	StartedBy            string      `json:"startedBy,omitempty"`
	LaunchType           string      `json:"launchType,omitempty"`
	CapacityProviderName string      `json:"capacityProviderName,omitempty"`
	PlatformVersion      string      `json:"platformVersion,omitempty"`
	PlatformFamily       string      `json:"platformFamily,omitempty"`
	AvailabilityZone     string      `json:"availabilityZone,omitempty"`
	Connectivity         string      `json:"connectivity,omitempty"`
	LastStatus           string      `json:"lastStatus"`
	DesiredStatus        string      `json:"desiredStatus"`
	StopCode             string      `json:"stopCode,omitempty"`
	StoppedReason        string      `json:"stoppedReason,omitempty"`
	CPU                  string      `json:"cpu,omitempty"`
	Memory               string      `json:"memory,omitempty"`
	Version              int64       `json:"version,omitempty"`
	CreatedAt            *stamp      `json:"createdAt,omitempty"`
	StartedAt            *stamp      `json:"startedAt,omitempty"`
	StoppingAt           *stamp      `json:"stoppingAt,omitempty"`
	StoppedAt            *stamp      `json:"stoppedAt,omitempty"`
	ExecutionStoppedAt   *stamp      `json:"executionStoppedAt,omitempty"`
	UpdatedAt            *stamp      `json:"updatedAt,omitempty"`
	Containers           []Container `json:"containers,omitempty"`
	Overrides            Overrides   `json:"overrides"`
	Attachments          []any       `json:"attachments,omitempty"`
	Tags                 []any       `json:"tags,omitempty"`

	protectedUntil time.Time
	definition     TaskDefinition
}

// Definition is the task definition that the task was started from.
func (t Task) Definition() TaskDefinition { return t.definition }

func (t *Task) copy() Task {
	c := *t
	c.Containers = slices.Clone(t.Containers)
	return c
}

// Container is one container of a task.
type Container struct {
	ContainerArn      string `json:"containerArn"`
	TaskArn           string `json:"taskArn"`
	Name              string `json:"name"`
	Image             string `json:"image,omitempty"`
	LastStatus        string `json:"lastStatus"`
	ExitCode          *int   `json:"exitCode,omitempty"`
	Reason            string `json:"reason,omitempty"`
	NetworkInterfaces []any  `json:"networkInterfaces"`
}

// Event is the detail of the "ECS Task State Change" event of a task: the task, with times as text.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
func (t Task) Event() (json.RawMessage, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	var detail map[string]any
	if err := json.Unmarshal(text, &detail); err != nil {
		return nil, err
	}
	for name, at := range map[string]*stamp{
		"createdAt": t.CreatedAt, "startedAt": t.StartedAt, "stoppingAt": t.StoppingAt, "stoppedAt": t.StoppedAt,
		"executionStoppedAt": t.ExecutionStoppedAt, "updatedAt": t.UpdatedAt,
	} {
		if at != nil {
			detail[name] = at.UTC().Format("2006-01-02T15:04:05.999Z")
		}
	}
	return json.Marshal(detail)
}

// Failure is one entry of failures. Arn is null where ECS has none.
type Failure struct {
	Arn    *string `json:"arn"`
	Reason string  `json:"reason"`
	Detail string  `json:"detail,omitempty"`
}

// RunTaskInput is a RunTask request, as far as the fake reads it.
type RunTaskInput struct {
	Cluster                  string                `json:"cluster"`
	TaskDefinition           string                `json:"taskDefinition"`
	Count                    int                   `json:"count"`
	LaunchType               string                `json:"launchType"`
	CapacityProviderStrategy []StrategyItem        `json:"capacityProviderStrategy"`
	NetworkConfiguration     *NetworkConfiguration `json:"networkConfiguration"`
	Overrides                Overrides             `json:"overrides"`
	StartedBy                string                `json:"startedBy"`
	ClientToken              string                `json:"clientToken"`
	Group                    string                `json:"group"`
}

// StrategyItem names a capacity provider.
type StrategyItem struct {
	CapacityProvider string `json:"capacityProvider"`
	Weight           int    `json:"weight"`
	Base             int    `json:"base"`
}

// NetworkConfiguration is where an awsvpc task gets its interface.
type NetworkConfiguration struct {
	Awsvpc struct {
		Subnets        []string `json:"subnets"`
		SecurityGroups []string `json:"securityGroups"`
		AssignPublicIP string   `json:"assignPublicIp"`
	} `json:"awsvpcConfiguration"`
}

// Overrides are what RunTask changes of the definition.
type Overrides struct {
	CPU                string              `json:"cpu,omitempty"`
	Memory             string              `json:"memory,omitempty"`
	EphemeralStorage   *EphemeralStorage   `json:"ephemeralStorage,omitempty"`
	ContainerOverrides []ContainerOverride `json:"containerOverrides"`
}

// EphemeralStorage is in GiB.
type EphemeralStorage struct {
	SizeInGiB int `json:"sizeInGiB"`
}

// ContainerOverride changes one container.
type ContainerOverride struct {
	Name        string     `json:"name"`
	Command     []string   `json:"command,omitempty"`
	Environment []Variable `json:"environment,omitempty"`
}

// Variable is one environment variable.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RunTaskOutput is the answer of RunTask and of DescribeTasks.
type RunTaskOutput struct {
	Tasks    []Task    `json:"tasks"`
	Failures []Failure `json:"failures"`
}

// TaskDefinition is a task definition, as far as the fake reads it.
type TaskDefinition struct {
	TaskDefinitionArn       string                `json:"taskDefinitionArn"`
	Family                  string                `json:"family"`
	Status                  string                `json:"status"`
	NetworkMode             string                `json:"networkMode"`
	CPU                     string                `json:"cpu"`
	Memory                  string                `json:"memory"`
	RequiresCompatibilities []string              `json:"requiresCompatibilities"`
	Compatibilities         []string              `json:"compatibilities"`
	ContainerDefinitions    []ContainerDefinition `json:"containerDefinitions"`
}

// ContainerDefinition is one container of a definition.
type ContainerDefinition struct {
	Name             string     `json:"name"`
	Image            string     `json:"image"`
	Essential        *bool      `json:"essential"`
	Command          []string   `json:"command"`
	EntryPoint       []string   `json:"entryPoint"`
	Environment      []Variable `json:"environment"`
	StopTimeout      int        `json:"stopTimeout"`
	LogConfiguration *struct {
		LogDriver string            `json:"logDriver"`
		Options   map[string]string `json:"options"`
	} `json:"logConfiguration"`
}

// EnvironmentOf is what a container finds: the definition's variables, then the overrides'.
func (t Task) EnvironmentOf(c ContainerDefinition) map[string]string {
	out := map[string]string{}
	for _, v := range c.Environment {
		out[v.Name] = v.Value
	}
	for _, o := range t.Overrides.ContainerOverrides {
		if o.Name == c.Name {
			for _, v := range o.Environment {
				out[v.Name] = v.Value
			}
		}
	}
	return maps.Clone(out)
}

// CommandOf is the command of a container, overridden or the definition's.
func (t Task) CommandOf(c ContainerDefinition) []string {
	for _, o := range t.Overrides.ContainerOverrides {
		if o.Name == c.Name && len(o.Command) > 0 {
			return o.Command
		}
	}
	return c.Command
}
