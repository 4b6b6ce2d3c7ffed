package fake

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/internal/compatible"
)

// stamp is a time that is written as ECS's protocol does, in seconds since 1970.
type stamp struct{ time.Time }

// UnmarshalJSON reads what MarshalJSON writes.
func (s *stamp) UnmarshalJSON(text []byte) error {
	seconds, err := strconv.ParseFloat(string(text), 64)
	s.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
	return err
}

// MarshalJSON writes seconds with milliseconds.
func (s stamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s.UnixMilli())/1000, 'f', 3, 64), nil
}

// Task is a task as DescribeTasks shows it.
type Task struct {
	TaskArn              string            `json:"taskArn"`
	ClusterArn           string            `json:"clusterArn,omitempty"`
	TaskDefinitionArn    string            `json:"taskDefinitionArn,omitempty"`
	Group                string            `json:"group,omitempty"`
	StartedBy            string            `json:"startedBy,omitempty"`
	LaunchType           string            `json:"launchType,omitempty"`
	CapacityProviderName string            `json:"capacityProviderName,omitempty"`
	PlatformVersion      string            `json:"platformVersion,omitempty"`
	PlatformFamily       string            `json:"platformFamily,omitempty"`
	AvailabilityZone     string            `json:"availabilityZone,omitempty"`
	Connectivity         string            `json:"connectivity,omitempty"`
	EnableExecuteCommand bool              `json:"enableExecuteCommand"`
	LastStatus           string            `json:"lastStatus"`
	DesiredStatus        string            `json:"desiredStatus"`
	StopCode             string            `json:"stopCode,omitempty"`
	StoppedReason        string            `json:"stoppedReason,omitempty"`
	CPU                  string            `json:"cpu,omitempty"`
	Memory               string            `json:"memory,omitempty"`
	Version              int64             `json:"version,omitempty"`
	CreatedAt            *stamp            `json:"createdAt,omitempty"`
	StartedAt            *stamp            `json:"startedAt,omitempty"`
	StoppingAt           *stamp            `json:"stoppingAt,omitempty"`
	StoppedAt            *stamp            `json:"stoppedAt,omitempty"`
	ExecutionStoppedAt   *stamp            `json:"executionStoppedAt,omitempty"`
	UpdatedAt            *stamp            `json:"updatedAt,omitempty"`
	ConnectivityAt       *stamp            `json:"connectivityAt,omitempty"`
	PullStartedAt        *stamp            `json:"pullStartedAt,omitempty"`
	PullStoppedAt        *stamp            `json:"pullStoppedAt,omitempty"`
	Containers           []Container       `json:"containers,omitempty"`
	Overrides            Overrides         `json:"overrides"`
	EphemeralStorage     *EphemeralStorage `json:"ephemeralStorage,omitempty"`
	Attachments          []Attachment      `json:"attachments,omitempty"`
	Attributes           []Variable        `json:"attributes,omitempty"`
	Tags                 []Tag             `json:"tags,omitempty"`

	protectedUntil time.Time
	definition     TaskDefinition
	due            time.Time // of the next step by itself; zero: somebody else takes it
	launched       bool      // the runner has it
	ended          *Ended    // how its containers ended, once they have
}

// ID is the last part of the task's ARN.
func (t Task) ID() string { return clusterName(t.TaskArn) }

func (t *Task) cluster() string { return clusterName(t.ClusterArn) }

func (t *Task) ofService() bool { return strings.HasPrefix(t.Group, "service:") }

func (t *Task) protected(now time.Time) bool { return t.protectedUntil.After(now) }

// Definition is the task definition that the task was started from.
func (t Task) Definition() TaskDefinition { return t.definition }

func (t *Task) copy() Task {
	c := *t
	c.Containers = slices.Clone(t.Containers)
	c.Attachments = slices.Clone(t.Attachments)
	return c
}

// Container is one container of a task.
type Container struct {
	ContainerArn      string             `json:"containerArn"`
	TaskArn           string             `json:"taskArn"`
	Name              string             `json:"name"`
	Image             string             `json:"image,omitempty"`
	LastStatus        string             `json:"lastStatus"`
	ExitCode          *int               `json:"exitCode,omitempty"`
	Reason            string             `json:"reason,omitempty"`
	NetworkInterfaces []NetworkInterface `json:"networkInterfaces"`
	CPU               string             `json:"cpu"`
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
	PlacementStrategy        []PlacementStrategy   `json:"placementStrategy"`
	PlacementConstraints     []PlacementConstraint `json:"placementConstraints"`
	Overrides                Overrides             `json:"overrides"`
	StartedBy                string                `json:"startedBy"`
	ClientToken              string                `json:"clientToken"`
	Group                    string                `json:"group"`
	Tags                     []Tag                 `json:"tags"`
	PropagateTags            string                `json:"propagateTags"`
	PlatformVersion          string                `json:"platformVersion"`
	EnableECSManagedTags     bool                  `json:"enableECSManagedTags"`
	EnableExecuteCommand     bool                  `json:"enableExecuteCommand"`
}

// Tag is one tag.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// PlacementStrategy says how tasks are spread or packed.
type PlacementStrategy struct {
	Type  string `json:"type"`
	Field string `json:"field"`
}

// PlacementConstraint says which instances a task may be on.
type PlacementConstraint struct {
	Type       string `json:"type"`
	Expression string `json:"expression"`
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

// of is the overrides as a task shows them: with an entry for each container of its definition.
func (o Overrides) of(d TaskDefinition) Overrides {
	given := o.ContainerOverrides
	o.ContainerOverrides = nil
	for _, c := range d.ContainerDefinitions {
		shown := ContainerOverride{Name: c.Name}
		for _, override := range given {
			if override.Name == c.Name {
				shown = override
			}
		}
		o.ContainerOverrides = append(o.ContainerOverrides, shown)
	}
	return o
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
	Revision                int                   `json:"revision"`
	RuntimePlatform         RuntimePlatform       `json:"runtimePlatform"`
	TaskRoleArn             string                `json:"taskRoleArn"`
	// Declared is the whole definition in the words of package compatible, where it is known.
	Declared compatible.Definition `json:"-"`
	// Tags are those of the definition. ECS answers with them beside the definition, not in it.
	Tags []Tag `json:"-"`
}

// RuntimePlatform is what a task definition's images are built for.
type RuntimePlatform struct {
	CPUArchitecture string `json:"cpuArchitecture,omitempty"`
}

// ContainerDefinition is one container of a definition.
type ContainerDefinition struct {
	Name             string            `json:"name"`
	Image            string            `json:"image"`
	Essential        *bool             `json:"essential"`
	Command          []string          `json:"command"`
	EntryPoint       []string          `json:"entryPoint"`
	Environment      []Variable        `json:"environment"`
	StopTimeout      int               `json:"stopTimeout"`
	LogConfiguration *LogConfiguration `json:"logConfiguration"`
}

// LogConfiguration says where a container's output goes.
type LogConfiguration struct {
	LogDriver string            `json:"logDriver"`
	Options   map[string]string `json:"options"`
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
	return out
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

// MemoryMiB is the memory of the task, zero when it has no limit.
func (t Task) MemoryMiB() int { return number(t.Memory) }
