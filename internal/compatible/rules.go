package compatible

import (
	"fmt"
	"slices"
	"strings"
)

// Refusal is a rule that refuses a use.
type Refusal struct {
	Rule   string `json:"rule"`   // its ID
	What   string `json:"what"`   // what is wrong here
	Remedy string `json:"remedy"` // what to write instead
	Page   string `json:"page"`   // of AWS, that says so
	At     At     `json:"-"`      // which part of a job is at fault
}

// String is the refusal in a line.
func (r Refusal) String() string {
	return fmt.Sprintf("%s; %s (rule %s, %s)", r.What, r.Remedy, r.Rule, r.Page)
}

// At is a part of a job, or of a service.
type At string

// The parts.
const (
	AtDefinition At = "definition"
	AtStep       At = "capacity"
	AtContainer  At = "container"
	AtNetwork    At = "network"
	AtPlatform   At = "platformVersion"
	AtPlacement  At = "placement"
	AtExec       At = "enableExecuteCommand"
	AtSizes      At = "resources"
)

// Rule is one rule of ECS.
type Rule struct {
	ID   string
	Says string // the rule, in a sentence
	Page string
	At   At
	// finds says what is wrong with a use, and what to write instead; nothing when the rule accepts it.
	finds func(Use) (what, remedy string)
}

const (
	aws          = "https://docs.aws.amazon.com/AmazonECS/latest/"
	fargate      = aws + "developerguide/fargate-tasks-services.html"
	register     = aws + "APIReference/API_RegisterTaskDefinition.html"
	external     = aws + "developerguide/ecs-anywhere.html"
	networking   = aws + "developerguide/task-networking.html"
	managed      = aws + "developerguide/ManagedInstances.html"
	managedTasks = aws + "developerguide/managed-instances-tasks-services.html"
	services     = aws + "APIReference/API_CreateService.html"
)

// Examine returns every refusal of a use, in the order of the rules.
func Examine(u Use) []Refusal {
	var out []Refusal
	for _, r := range Rules() {
		if what, remedy := r.finds(u); what != "" {
			out = append(out, Refusal{r.ID, what, remedy, r.Page, r.At})
		}
	}
	return out
}

// Alone returns every refusal of a definition by itself, wherever it says that it may run: ECS does not register it.
func Alone(d Definition) []Refusal {
	places := d.Compatibilities
	if len(places) == 0 {
		places = []string{""} // wherever it runs
	}
	var out []Refusal
	for _, at := range places {
		u := Use{Definition: d, Step: at, Service: &Service{Configured: d.NetworkMode == "awsvpc"}}
		if at == "MANAGED_INSTANCES" {
			u.Provider = Managed
		}
		out = append(out, Examine(u)...)
	}
	return out
}

// Rules are all rules.
func Rules() []Rule {
	return slices.Concat(placeRules(), networkRules(), addressRules(), sizeRules(), memoryRules(), platformRules(), containerRules(),
		fargateRules(), linuxRules(), managedRules(), externalRules(), serviceRules(), strategyRules())
}

// none is what a rule finds that accepts.
func none() (what, remedy string) { return "", "" }

// each reports the containers for which bad holds.
func each(u Use, bad func(Container) bool, what, remedy string) (string, string) {
	var names []string
	for _, c := range u.Containers {
		if bad(c) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return none()
	}
	return fmt.Sprintf("container %s of %s %s", strings.Join(names, ", "), u.Name, what), remedy
}

// placeRules: where a definition may run at all.
func placeRules() []Rule { //nolint:gocyclo // a table: each rule is a function of its own
	return []Rule{
		{"compatibility", "A task runs where its definition is compatible with.", register, AtStep, func(u Use) (string, string) {
			needs := u.needs()
			has := func(place string) bool { return slices.Contains(u.Compatibilities, place) }
			switch {
			case len(u.Compatibilities) == 0 || has(needs):
				return none()
			case needs == "" && u.own() && !has("EC2") && !has("MANAGED_INSTANCES"):
				needs = "EC2 or MANAGED_INSTANCES"
			case needs == "":
				return none()
			}
			return fmt.Sprintf("%s is for %s, and %s wants %s", u.Name, strings.Join(u.Compatibilities, ", "), u.Step, needs),
				fmt.Sprintf("add %s to its RequiresCompatibilities, or take %s out of the capacity", needs, u.Step)
		}},
		{"spot-windows", "Fargate Spot has no Windows.", aws + "developerguide/fargate-capacity-providers.html", AtStep, func(u Use) (string, string) {
			if u.Step != "FARGATE_SPOT" || !u.windows() {
				return none()
			}
			return fmt.Sprintf("%s is of %s, and Fargate Spot runs Linux only", u.Name, u.System), "write FARGATE instead of FARGATE_SPOT"
		}},
		{"arm64-platform", "Fargate runs ARM64 from platform version 1.4.0 on.", aws + "developerguide/ecs-arm64.html", AtPlatform, func(u Use) (string, string) {
			if u.Step != "FARGATE" || u.Architecture != "ARM64" || !older(u.PlatformVersion) {
				return none()
			}
			return fmt.Sprintf("%s is for ARM64, which Fargate does not run on platform version %s", u.Name, u.PlatformVersion), "write 1.4.0 or LATEST, or remove the line"
		}},
		{"spot-arm64", "Fargate Spot runs ARM64 from platform version 1.4.0 on.", aws + "developerguide/fargate-capacity-providers.html", AtPlatform, func(u Use) (string, string) {
			if u.Step != "FARGATE_SPOT" || u.Architecture != "ARM64" || !older(u.PlatformVersion) {
				return none()
			}
			return fmt.Sprintf("%s is for ARM64, which Fargate Spot does not run on platform version %s", u.Name, u.PlatformVersion), "write 1.4.0 or LATEST, or remove the line"
		}},
		{"windows-arm64", "Windows runs on X86_64 only.", register, AtDefinition, func(u Use) (string, string) {
			if !u.windows() || u.Architecture != "ARM64" {
				return none()
			}
			return fmt.Sprintf("%s asks for %s on ARM64", u.Name, u.System), "set RuntimePlatform.CpuArchitecture to X86_64"
		}},
		{"fargate-placement", "Fargate places its tasks itself.", fargate, AtDefinition, func(u Use) (string, string) {
			if !u.onFargate() || !u.Constraints {
				return none()
			}
			return u.Name + " has placement constraints, which Fargate does not take", "remove PlacementConstraints, or run it on EC2"
		}},
		{"exec-role", "ECS Exec needs a task role, over which the agent opens its channel.", aws + "developerguide/ecs-exec.html", AtExec, func(u Use) (string, string) {
			if !u.Exec || !u.Known || u.TaskRole {
				return none()
			}
			return u.Name + " has no task role, which ECS Exec needs", "give it a TaskRoleArn that allows ssmmessages:*Channel, or remove enableExecuteCommand"
		}},
		{"exec-platform", "On Fargate ECS Exec needs platform version 1.4.0.", aws + "developerguide/ecs-exec.html", AtPlatform, func(u Use) (string, string) {
			if !u.onFargate() || !u.Exec || !older(u.PlatformVersion) {
				return none()
			}
			return "ECS Exec is not there on platform version " + u.PlatformVersion, "write 1.4.0 or LATEST, or remove enableExecuteCommand"
		}},
	}
}

// older reports whether a platform version is before 1.4.0.
func older(version string) bool {
	return slices.Contains([]string{"1.0.0", "1.1.0", "1.2.0", "1.3.0"}, version)
}
