package run

import "time"

// Task is an ECS task as far as Slipway looks at it, the same whether a state-change event or DescribeTasks told of
// it. A zero time means that the source had none.
type Task struct {
	ARN              string
	Cluster          string // ARN
	Definition       string // ARN with revision
	Group            string // "service:NAME", "family:NAME" or free text
	StartedBy        string
	LaunchType       string
	CapacityProvider string
	AvailabilityZone string
	LastStatus       string
	DesiredStatus    string
	StopCode         string
	StoppedReason    string
	Containers       []Container
	Version          int64
	CreatedAt        time.Time
	StartedAt        time.Time
	StoppedAt        time.Time
}

// Container is one container of a task. ExitCode is nil when the container never ran or has not ended.
type Container struct {
	Name       string
	Image      string
	LastStatus string
	ExitCode   *int
	Reason     string
}

// The values of Task.LastStatus that decisions depend on. ECS knows more on the way between them.
const (
	StatusRunning = "RUNNING"
	StatusStopped = "STOPPED"
)

// Launched says what RunTask answered, in full: nothing of it is judged yet.
// Either Err is nil and ECS answered with tasks and failures, or Err says why there is no answer.
type Launched struct {
	Tasks    []Task
	Failures []Failure
	Err      *APIError
}

// Failure is one entry of the failures of a RunTask, StopTask or DescribeTasks answer. ARN is often empty.
type Failure struct {
	ARN    string
	Reason string
	Detail string
}

// APIError is a call that AWS refused or never answered. Status is the HTTP status, zero when no answer came.
// ResourceIDs is what a ConflictException carries: the tasks that the token is bound to.
type APIError struct {
	Operation   string
	Code        string
	Message     string
	Status      int
	ResourceIDs []string
	Err         error
}

// Error says the operation, the code and the message.
func (e *APIError) Error() string {
	text := e.Operation + ": "
	if e.Code != "" {
		text += e.Code + ": "
	}
	if e.Message == "" && e.Err != nil {
		return text + e.Err.Error()
	}
	return text + e.Message
}

// Unwrap returns what the SDK returned.
func (e *APIError) Unwrap() error { return e.Err }

// TaskRequest is a RunTask request for one task. It is built from the launch decision in the ledger alone.
type TaskRequest struct {
	Token       string
	StartedBy   string
	Decision    Decision
	Environment []EnvVar
	Tags        []EnvVar
}

// EnvVar is one environment variable, or one tag.
type EnvVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Definition is a task definition as far as a launch decision needs it.
type Definition struct {
	ARN             string // with revision
	Containers      []ContainerDefinition
	Compatibilities []string // EC2, FARGATE, EXTERNAL
	NetworkMode     string
}

// ContainerDefinition is one container of a task definition.
type ContainerDefinition struct {
	Name      string
	Essential bool
}

// Main is the container that matters when a job names none: the only one, or else the only essential one.
// It is empty when that is not clear.
func (d Definition) Main() string {
	var all, essential []string
	for _, c := range d.Containers {
		all = append(all, c.Name)
		if c.Essential {
			essential = append(essential, c.Name)
		}
	}
	switch {
	case len(all) == 1:
		return all[0]
	case len(essential) == 1:
		return essential[0]
	}
	return ""
}
