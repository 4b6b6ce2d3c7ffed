package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

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
func tasksFor(tb testing.TB, batch *run.Batch) []int {
	tb.Helper()
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
				tb.Fatal(a.Err)
			}
		}
	}
	now = now.Add(10 * time.Minute) // what did not fill a batch
	if err := o.LaunchQueued(context.Background(), "small"); err != nil {
		tb.Fatal(err)
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
		tb.Fatalf("%d runs have %d tasks", len(out), len(ecs.All()))
	}
	return out
}

// TestABatchCostsATwentieth prints what 10,000 small objects cost by tasks of one object each and by batches of a
// hundred, for several times of work an object.
func TestABatchCostsATwentieth(t *testing.T) {
	alone, together := tasksFor(t, nil), tasksFor(t, &run.Batch{MaxObjects: 100})
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	say("work an object\tone task each\t\tbatches of 100\t\tratio\t\n")
	for _, work := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second} {
		one, many := money(alone, work), money(together, work)
		say("%s\t%d tasks\t$%.2f\t%d tasks\t$%.3f\t1/%.0f\t\n", work, len(alone), one, len(together), many, one/many)
		if many > one/20 {
			t.Errorf("with %s of work an object, batches cost $%.3f and single tasks $%.3f: more than a twentieth", work, many, one)
		}
	}
	_ = w.Flush()
	if testing.Verbose() {
		_, _ = os.Stdout.WriteString(table.String())
	}
}

func money(tasks []int, work time.Duration) float64 {
	sum := 0.0
	for _, n := range tasks {
		sum += dollars(startUp + time.Duration(n)*work)
	}
	return sum
}
