package fake

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// validate refuses what ECS refuses, before anything is stored under the token.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func (e *ECS) validate(in RunTaskInput) (TaskDefinition, error) {
	if len(e.Clusters) > 0 && !slices.Contains(e.Clusters, clusterName(in.Cluster)) {
		return TaskDefinition{}, refuse("ClusterNotFoundException", "Cluster not found.")
	}
	d, err := e.Definition(in.TaskDefinition)
	if err != nil {
		return d, err
	}
	if d.Status != "" && d.Status != "ACTIVE" {
		return d, refuse("ClientException", "TaskDefinition is inactive")
	}
	for _, check := range []func(RunTaskInput, TaskDefinition) *ECSError{
		checkWords, e.checkCapacity, checkNetwork, checkOverrides,
	} {
		if err := check(in, d); err != nil {
			return d, err
		}
	}
	return d, nil
}

func checkWords(in RunTaskInput, _ TaskDefinition) *ECSError {
	switch {
	case in.Count < 0 || in.Count > 10:
		return refuse("InvalidParameterException", "Count must be between 1 and 10.")
	case len(in.ClientToken) > 64:
		return refuse("InvalidParameterException", "clientToken must be at most 64 characters.")
	case len(in.StartedBy) > 128:
		return refuse("InvalidParameterException", "startedBy must be at most 128 characters.")
	case strings.ContainsFunc(in.StartedBy, func(r rune) bool { return !strings.ContainsRune(letters, r) }):
		return refuse("InvalidParameterException", "startedBy may hold letters, numbers, hyphens, forward slashes and underscores.")
	}
	return nil
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_"

func (e *ECS) checkCapacity(in RunTaskInput, d TaskDefinition) *ECSError {
	if in.LaunchType != "" && len(in.CapacityProviderStrategy) > 0 {
		return refuse("InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported.")
	}
	for _, item := range in.CapacityProviderStrategy {
		if !slices.Contains(e.Providers, item.CapacityProvider) {
			return refuse("InvalidParameterException", "The specified capacity provider '%s' was not found.", item.CapacityProvider)
		}
	}
	needs := launchTypeOf(in)
	if allowed := d.RequiresCompatibilities; len(allowed) > 0 && !slices.Contains(allowed, needs) {
		return refuse("InvalidParameterException", "Task definition does not support launch_type %s.", needs)
	}
	return nil
}

func checkNetwork(in RunTaskInput, d TaskDefinition) *ECSError {
	given := in.NetworkConfiguration != nil
	switch {
	case d.NetworkMode == "awsvpc" && (!given || len(in.NetworkConfiguration.Awsvpc.Subnets) == 0):
		return refuse("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case d.NetworkMode != "awsvpc" && given:
		return refuse("InvalidParameterException", "Network Configuration is not valid for the given networkMode of this task definition.")
	}
	return nil
}

func checkOverrides(in RunTaskInput, d TaskDefinition) *ECSError {
	text, err := json.Marshal(in.Overrides)
	if err != nil || len([]rune(string(text))) > 8192 && len(unescaped(in.Overrides)) > 8192 {
		return refuse("InvalidParameterException", "Container Overrides length must be at most 8192")
	}
	for _, o := range in.Overrides.ContainerOverrides {
		if !slices.ContainsFunc(d.ContainerDefinitions, func(c ContainerDefinition) bool { return c.Name == o.Name }) {
			return refuse("InvalidParameterException", "Override for container named %s is not a container in the TaskDefinition.", o.Name)
		}
	}
	if s := in.Overrides.EphemeralStorage; s != nil && (s.SizeInGiB < 21 || s.SizeInGiB > 200) {
		return refuse("InvalidParameterException", "The ephemeral storage size must be between 21 and 200 GiB.")
	}
	if launchTypeOf(in) != "FARGATE" {
		return nil
	}
	cpu, memory := number(first(in.Overrides.CPU, d.CPU)), number(first(in.Overrides.Memory, d.Memory))
	if cpu > 0 && memory > 0 && !fargateSize(cpu, memory) {
		return refuse("InvalidParameterException", "No Fargate configuration exists for given values: %d CPU, %d memory.", cpu, memory)
	}
	return nil
}

// unescaped is the JSON of the overrides as ECS counts it, without Go's escapes for HTML.
func unescaped(o Overrides) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		return ""
	}
	return b.String()
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0
	}
	return n
}

// fargateSize reports whether Fargate has this combination of CPU units and MiB.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
func fargateSize(cpu, memory int) bool {
	switch cpu {
	case 256:
		return memory == 512 || memory == 1024 || memory == 2048
	case 512:
		return stepped(memory, 1024, 4096, 1024)
	case 1024:
		return stepped(memory, 2048, 8192, 1024)
	case 2048:
		return stepped(memory, 4096, 16384, 1024)
	case 4096:
		return stepped(memory, 8192, 30720, 1024)
	case 8192:
		return stepped(memory, 16384, 61440, 4096)
	case 16384:
		return stepped(memory, 32768, 122880, 8192)
	}
	return false
}

func stepped(n, low, high, step int) bool { return n >= low && n <= high && (n-low)%step == 0 }
