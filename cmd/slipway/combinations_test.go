package main

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"slipway/internal/config/compile"
)

// tasks is a template with definitions for many places, and services.
const tasks = `AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Size: {Type: String}
  Mode: {Type: String, Default: bridge}
Conditions:
  Never: !Equals [!Ref Mode, never]
Resources:
  ObjectProcessorTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: good
      RequiresCompatibilities: [FARGATE, EC2]
      NetworkMode: awsvpc
      Cpu: .5 vCPU
      Memory: 1 GB
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: main, Image: nginx, LogConfiguration: {LogDriver: awslogs}}
  HourlyBatchTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: !Ref Mode
      Cpu: "512"
      Memory: "1536"
      EphemeralStorage: {SizeInGiB: 500}
      ContainerDefinitions:
        - {Name: main, Image: nginx, Privileged: true}
        - {Name: side, Image: nginx}
  QueueWorkerTask:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: awsvpc
      Cpu: !Ref Size
      Memory: !Ref Size
      ContainerDefinitions: [{Name: main, Image: nginx}]
  Absent:
    Type: AWS::ECS::TaskDefinition
    Condition: Never
    Properties: {NetworkMode: host}
  Group:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: instance}
  Web:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref ObjectProcessorTask
      LaunchType: FARGATE
      SchedulingStrategy: DAEMON
      LoadBalancers: [{TargetGroupArn: !Ref Group}]
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-1]}}
`

const uses = `version: 1
defaults:
  task:
    cluster: main
    roles: ["arn:aws:iam::123456789012:role/a"]
    capacity: [FARGATE_SPOT, FARGATE]
jobs:
  right:
    trigger: {s3: {bucket: example-in, key: "a/**"}}
    task: {definition: "${ObjectProcessorTask}"}
  by-family:
    trigger: {s3: {bucket: example-in, key: "b/**"}}
    task: {definition: "good:7", container: web, capacity: [EC2, EXTERNAL]}
  wrong:
    trigger: {s3: {bucket: example-in, key: "c/**"}}
    task:
      definition: "${HourlyBatchTask}"
      network: {subnets: [subnet-0123456789abcdef0]}
  open:
    trigger: {s3: {bucket: example-in, key: "d/**"}}
    task: {definition: "${QueueWorkerTask}"}
  elsewhere:
    trigger: {s3: {bucket: example-in, key: "e/**"}}
    task: {definition: nobody-knows-it}
`

func (s *session) template(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path("template.yaml"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func TestCheckRefusesWhatECSWould(t *testing.T) {
	s := newSession(t)
	s.write(uses)
	s.template(tasks)
	out, _ := s.run(exitProblem, "check", "--json")
	var answer checked
	decode(t, out, &answer)
	var got []string
	for _, p := range answer.Problems {
		file := p.File
		p.File = strings.TrimPrefix(file, s.folder+"/")
		got = append(got, p.File+" "+p.Path)
		if p.Line < 1 || p.Column < 1 || !strings.Contains(p.Message, "https://docs.aws.amazon.com/") {
			t.Errorf("%+v does not say where and by which page", p)
		}
		if p.Rule == "" || p.Remedy == "" || !strings.Contains(p.Message, p.Rule) || !strings.Contains(p.Message, p.Remedy) || !strings.Contains(p.Message, p.Page) {
			t.Errorf("%+v does not say by which rule, and what to write instead", p)
		}
	}
	want := []string{
		" jobs.by-family.task.container", " jobs.by-family.task.capacity[1]", " jobs.by-family.task.capacity[1]",
		" jobs.wrong.task.definition", " jobs.wrong.task.definition", " jobs.wrong.task.definition", " jobs.wrong.task.definition",
		" jobs.wrong.task.network", " defaults.task.capacity[0]", " defaults.task.capacity[1]",
		"template.yaml Resources.Web", "template.yaml Resources.Web",
	}
	if len(got) != len(want) {
		t.Fatalf("found %d:\n%s", len(got), out)
	}
	for _, w := range want {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+w+"\n") {
			t.Errorf("nothing is found at %q:\n%s", w, out)
		}
	}
	contains(t, out, "ObjectProcessorTask has no container web", "HourlyBatchTask asks for 500 GiB", "with 512 CPU units take 1024 to 4096 MiB", "privileged", "2 containers, and the job does not say which one",
		"network mode bridge, and Fargate takes awsvpc only", "no network of its own", "EXTERNAL has no VPC", "the service is a DAEMON", "targets of type instance")
	_, errs := s.run(exitProblem, "generate")
	contains(t, errs, "Fargate takes awsvpc only")
	if _, err := os.Stat(s.path("wiring.yaml")); err == nil {
		t.Error("generate wrote what check refuses")
	}
}

func TestCheckTakesParametersAndTemplates(t *testing.T) {
	s := newSession(t)
	s.write(strings.ReplaceAll(uses, "${HourlyBatchTask}", "${ObjectProcessorTask}"))
	s.template("Resources: {}\n")
	s.run(exitDone, "check") // nothing is declared, so nothing is known
	other := s.path("tasks.yaml")
	if err := os.WriteFile(other, []byte(tasks), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs := s.run(exitProblem, "check", "--template", other, "--value", "Size=512")
	contains(t, errs, "tasks.yaml:", "QueueWorkerTask has 512 CPU units and 512 MiB")
	_, errs = s.run(exitUsage, "check", "--template", s.path("nowhere.yaml"))
	contains(t, errs, "nowhere.yaml")
	s.template("Resources: [")
	_, errs = s.run(exitUsage, "check")
	contains(t, errs, "template.yaml")
}

func TestLocateFindsDefaults(t *testing.T) {
	for path, want := range map[string]string{
		"jobs.right.task.definition":      "jobs.right.task.definition",
		"jobs.right.task.capacity[1]":     "defaults.task.capacity[1]",
		"jobs.by-family.task.capacity[1]": "jobs.by-family.task.capacity[1]",
		"jobs.right.task.container":       "jobs.right.task",
		"jobs.right.resources":            "jobs.right",
		"jobs.none.task":                  "jobs",
	} {
		if got := compile.Locate([]byte(uses), path); got.Path != want || got.Line < 2 {
			t.Errorf("%s is at %+v, want %s", path, got, want)
		}
	}
}

func TestCheckAnswersWithProblemsAsBefore(t *testing.T) {
	s := newSession(t)
	s.write("version: 1\njobs: 3\n")
	out, _ := s.run(exitProblem, "check", "--json")
	var answer struct{ Problems []map[string]any }
	if err := json.Unmarshal([]byte(out), &answer); err != nil || len(answer.Problems) == 0 {
		t.Fatalf("%v: %s", err, out)
	}
	if _, there := answer.Problems[0]["file"]; there {
		t.Errorf("a problem of slipway.yaml names a file: %v", answer.Problems[0])
	}
}

// TestCheckLooksAtDefinitionsThatNobodyUses: ECS refuses to register them.
func TestCheckLooksAtDefinitionsThatNobodyUses(t *testing.T) {
	s := newSession(t)
	s.template(`Resources:
  Lonely:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE]
      NetworkMode: host
      Cpu: "256"
      Memory: "8192"
      ContainerDefinitions: [{Name: main, Image: nginx, StopTimeout: 300}]
  Fine:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [EXTERNAL, EC2]
      NetworkMode: bridge
      ContainerDefinitions: [{Name: main, Image: nginx, Memory: 128}, {Name: side, Image: nginx, Memory: 128}]
  Apart:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [MANAGED_INSTANCES]
      NetworkMode: bridge
      EphemeralStorage: {SizeInGiB: 30}
      ContainerDefinitions: [{Name: main, Image: nginx, Memory: 128}]
`)
	out, _ := s.run(exitProblem, "check", "--json")
	var answer checked
	decode(t, out, &answer)
	var lonely, apart int
	for _, p := range answer.Problems {
		switch {
		case p.Path == "Resources.Lonely" && p.Line == 2:
			lonely++
		case p.Path == "Resources.Apart":
			apart++
		default:
			t.Errorf("got %+v", p)
		}
	}
	if lonely != 3 || apart != 2 {
		t.Errorf("found %d and %d mistakes, want network mode, size and stop timeout, and network mode and storage:\n%s", lonely, apart, out)
	}
}

// servicesOfECS are services, each named after the rule that refuses it, or Right, with what each says beside the usual.
var servicesOfECS = map[string]map[string]string{
	"Right1":                  {},
	"Right2":                  {"DesiredCount": "!Ref Count", "DeploymentConfiguration": "{MinimumHealthyPercent: !Ref Count, MaximumPercent: 100}"},
	"Right3":                  {"DeploymentConfiguration": "{MinimumHealthyPercent: 50, MaximumPercent: 150}"},
	"ServiceMoves":            {"DeploymentConfiguration": "{MaximumPercent: 100}"},
	"BalancedContainer":       {"LoadBalancers": "[{TargetGroupArn: !Ref Group, ContainerName: app, ContainerPort: 80}]"},
	"GracePeriod":             {"LoadBalancers": ""},
	"PublicAddress":           {"LaunchType": "EC2"},
	"PlatformOfFargate":       {"LaunchType": "EC2", "PlatformVersion": "LATEST", "NetworkConfiguration": "{AwsvpcConfiguration: {Subnets: [subnet-1]}}"},
	"FargateServicePlacement": {"PlacementConstraints": "[{Type: distinctInstance}]"},
	"FargateDaemon":           {"SchedulingStrategy": "DAEMON"},
	"OneOfThem":               {"CapacityProviderStrategy": "[{CapacityProvider: FARGATE, Weight: 1}]"},
	"OneKind": {
		"LaunchType": "", "CapacityProviderStrategy": "[{CapacityProvider: FARGATE, Weight: 1}, {CapacityProvider: mine, Weight: 1}]",
		"NetworkConfiguration": "{AwsvpcConfiguration: {Subnets: [subnet-1]}}",
	},
	"Strategy":       {"LaunchType": "", "CapacityProviderStrategy": "[{CapacityProvider: FARGATE, Weight: 0}, {CapacityProvider: FARGATE_SPOT, Weight: 0}]"},
	"Rebalancing":    {"AvailabilityZoneRebalancing": "ENABLED", "DeploymentConfiguration": "{MinimumHealthyPercent: 50, MaximumPercent: 100}"},
	"TargetType":     {"LoadBalancers": "[{TargetGroupArn: !Ref Other, ContainerName: web, ContainerPort: 80}]"},
	"ServiceNetwork": {"NetworkConfiguration": ""},
}

// TestCheckRefusesServicesThatECSWould: each service is refused by the rule that it is named after, and by no other.
func TestCheckRefusesServicesThatECSWould(t *testing.T) {
	var b strings.Builder
	b.WriteString(`Parameters:
  Count: {Type: Number}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      RequiresCompatibilities: [FARGATE, EC2]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions: [{Name: web, Image: nginx, PortMappings: [{ContainerPort: 80}]}]
  Group: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: ip}}
  Other: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: instance}}
`)
	for id, says := range servicesOfECS {
		properties := map[string]string{
			"TaskDefinition": "!Ref Task", "LaunchType": "FARGATE", "HealthCheckGracePeriodSeconds": "30",
			"LoadBalancers":        "[{TargetGroupArn: !Ref Group, ContainerName: web, ContainerPort: 80}]",
			"NetworkConfiguration": "{AwsvpcConfiguration: {Subnets: [subnet-1], AssignPublicIp: ENABLED}}",
		}
		maps.Copy(properties, says)
		b.WriteString("  " + id + ":\n    Type: AWS::ECS::Service\n    Properties:\n")
		for name, value := range properties {
			if value != "" {
				b.WriteString("      " + name + ": " + value + "\n")
			}
		}
	}
	s := newSession(t)
	s.template(b.String())
	out, _ := s.run(exitProblem, "check", "--json")
	var answer checked
	decode(t, out, &answer)
	found := map[string]bool{}
	for _, p := range answer.Problems {
		id := strings.TrimPrefix(p.Path, "Resources.")
		found[id] = true
		if strings.ReplaceAll(p.Rule, "-", "") != strings.ToLower(id) {
			t.Errorf("%s is refused by %s: %s", id, p.Rule, p.Message)
		}
	}
	for id := range servicesOfECS {
		if found[id] == strings.HasPrefix(id, "Right") {
			t.Errorf("%s is refused: %v", id, found[id])
		}
	}
}
