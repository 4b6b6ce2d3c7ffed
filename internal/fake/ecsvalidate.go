package fake

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"slipway/internal/compatible"
)

// validate refuses what ECS refuses, before anything is stored under the token.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func (e *ECS) validate(in RunTaskInput) (TaskDefinition, error) {
	providers, err := e.clusterProviders(clusterName(in.Cluster))
	if err != nil {
		return TaskDefinition{}, err
	}
	d, err := e.Definition(in.TaskDefinition)
	if err != nil {
		return d, err
	}
	if d.Status != "" && d.Status != "ACTIVE" {
		return d, refuse("ClientException", "TaskDefinition is inactive")
	}
	for _, check := range []func(RunTaskInput, TaskDefinition) *ECSError{
		checkWords, checkTags, checkStrategy(providers), checkLaunchType, checkPlatform, checkNetwork, checkPlacement, checkExecute, checkOverrides, checkSize, checkTable,
	} {
		if err := check(in, d); err != nil {
			return d, err
		}
	}
	return d, nil
}

// clusterProviders are the capacity providers of a cluster, or a refusal when there is no such cluster.
func (e *ECS) clusterProviders(name string) ([]string, error) {
	switch {
	case e.Cluster != nil:
		return e.Cluster(name)
	case len(e.Clusters) > 0 && !slices.Contains(e.Clusters, name):
		return nil, refuse("ClusterNotFoundException", "Cluster not found.")
	}
	return e.Providers, nil
}

func checkWords(in RunTaskInput, _ TaskDefinition) *ECSError {
	switch {
	case in.Count < 0 || in.Count > 10:
		return refuse("InvalidParameterException", "Count must be between 1 and 10.")
	case len(in.ClientToken) > 64 || strings.ContainsFunc(in.ClientToken, func(r rune) bool { return r < 33 || r > 126 }):
		return refuse("InvalidParameterException", "clientToken must be at most 64 ASCII characters.")
	case len(in.StartedBy) > 128:
		return refuse("InvalidParameterException", "startedBy must be at most 128 characters.")
	case strings.ContainsFunc(in.StartedBy, func(r rune) bool { return !strings.ContainsRune(letters, r) }):
		return refuse("InvalidParameterException", "startedBy may hold letters, numbers, hyphens, forward slashes and underscores.")
	case strings.HasPrefix(in.Group, "service:"):
		return refuse("InvalidParameterException", "Invalid namespace for group.")
	}
	return nil
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_"

// maxStrategy is how many items a capacity provider strategy may have.
const maxStrategy = 20

func checkStrategy(providers []string) func(RunTaskInput, TaskDefinition) *ECSError {
	return func(in RunTaskInput, _ TaskDefinition) *ECSError {
		strategy := in.CapacityProviderStrategy
		if in.LaunchType != "" && len(strategy) > 0 {
			return refuse("InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
		}
		if len(strategy) > maxStrategy {
			return refuse("InvalidParameterException", "A capacity provider strategy can have at most %d items.", maxStrategy)
		}
		weight := 0
		for _, item := range strategy {
			weight += item.Weight + item.Base
			if !slices.Contains(providers, item.CapacityProvider) {
				return refuse("InvalidParameterException", "The specified capacity provider strategy contains a capacity provider that is not associated with the cluster: %s.", item.CapacityProvider)
			}
		}
		if len(strategy) > 0 && weight == 0 {
			return refuse("InvalidParameterException", "The weight of at least one capacity provider must be greater than 0.")
		}
		return nil
	}
}

func checkLaunchType(in RunTaskInput, d TaskDefinition) *ECSError {
	if in.LaunchType != "" && !slices.Contains([]string{"EC2", "FARGATE", "EXTERNAL"}, in.LaunchType) {
		return refuse("InvalidParameterException", "Unknown launch type %s.", in.LaunchType)
	}
	allowed := d.Compatibilities
	if len(allowed) == 0 {
		allowed = d.RequiresCompatibilities
	}
	needs := launchTypeOf(in)
	// A provider that is not Fargate's may be one of Managed Instances.
	managed := len(in.CapacityProviderStrategy) > 0 && needs == "EC2" && slices.Contains(allowed, "MANAGED_INSTANCES")
	if len(allowed) > 0 && !slices.Contains(allowed, needs) && !managed {
		return refuse("InvalidParameterException", "Task definition does not support launch_type %s.", needs)
	}
	return nil
}

func checkNetwork(in RunTaskInput, d TaskDefinition) *ECSError {
	given := in.NetworkConfiguration != nil
	switch {
	case d.NetworkMode == "awsvpc" && (!given || len(in.NetworkConfiguration.Awsvpc.Subnets) == 0):
		return refuse("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case d.NetworkMode == "awsvpc" && in.NetworkConfiguration.Awsvpc.AssignPublicIP == "ENABLED" && launchTypeOf(in) != "FARGATE":
		return refuse("InvalidParameterException", "Assign public IP is not supported for this launch type.")
	case d.NetworkMode != "awsvpc" && given:
		return refuse("InvalidParameterException", "Network Configuration is not valid for the given networkMode of this task definition.")
	}
	return nil
}

// maxStrategies and maxConstraints are how many rules of placement a task may have.
const (
	maxStrategies  = 5
	maxConstraints = 10
)

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement.html
func checkPlacement(in RunTaskInput, _ TaskDefinition) *ECSError {
	switch {
	case launchTypeOf(in) == "FARGATE" && len(in.PlacementStrategy) > 0:
		return refuse("InvalidParameterException", "Placement strategies are not supported with FARGATE launch type.")
	case launchTypeOf(in) == "FARGATE" && len(in.PlacementConstraints) > 0:
		return refuse("InvalidParameterException", "Placement constraints are not supported with FARGATE launch type.")
	case len(in.PlacementStrategy) > maxStrategies:
		return refuse("InvalidParameterException", "placementStrategy cannot have more than %d elements.", maxStrategies)
	case len(in.PlacementConstraints) > maxConstraints:
		return refuse("InvalidParameterException", "placementConstraints cannot have more than %d elements.", maxConstraints)
	}
	return checkRules(in)
}

func checkRules(in RunTaskInput) *ECSError {
	for _, rule := range in.PlacementStrategy {
		if !slices.Contains([]string{"random", "spread", "binpack"}, rule.Type) {
			return refuse("InvalidParameterException", "Unknown placement strategy %s.", rule.Type)
		}
	}
	for _, rule := range in.PlacementConstraints {
		if rule.Type != "distinctInstance" && rule.Type != "memberOf" {
			return refuse("InvalidParameterException", "Unknown placement constraint %s.", rule.Type)
		}
	}
	return nil
}

// maxOverrides is how many characters of JSON the overrides may have.
const maxOverrides = 8192

func checkOverrides(in RunTaskInput, d TaskDefinition) *ECSError {
	if utf8.RuneCountInString(unescaped(in.Overrides)) > maxOverrides {
		return refuse("InvalidParameterException", "Container Overrides length must be at most %d", maxOverrides)
	}
	for _, o := range in.Overrides.ContainerOverrides {
		if !slices.ContainsFunc(d.ContainerDefinitions, func(c ContainerDefinition) bool { return c.Name == o.Name }) {
			return refuse("InvalidParameterException", "Override for container named %s is not a container in the TaskDefinition.", o.Name)
		}
	}
	return nil
}

func checkSize(in RunTaskInput, d TaskDefinition) *ECSError {
	if s := in.Overrides.EphemeralStorage; s != nil && (s.SizeInGiB < compatible.MinStorage || s.SizeInGiB > compatible.MaxStorage) {
		return refuse("InvalidParameterException", "The ephemeral storage size must be between %d and %d GiB.", compatible.MinStorage, compatible.MaxStorage)
	}
	if launchTypeOf(in) != "FARGATE" && in.Overrides.EphemeralStorage != nil {
		return refuse("InvalidParameterException", "Ephemeral storage is supported for tasks hosted on Fargate only.")
	}
	if launchTypeOf(in) != "FARGATE" {
		return nil
	}
	cpu, memory := number(first(in.Overrides.CPU, d.CPU)), number(first(in.Overrides.Memory, d.Memory))
	if cpu > 0 && memory > 0 && !slices.Contains(compatible.FargateMemory(cpu), memory) {
		return refuse("InvalidParameterException", "No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS documentation for the valid values.", cpu, memory)
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
	return strings.TrimSuffix(b.String(), "\n")
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0
	}
	return n
}
