package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// slowly lets each call to the table take as long as a call to DynamoDB does.
func slowly(wait time.Duration) func(string, bool) error {
	return func(_ string, after bool) error {
		if !after {
			time.Sleep(wait)
		}
		return nil
	}
}

// BenchmarkTick is a tick of 200 hourly jobs that are all due, with 5,000 active runs to look after, where each call to
// the table takes 5 ms and each call to ECS 20 ms.
func BenchmarkTick(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		o, settle := busy(b)
		settle()
		b.StartTimer()
		if _, err := o.Tick(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// busy is a scheduler with its hands full. Settle begins the minute that is measured.
func busy(tb testing.TB) (o *orchestrator.Orchestrator, settle func()) {
	tb.Helper()
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	ledger := &fake.Ledger{}
	ecs := cloud(clock)
	task := run.TaskSpec{Cluster: "c", Definition: "p", Capacity: []string{"FARGATE"}}
	jobs := []run.Job{{Name: "objects", Task: task}}
	for i := range 200 {
		hourly := &run.ScheduleTrigger{Expression: "cron(0 * * * ? *)"}
		jobs = append(jobs, run.Job{Name: fmt.Sprintf("hourly-%03d", i), Task: task, Trigger: run.JobTrigger{Schedule: hourly}})
	}
	o = orchestrator.New(orchestrator.Options{Stack: "bench", Jobs: jobs, Ledger: ledger, Tasks: fake.Tasks{ECS: ecs}, Now: clock})
	if _, err := o.Tick(context.Background()); err != nil {
		tb.Fatal(err)
	}
	var wants []orchestrator.Want
	for i := range 5000 {
		object := &run.Object{Bucket: "b", Key: fmt.Sprint(i), VersionID: "v"}
		wants = append(wants, orchestrator.Want{Job: "objects", Trigger: run.ByObject, Input: run.Input{Object: object}})
	}
	o.Admit(context.Background(), wants)
	return o, func() {
		now = now.Add(30*time.Minute + time.Second)
		ledger.Fault = slowly(5 * time.Millisecond)
		ecs.Fault = func(string) *fake.Fault { time.Sleep(20 * time.Millisecond); return nil }
	}
}
