package launch_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"slipway/internal/launch"
	"slipway/internal/run"
)

// everywhere is a job that has all that some step of a capacity order takes.
func everywhere() run.Job {
	return run.Job{
		Name: "images",
		Task: run.TaskSpec{
			Cluster: "c", Capacity: []string{"EC2", "FARGATE_SPOT", "FARGATE", "EXTERNAL", "instances", "managed"},
			Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-1"}, PublicIP: true, PlatformVersion: "1.4.0",
			Placement: run.Placement{
				Strategy:    []run.PlacementRule{{Type: "spread", Of: "attribute:ecs.availability-zone"}, {Type: "random"}},
				Constraints: []run.PlacementRule{{Type: "memberOf", Of: "attribute:ecs.instance-type =~ c7g.*"}, {Type: "distinctInstance"}},
			},
		},
		Resources: []run.Resources{{Over: 1, CPU: 1024, Memory: 2048, EphemeralStorage: 60}},
	}
}

// launchedOn is the request of a step, as a map.
func launchedOn(t *testing.T, j run.Job, step, mode string) map[string]any {
	t.Helper()
	r := objectRun(j, "k", 5)
	r.Place.Step = slices.Index(j.Task.Capacity, step)
	definition := run.Definition{ARN: "arn:d:3", NetworkMode: mode, Containers: []run.ContainerDefinition{{Name: "main"}}}
	d, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: r, Definition: definition})
	if err != nil {
		t.Fatal(err)
	}
	r.Decision = &d
	text, err := json.Marshal(launch.DocumentOf(launch.Request("stack", r)))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// parse is a JSON text as a value; an empty one is nothing.
func parse(t *testing.T, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	var out any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryStepHasItsRequest goes through all steps and all network modes.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func TestEveryStepHasItsRequest(t *testing.T) {
	const (
		strategy    = `[{"type":"spread","field":"attribute:ecs.availability-zone"},{"type":"random"}]`
		constraints = `[{"type":"memberOf","expression":"attribute:ecs.instance-type =~ c7g.*"},{"type":"distinctInstance"}]`
		public      = `{"awsvpcConfiguration":{"subnets":["subnet-1","subnet-2"],"securityGroups":["sg-1"],"assignPublicIp":"ENABLED"}}`
		private     = `{"awsvpcConfiguration":{"subnets":["subnet-1","subnet-2"],"securityGroups":["sg-1"],"assignPublicIp":"DISABLED"}}`
	)
	provider := func(name string) string { return `[{"capacityProvider":"` + name + `","weight":1}]` }
	type want struct{ launchType, provider, platform, network, strategy, constraints, storage string }
	fargate := func(name string) want {
		return want{"", provider(name), `"1.4.0"`, public, "", "", `{"sizeInGiB":60}`}
	}
	instances := func(launchType, provider, network string) want {
		return want{launchType, provider, "", network, strategy, constraints, ""}
	}
	for step, w := range map[string]want{
		"FARGATE":      fargate("FARGATE"),
		"FARGATE_SPOT": fargate("FARGATE_SPOT"),
		"EC2":          instances(`"EC2"`, "", private),
		"EXTERNAL":     instances(`"EXTERNAL"`, "", ""),
		"instances":    instances("", provider("instances"), private),
		"managed":      instances("", provider("managed"), private),
	} {
		for _, mode := range []string{"awsvpc", "bridge", "host", "none", ""} {
			t.Run(step+" in mode "+mode, func(t *testing.T) {
				got := launchedOn(t, everywhere(), step, mode)
				network := w.network
				if mode != "awsvpc" {
					network = ""
				}
				overrides, _ := got["overrides"].(map[string]any)
				for key, pair := range map[string][2]any{
					"launchType":               {got["launchType"], parse(t, w.launchType)},
					"capacityProviderStrategy": {got["capacityProviderStrategy"], parse(t, w.provider)},
					"platformVersion":          {got["platformVersion"], parse(t, w.platform)},
					"networkConfiguration":     {got["networkConfiguration"], parse(t, network)},
					"placementStrategy":        {got["placementStrategy"], parse(t, w.strategy)},
					"placementConstraints":     {got["placementConstraints"], parse(t, w.constraints)},
					"ephemeralStorage":         {overrides["ephemeralStorage"], parse(t, w.storage)},
					"cpu":                      {overrides["cpu"], "1024"},
				} {
					if !reflect.DeepEqual(pair[0], pair[1]) {
						t.Errorf("%s = %v, want %v", key, pair[0], pair[1])
					}
				}
			})
		}
	}
}

// TestAStepThatTheDefinitionIsNotForIsGivenUp says what to write before ECS refuses it.
func TestAStepThatTheDefinitionIsNotForIsGivenUp(t *testing.T) {
	for _, tc := range []struct {
		step          string
		compatible    []string
		mode, refused string
	}{
		{"EC2", []string{"FARGATE"}, "awsvpc", "add EC2"},
		{"FARGATE", []string{"EC2", "EXTERNAL"}, "bridge", "add FARGATE"},
		{"FARGATE_SPOT", []string{"EC2"}, "host", "take FARGATE_SPOT out"},
		{"EXTERNAL", []string{"EC2", "FARGATE"}, "awsvpc", "add EXTERNAL"},
		{"EC2", []string{"EC2", "FARGATE"}, "awsvpc", ""},
		{"EXTERNAL", []string{"EC2", "EXTERNAL"}, "bridge", ""},
		{"instances", []string{"FARGATE"}, "awsvpc", ""}, // what it needs is known to ECS alone
		{"FARGATE", nil, "awsvpc", ""},
	} {
		j := everywhere()
		r := objectRun(j, "k", 5)
		r.Place.Step = slices.Index(j.Task.Capacity, tc.step)
		definition := run.Definition{ARN: "arn:d:3", NetworkMode: tc.mode, Compatibilities: tc.compatible, Containers: []run.ContainerDefinition{{Name: "main"}}}
		_, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: r, Definition: definition})
		var e *run.Error
		switch {
		case tc.refused == "" && err != nil:
			t.Errorf("%s with %v: %v", tc.step, tc.compatible, err)
		case tc.refused != "" && (!errors.As(err, &e) || run.Retryable(err) || e.Reason != "capacity-incompatible" || !strings.Contains(err.Error(), tc.refused)):
			t.Errorf("%s with %v: error = %v, want one that says %q", tc.step, tc.compatible, err, tc.refused)
		}
	}
}
