package launch

import (
	"bytes"
	"encoding/json"
	"strconv"

	"slipway/internal/run"
)

// Document is a RunTask request as AWS writes it in JSON: `aws ecs run-task --cli-input-json` takes it.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
type Document struct {
	Cluster                  string         `json:"cluster"`
	TaskDefinition           string         `json:"taskDefinition"`
	Count                    int            `json:"count"`
	ClientToken              string         `json:"clientToken"`
	StartedBy                string         `json:"startedBy"`
	LaunchType               string         `json:"launchType,omitempty"`
	CapacityProviderStrategy []strategyItem `json:"capacityProviderStrategy,omitempty"`
	PlatformVersion          string         `json:"platformVersion,omitempty"`
	NetworkConfiguration     *network       `json:"networkConfiguration,omitempty"`
	PlacementStrategy        []strategyRule `json:"placementStrategy,omitempty"`
	PlacementConstraints     []constraint   `json:"placementConstraints,omitempty"`
	Overrides                overrides      `json:"overrides"`
	PropagateTags            string         `json:"propagateTags,omitempty"`
	EnableECSManagedTags     bool           `json:"enableECSManagedTags,omitempty"`
	EnableExecuteCommand     bool           `json:"enableExecuteCommand,omitempty"`
	Tags                     []tag          `json:"tags,omitempty"`
}

type strategyItem struct {
	CapacityProvider string `json:"capacityProvider"`
	Weight           int    `json:"weight"`
}

type network struct {
	Awsvpc awsvpc `json:"awsvpcConfiguration"`
}

type awsvpc struct {
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
	AssignPublicIP string   `json:"assignPublicIp"`
}

type strategyRule struct {
	Type  string `json:"type"`
	Field string `json:"field,omitempty"`
}

type constraint struct {
	Type       string `json:"type"`
	Expression string `json:"expression,omitempty"`
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type overrides struct {
	CPU                string              `json:"cpu,omitempty"`
	Memory             string              `json:"memory,omitempty"`
	EphemeralStorage   map[string]int      `json:"ephemeralStorage,omitempty"`
	ContainerOverrides []containerOverride `json:"containerOverrides"`
}

type containerOverride struct {
	Name        string       `json:"name"`
	Command     []string     `json:"command,omitempty"`
	Environment []run.EnvVar `json:"environment,omitempty"`
}

// DocumentOf is what the request looks like.
func DocumentOf(req run.TaskRequest) Document {
	d := req.Decision
	out := Document{
		Cluster: d.Cluster, TaskDefinition: d.Definition, Count: 1, ClientToken: req.Token, StartedBy: req.StartedBy,
		PlatformVersion: d.PlatformVersion, Overrides: overridesOf(d), PropagateTags: d.PropagateTags,
		EnableECSManagedTags: d.EnableECSManagedTags, EnableExecuteCommand: d.EnableExecuteCommand,
	}
	if d.Capacity == "EC2" || d.Capacity == "EXTERNAL" {
		out.LaunchType = d.Capacity
	} else {
		out.CapacityProviderStrategy = []strategyItem{{d.Capacity, 1}}
	}
	if len(d.Subnets) > 0 {
		public := "DISABLED"
		if d.PublicIP {
			public = "ENABLED"
		}
		out.NetworkConfiguration = &network{awsvpc{d.Subnets, d.SecurityGroups, public}}
	}
	for _, rule := range d.Placement.Strategy {
		out.PlacementStrategy = append(out.PlacementStrategy, strategyRule{rule.Type, rule.Of})
	}
	for _, rule := range d.Placement.Constraints {
		out.PlacementConstraints = append(out.PlacementConstraints, constraint{rule.Type, rule.Of})
	}
	for _, t := range req.Tags {
		out.Tags = append(out.Tags, tag{t.Name, t.Value})
	}
	return out
}

func overridesOf(d run.Decision) overrides {
	o := overrides{ContainerOverrides: []containerOverride{{d.Container, d.Command, d.Environment}}}
	if d.CPU > 0 {
		o.CPU, o.Memory = strconv.Itoa(d.CPU), strconv.Itoa(d.Memory)
	}
	if d.EphemeralStorage > 0 {
		o.EphemeralStorage = map[string]int{"sizeInGiB": d.EphemeralStorage}
	}
	return o
}

// overridesLength counts characters as ECS does: the JSON, without the escapes that encoding/json adds for HTML.
func overridesLength(d run.Decision) int {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(overridesOf(d)); err != nil {
		return MaxOverrides + 1 // plain data always encodes; if not, it is refused
	}
	return b.Len()
}
