package ecs_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"slipway/internal/fake"
	"slipway/internal/launch"
	"slipway/internal/run"
)

// modes are task definitions by name: what each is for, and its network mode.
var modes = map[string]struct {
	network string
	steps   []string
}{
	"awsvpc": {"awsvpc", []string{"EC2", "FARGATE_SPOT", "FARGATE", "instances", "managed"}},
	"bridge": {"bridge", []string{"EC2", "EXTERNAL", "instances"}},
	"host":   {"host", []string{"EC2", "EXTERNAL", "instances"}},
	"shared": {"awsvpc", []string{"managed"}}, // for Managed Instances alone
}

// ofEveryMode is a fake whose definitions are those.
func ofEveryMode() *fake.ECS {
	f := newFake()
	f.Providers = []string{"FARGATE", "FARGATE_SPOT", "instances", "managed"}
	f.Definition = func(name string) (fake.TaskDefinition, error) {
		for mode, m := range modes {
			if !strings.Contains(name, mode) {
				continue
			}
			compatible := []string{"EC2", "EXTERNAL"}
			switch mode {
			case "awsvpc":
				compatible = []string{"EC2", "FARGATE", "MANAGED_INSTANCES"}
			case "shared":
				compatible = []string{"MANAGED_INSTANCES"}
			}
			return fake.TaskDefinition{
				TaskDefinitionArn: "arn:aws:ecs:eu-north-1:111122223333:task-definition/" + mode + ":1", Family: mode, Status: "ACTIVE",
				NetworkMode: m.network, CPU: "256", Memory: "512", Compatibilities: compatible,
				ContainerDefinitions: []fake.ContainerDefinition{{Name: "main", Image: "i"}},
			}, nil
		}
		return fake.TaskDefinition{}, &fake.ECSError{Code: "ClientException", Message: "Unable to describe task definition.", Status: 400}
	}
	return f
}

// TestEveryStepIsAccepted decides a launch for each step of a capacity order with definitions of every network mode. What
// the adapter sends is what "slipway match" shows, and ECS, which the fake is as strict as, takes it.
func TestEveryStepIsAccepted(t *testing.T) {
	for mode, m := range modes {
		for _, step := range m.steps {
			t.Run(step+" with "+mode, func(t *testing.T) {
				f := ofEveryMode()
				inner, sent := f.Handler(nil), []byte(nil)
				e := openAt(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RunTask") {
						sent = body
					}
					r.Body = io.NopCloser(bytes.NewReader(body))
					inner.ServeHTTP(w, r)
				}))
				definition, err := e.Definition(t.Context(), mode)
				if err != nil {
					t.Fatal(err)
				}
				req := requestOn(t, step, m.steps, definition)
				if v := launch.Judge(e.Run(t.Context(), req)); v.Action != launch.Accepted {
					t.Fatalf("action = %s (%s %s), want it accepted", v.Action, v.Reason, v.Detail)
				}
				shown, err := json.Marshal(launch.DocumentOf(req))
				if err != nil {
					t.Fatal(err)
				}
				if got, want := value(t, sent), value(t, shown); !reflect.DeepEqual(got, want) {
					t.Errorf("sent\n%v\nshown\n%v", got, want)
				}
			})
		}
	}
}

// requestOn is the request of a run at a step.
func requestOn(t *testing.T, step string, steps []string, definition run.Definition) run.TaskRequest {
	t.Helper()
	j := run.Job{
		Name: "images", Resources: []run.Resources{{Over: 1, CPU: 1024, Memory: 2048, EphemeralStorage: 60}},
		Task: run.TaskSpec{
			Cluster: "work", Capacity: steps, Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-1"}, PublicIP: true, PlatformVersion: "1.4.0",
			Placement: run.Placement{
				Strategy:    []run.PlacementRule{{Type: "spread", Of: "instanceId"}, {Type: "random"}},
				Constraints: []run.PlacementRule{{Type: "memberOf", Of: "attribute:ecs.instance-type =~ c7g.*"}, {Type: "distinctInstance"}},
			},
		},
	}
	o := run.Object{Bucket: "b", Key: "k", Size: 5}
	r := run.New(run.ObjectID("stack", j.Name, o), j, run.ByObject, run.Input{Object: &o}, noon)
	r.Place.Step = slices.Index(steps, step)
	d, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: r, Definition: definition})
	if err != nil {
		t.Fatal(err)
	}
	r.Decision = &d
	return launch.Request("stack", r)
}

// value is a JSON text without what is false, since the SDK writes that out.
func value(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	for name, v := range out {
		if v == false {
			delete(out, name)
		}
	}
	return out
}

// TestWhatIsFargatesIsRefusedOnInstances holds the fake to what ECS refuses, so that the test above means something.
func TestWhatIsFargatesIsRefusedOnInstances(t *testing.T) {
	for name, change := range map[string]func(*run.Decision){
		"a public address":   func(d *run.Decision) { d.PublicIP = true },
		"ephemeral storage":  func(d *run.Decision) { d.EphemeralStorage = 60 },
		"a platform version": func(d *run.Decision) { d.PlatformVersion = "1.4.0" },
		"no network":         func(d *run.Decision) { d.Subnets = nil },
		"an unknown strategy": func(d *run.Decision) {
			d.Placement.Strategy = []run.PlacementRule{{Type: "pack"}}
		},
		"an unknown constraint": func(d *run.Decision) {
			d.Placement.Constraints = []run.PlacementRule{{Type: "only"}}
		},
		"eleven constraints": func(d *run.Decision) {
			d.Placement.Constraints = slices.Repeat([]run.PlacementRule{{Type: "distinctInstance"}}, 11)
		},
	} {
		for _, step := range []string{"EC2", "instances"} {
			f := ofEveryMode()
			definition, err := open(t, f).Definition(t.Context(), "awsvpc")
			if err != nil {
				t.Fatal(err)
			}
			req := requestOn(t, step, []string{step}, definition)
			change(&req.Decision)
			if v := launch.Judge(open(t, f).Run(t.Context(), req)); v.Action != launch.Give || v.Reason != "invalid-parameter" {
				t.Errorf("%s on %s: action = %s (%s), want it refused", name, step, v.Action, v.Detail)
			}
		}
	}
}
