package fake

import (
	"strings"

	"slipway/internal/compatible"
)

// said is what ECS says where one of these rules refuses. Of the others the words are not known, and are ours.
var said = map[string]string{
	"fargate-awsvpc":            "Fargate only supports network mode ‘awsvpc’.",
	"fargate-devices":           "Fargate compatible task definitions do not support devices",
	"fargate-docker":            "Fargate compatible task definitions do not support dockerSecurityOptions",
	"fargate-pair":              "No Fargate configuration exists for given values.",
	"fargate-placement":         "Fargate compatible task definitions do not support constraints",
	"fargate-service-placement": "Placement strategies are not supported with FARGATE launch type.",
	"fargate-volumes":           "Fargate compatible task definitions do not support sourcePath",
	"grace-period":              "Health check grace period is only valid for services configured to use load balancers",
	"host-port":                 "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
	"links":                     "Links are not supported when networkMode=awsvpc.",
	"one-of-them":               "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
	"platform-of-fargate":       "The platform version must be null when specifying an EC2 launch type.",
	"public-address":            "Assign public IP is not supported for this launch type.",
	"rebalancing":               "AvailabilityZoneRebalancing does not support maximumPercent <= 100",
	"service-moves":             "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments",
}

// Refused is an exception of ECS for what a rule refuses. It names the rule, for those who ask why.
func Refused(code string, r compatible.Refusal) *ECSError {
	text := first(said[r.Rule], strings.ToUpper(r.What[:1])+r.What[1:])
	return refuse(code, "%s [local: rule %s, %s]", text, r.Rule, r.Page)
}

// checkTable holds a task to the same table of rules as slipway check, where the whole definition is known.
func checkTable(in RunTaskInput, d TaskDefinition) *ECSError {
	if !d.Declared.Known {
		return nil
	}
	u := compatible.Use{Definition: d.Declared, Step: stepOf(in), PlatformVersion: in.PlatformVersion, Exec: in.EnableExecuteCommand}
	if names := d.Declared.ContainerNames(); len(names) > 0 {
		u.Container = names[0] // RunTask needs none
	}
	if len(in.Overrides.CPU)+len(in.Overrides.Memory) > 0 || in.Overrides.EphemeralStorage != nil {
		size := compatible.Size{CPU: number(in.Overrides.CPU), Memory: number(in.Overrides.Memory)}
		if s := in.Overrides.EphemeralStorage; s != nil {
			size.Storage = s.SizeInGiB
		}
		u.Sizes = []compatible.Size{size}
	}
	found := compatible.Examine(u)
	switch {
	case len(found) == 0:
		return nil
	case found[0].At == compatible.AtDefinition: // ECS would not have registered it
		return Refused("ClientException", found[0])
	}
	return Refused("InvalidParameterException", found[0])
}

// stepOf is where a task is to run, in the words of the table.
func stepOf(in RunTaskInput) string {
	if len(in.CapacityProviderStrategy) > 0 {
		return in.CapacityProviderStrategy[0].CapacityProvider
	}
	return launchTypeOf(in)
}
