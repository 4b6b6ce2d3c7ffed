package orchestrator_test

import (
	"testing"

	"slipway/internal/fake"
	"slipway/internal/run"
)

// TestEveryStepOfTheOrderStartsATask takes the capacity of the steps away, one after the other. The job has all that some
// step takes, and ECS refuses what a step does not take: each launch is right for where it goes.
func TestEveryStepOfTheOrderStartsATask(t *testing.T) {
	for name, tc := range map[string]struct {
		network    string
		compatible []string
		order      []string
	}{
		"instances, then Spot, then on demand": {"awsvpc", []string{"EC2", "FARGATE"}, []string{"EC2", "FARGATE_SPOT", "FARGATE"}},
		"providers of one's own among them":    {"awsvpc", []string{"EC2", "FARGATE", "MANAGED_INSTANCES"}, []string{"FARGATE_SPOT", "managed", "instances", "FARGATE"}},
		"machines of one's own, then EC2":      {"bridge", []string{"EC2", "EXTERNAL"}, []string{"EXTERNAL", "instances", "EC2"}},
	} {
		for at, step := range tc.order {
			t.Run(name+": "+step, func(t *testing.T) {
				w := newWorld(t, everywhere(tc.order))
				w.ecs.Providers = []string{"FARGATE", "FARGATE_SPOT", "instances", "managed"}
				definition := w.ecs.Definition
				w.ecs.Definition = func(n string) (fake.TaskDefinition, error) {
					d, err := definition(n)
					d.NetworkMode, d.Compatibilities = tc.network, tc.compatible
					return d, err
				}
				for _, before := range tc.order[:at] {
					if err := w.ecs.Inject(fake.Injection{Kind: "no-capacity", Provider: before}); err != nil {
						t.Fatal(err)
					}
				}
				w.admit(want("images", "k"))
				for range tc.order[:at] { // a provider never says no: its task waits, is stopped, and the next step is asked
					if task := w.active()[0]; capacityOf(task) != step {
						w.minutes(10)
						w.stopped(task.TaskArn, fake.Ended{StopCode: "UserInitiated"})
						w.minutes(1)
					}
				}
				got := w.active()[0]
				if where := capacityOf(got); where != step {
					t.Fatalf("the task is on %q, want %s: %+v", where, step, w.onlyRun().History)
				}
				onFargate := step == "FARGATE" || step == "FARGATE_SPOT"
				if (got.PlatformVersion == "1.4.0") != onFargate || (len(got.Attachments) > 0) != (tc.network == "awsvpc") {
					t.Errorf("on %s it has the platform %q and the attachments %v", step, got.PlatformVersion, got.Attachments)
				}
			})
		}
	}
}

// everywhere is a job with the order, and with all that some step takes.
func everywhere(order []string) run.Job {
	job := images()
	job.Task.Capacity, job.Task.Subnets, job.Task.SecurityGroups, job.Task.PublicIP = order, []string{"a1"}, []string{"sg-1"}, true
	job.Task.PlatformVersion = "1.4.0"
	job.Task.Placement = run.Placement{
		Strategy:    []run.PlacementRule{{Type: "binpack", Of: "memory"}},
		Constraints: []run.PlacementRule{{Type: "memberOf", Of: "attribute:rack == cellar"}},
	}
	job.Resources = []run.Resources{{Over: 0, EphemeralStorage: 50}}
	return job
}

func capacityOf(t fake.Task) string {
	if t.CapacityProviderName != "" {
		return t.CapacityProviderName
	}
	return t.LaunchType
}
