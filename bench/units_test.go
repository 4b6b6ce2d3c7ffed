package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slipway/internal/cost"
	"slipway/internal/event"
	"slipway/internal/fake"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// quiet is a world that is told of everything at no cost to the table.
type quiet struct{ published atomic.Int64 }

func (q *quiet) Publish(context.Context, run.Run, run.Effect) error { q.published.Add(1); return nil }

func (q *quiet) Announce(context.Context, run.Incident, run.Notice) error { return nil }

func (q *quiet) Mail(context.Context, run.Incident, run.Notice) ([]string, error) { return nil, nil }

func (q *quiet) Bury(context.Context, run.Incident, run.Notice, error) error { return nil }

func (q *quiet) Nudge(context.Context, string) error { return nil }

// stage is the real orchestrator on the real ledger behind a meter, before an ECS in memory that tells what it does.
type stage struct {
	now    time.Time
	ecs    *fake.ECS
	told   *quiet
	o      *orchestrator.Orchestrator
	table  *ledger.Ledger
	meter  *meter
	events []fake.Event
}

func newStage(t *testing.T, jobs ...run.Job) *stage {
	t.Helper()
	s := &stage{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), told: &quiet{}}
	clock := func() time.Time { return s.now }
	s.ecs = cloud(clock)
	s.ecs.Emit = func(e fake.Event) { s.events = append(s.events, e) }
	s.table, s.meter = metered(t)
	s.o = orchestrator.New(orchestrator.Options{
		Stack: "slipway-prod", Jobs: jobs, Ledger: s.table, Tasks: fake.Tasks{ECS: s.ecs}, Effects: s.told, Files: &fake.Files{}, Bucket: "b", Now: clock,
	})
	return s
}

// deliver lets the notifier see what ECS has told of RUNNING and STOPPED tasks, as the rule of wiring.yaml lets through.
func (s *stage) deliver(t *testing.T) {
	t.Helper()
	events := s.events
	s.events = nil
	for _, e := range events {
		body, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := event.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		change, ok := decoded.(event.TaskChange)
		if !ok || change.Task.LastStatus != "RUNNING" && change.Task.LastStatus != "STOPPED" {
			continue
		}
		if err := s.o.Observe(t.Context(), change.Task); err != nil {
			t.Fatal(err)
		}
	}
}

// live lets every task run and end well.
func (s *stage) live(t *testing.T) {
	t.Helper()
	for _, task := range s.ecs.All() {
		s.now = s.now.Add(30 * time.Second)
		s.ecs.Move(task.TaskArn, "RUNNING")
		s.deliver(t)
		s.now = s.now.Add(time.Minute)
		s.ecs.End(task.TaskArn, fake.Ended{Exits: map[string]int{"main": 0}})
		s.deliver(t)
	}
}

func objectWants(job string, n int) []orchestrator.Want {
	var out []orchestrator.Want
	for i := range n {
		object := &run.Object{Bucket: "example-uploads", Key: fmt.Sprintf("incoming/2026/03/01/%08d.json", i), VersionID: "v4Kb1wJ0mD3c9Qx7L2aZ8yT6rN5pE0sU", ETag: "d41d8cd98f00b204e9800998ecf8427e", Sequencer: fmt.Sprintf("00673A1B2C3D4E5F%02X", i), Size: 2048}
		out = append(out, orchestrator.Want{Job: job, Trigger: run.ByObject, Input: run.Input{Object: object}})
	}
	return out
}

// bill lets so many objects come ten at a time, as SQS delivers them, and their tasks end well.
func bill(t *testing.T, job run.Job, objects int) (writes, reads float64) {
	t.Helper()
	s := newStage(t, job)
	wants := objectWants(job.Name, objects)
	for first := 0; first < objects; first += 10 {
		for _, a := range s.o.Admit(t.Context(), wants[first:min(first+10, objects)]) {
			if a.Err != nil {
				t.Fatal(a.Err)
			}
		}
	}
	s.live(t)
	if got := len(s.ecs.All()); got != 1 {
		t.Fatalf("%d objects have %d tasks, want one", objects, got)
	}
	return s.meter.reset()
}

// TestARunTakesTheUnitsThatCostSays holds the estimate of `slipway cost` to what the real code asks of a table.
func TestARunTakesTheUnitsThatCostSays(t *testing.T) {
	task := run.TaskSpec{
		Cluster: "example-cluster", Definition: "p", Capacity: []string{"FARGATE"}, Subnets: []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
	}
	alone := run.Job{Name: "objects", Task: task, Concurrency: run.Concurrency{Max: 50}}
	for name, tc := range map[string]struct {
		job     run.Job
		objects int
		want    cost.Units
	}{
		"an object by itself":    {alone, 1, cost.UnitsOf(1)},
		"a batch of ten objects": {run.Job{Name: "objects", Task: task, Batch: &run.Batch{MaxObjects: 10}}, 10, cost.UnitsOf(10)},
		"a batch of a hundred":   {run.Job{Name: "objects", Task: task, Batch: &run.Batch{MaxObjects: 100}}, 100, cost.UnitsOf(100)},
	} {
		t.Run(name, func(t *testing.T) {
			writes, reads := bill(t, tc.job, tc.objects)
			near(t, "write units", writes, tc.want.Writes)
			near(t, "read units", reads, tc.want.Reads)
		})
	}
}

// TestATickTakesTheUnitsThatCostSays is a tick of scheduler, and one of lifecycle-notifier, with nothing to do.
func TestATickTakesTheUnitsThatCostSays(t *testing.T) {
	var jobs []run.Job
	for i := range 20 {
		jobs = append(jobs, run.Job{Name: fmt.Sprintf("job-%02d", i), Trigger: run.JobTrigger{Schedule: &run.ScheduleTrigger{Expression: "cron(0 3 * * ? *)"}}})
	}
	s := newStage(t, jobs...)
	if _, err := s.o.Tick(t.Context()); err != nil { // the first one writes down that the jobs are known
		t.Fatal(err)
	}
	s.meter.reset()
	s.now = s.now.Add(time.Minute)
	if _, err := s.table.Acquire(t.Context(), "scheduler", "a", s.now, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := s.o.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.table.Release(t.Context(), "scheduler", "a"); err != nil {
		t.Fatal(err)
	}
	writes, reads := s.meter.reset()
	near(t, "write units of a tick", writes, cost.TickUnits(len(jobs)).Writes)
	near(t, "read units of a tick", reads, cost.TickUnits(len(jobs)).Reads)
	if err := s.o.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	writes, reads = s.meter.reset()
	near(t, "write units of a notifier's tick", writes, cost.NoticeUnits().Writes)
	near(t, "read units of a notifier's tick", reads, cost.NoticeUnits().Reads)
}

// near demands that the estimate is within a tenth of the write units that were measured. Read units, which cost a fifth, may
// differ by a quarter: how many runs of a batch are read again depends on who comes first.
func near(t *testing.T, what string, measured, estimated float64) {
	t.Helper()
	t.Logf("units of %s: %s: %.4g, estimated %.4g", strings.ReplaceAll(t.Name(), "_", " "), what, measured, estimated) // bench reads it
	tolerated := measured / 10
	if strings.HasPrefix(what, "read") {
		tolerated = measured / 4
	}
	if math.Abs(measured-estimated) > tolerated {
		t.Errorf("%s: %g are measured, and internal/cost says %g", what, measured, estimated)
	}
}
