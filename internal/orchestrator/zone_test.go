package orchestrator_test

import (
	"testing"

	"slipway/internal/fake"
	"slipway/internal/run"
)

// TestARunGoesToAZoneThatHasRoom takes the capacity of zones away, one by one, from a job that prefers Spot.
func TestARunGoesToAZoneThatHasRoom(t *testing.T) {
	for name, tc := range map[string]struct {
		out      []fake.Injection
		zone     string // empty: any but the first
		capacity string
	}{
		"every zone has room":              {nil, "eu-north-1a", "FARGATE_SPOT"},
		"one zone is out":                  {[]fake.Injection{{Zone: "eu-north-1a"}}, "", "FARGATE_SPOT"},
		"two zones are out":                {[]fake.Injection{{Zone: "eu-north-1a"}, {Zone: "eu-north-1b"}}, "eu-north-1c", "FARGATE_SPOT"},
		"Spot is out, in every zone":       {[]fake.Injection{{Provider: "FARGATE_SPOT"}}, "eu-north-1a", "FARGATE"},
		"Spot is out, and one zone wholly": {[]fake.Injection{{Provider: "FARGATE_SPOT"}, {Zone: "eu-north-1a"}}, "", "FARGATE"},
	} {
		t.Run(name, func(t *testing.T) {
			job := images()
			job.Task.Capacity, job.Task.Subnets = []string{"FARGATE_SPOT", "FARGATE"}, []string{"a1", "b1", "c1"}
			w := newWorld(t, job)
			definition := w.ecs.Definition
			w.ecs.Definition = func(n string) (fake.TaskDefinition, error) {
				d, err := definition(n)
				d.NetworkMode = "awsvpc"
				return d, err
			}
			w.ecs.Zones = map[string]string{"a1": "eu-north-1a", "b1": "eu-north-1b", "c1": "eu-north-1c"}
			for _, fault := range tc.out {
				fault.Kind = "no-capacity"
				if err := w.ecs.Inject(fault); err != nil {
					t.Fatal(err)
				}
			}
			w.admit(want("images", "k"))
			tasks := w.ecs.All()
			if len(tasks) != 1 {
				t.Fatalf("%d tasks, want one: %+v", len(tasks), w.onlyRun().History)
			}
			got := tasks[0]
			if got.CapacityProviderName != tc.capacity || tc.zone != "" && got.AvailabilityZone != tc.zone || tc.zone == "" && got.AvailabilityZone == "eu-north-1a" {
				t.Errorf("the task is in %s on %s, want %s on %s", got.AvailabilityZone, got.CapacityProviderName, tc.zone, tc.capacity)
			}
			if r := w.onlyRun(); r.State != run.Starting || r.TaskARN != got.TaskArn {
				t.Errorf("the run is %s with task %s, want it starting with %s", r.State, r.TaskARN, got.TaskArn)
			}
		})
	}
}
