package main

import (
	"context"
	"fmt"
	"time"

	"slipway/bench/internal/measure"
	"slipway/internal/cost"
	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// least is what Fargate bills at least: each second from the pull of the image to the end of the task, and a minute at
// least. https://aws.amazon.com/fargate/pricing/
const least = time.Minute

// The task of the example object-processor, and how long a Fargate task needs until its container works.
const (
	vCPU     = 0.5
	gigabyte = 1.0
	startUp  = 35 * time.Second
)

func dollars(task time.Duration) float64 {
	return max(task, least).Hours() * cost.Published().FargateHour(vCPU, gigabyte, false)
}

const objects = 10_000

// cloud is ECS with one task definition and all the capacity there is.
func cloud(now func() time.Time) *fake.ECS {
	return &fake.ECS{
		Region: "eu-north-1", Account: "111122223333", Now: now, Providers: []string{"FARGATE"},
		Definition: func(string) (fake.TaskDefinition, error) {
			return fake.TaskDefinition{TaskDefinitionArn: "arn:aws:ecs:eu-north-1:111122223333:task-definition/p:1", ContainerDefinitions: []fake.ContainerDefinition{{Name: "main"}}}, nil
		},
	}
}

// tasksFor lets the real code gather and launch the objects, and returns how many of them each task got.
func tasksFor(batch *run.Batch) ([]int, error) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	ledger := &fake.Ledger{}
	ecs := cloud(clock)
	job := run.Job{Name: "small", Batch: batch, Task: run.TaskSpec{Cluster: "c", Definition: "p", Capacity: []string{"FARGATE"}}}
	o := orchestrator.New(orchestrator.Options{
		Stack: "bench", Jobs: []run.Job{job}, Ledger: ledger, Tasks: fake.Tasks{ECS: ecs}, Files: &fake.Files{}, Bucket: "b", Now: clock,
	})
	for first := 0; first < objects; first += 10 { // as SQS delivers them
		var wants []orchestrator.Want
		for i := range 10 {
			object := &run.Object{Bucket: "b", Key: fmt.Sprintf("incoming/%05d.json", first+i), VersionID: "v", Size: 2048}
			wants = append(wants, orchestrator.Want{Job: "small", Trigger: run.ByObject, Input: run.Input{Object: object}})
		}
		for _, a := range o.Admit(context.Background(), wants) {
			if a.Err != nil {
				return nil, a.Err
			}
		}
	}
	now = now.Add(10 * time.Minute) // what did not fill a batch
	if err := o.LaunchQueued(context.Background(), "small"); err != nil {
		return nil, err
	}
	var out []int
	for _, r := range ledger.All() {
		switch {
		case r.Objects != nil:
			out = append(out, len(r.Objects.Members))
		case r.Member == "":
			out = append(out, 1)
		}
	}
	if len(out) != len(ecs.All()) {
		return nil, fmt.Errorf("%d runs have %d tasks", len(out), len(ecs.All())) //nolint:err113 // for a person
	}
	return out, nil
}

func money(tasks []int, work time.Duration) float64 {
	sum := 0.0
	for _, n := range tasks {
		sum += dollars(startUp + time.Duration(n)*work)
	}
	return sum
}

// batchOf is how many objects share a task in the table.
const batchOf = 100

// works are the times of work an object that the table is for.
var works = []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}

// batches is what small objects cost by tasks of one object each and by batches.
func batches() (measure.Table, error) {
	say("%d small objects in batches", objects)
	t := measure.Table{
		Title: "Many small objects", Columns: []string{"work an object", "a task each", "batches of 100", "ratio"},
		Note: fmt.Sprintf("What %d small objects cost. The tasks are those that the code launches, each billed for %s of start-up and its work, a minute "+
			"at least, with half a vCPU and 1 GB on ARM.", objects, startUp),
	}
	alone, err := tasksFor(nil)
	if err != nil {
		return t, err
	}
	together, err := tasksFor(&run.Batch{MaxObjects: batchOf})
	if err != nil {
		return t, err
	}
	worst := 0.0
	for _, work := range works {
		one, many := money(alone, work), money(together, work)
		t.Rows = append(t.Rows, []string{work.String(), fmt.Sprintf("%d tasks, $%.2f", len(alone), one), fmt.Sprintf("%d tasks, $%.3f", len(together), many), fmt.Sprintf("1/%.0f", one/many)})
		worst = max(worst, many/one)
	}
	t.Goals = []measure.Goal{{What: "cost of batches over that of a task each, the worst", Got: worst, Limit: 0.05}}
	return t, nil
}
