package hotpath

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"slipway/internal/event"
	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// told is a world that is told of everything at no cost.
type told struct{}

func (told) Publish(context.Context, run.Run, run.Effect) error { return nil }

func (told) Announce(context.Context, run.Incident, run.Notice) error { return nil }

func (told) Mail(context.Context, run.Incident, run.Notice) ([]string, error) { return nil, nil }

func (told) Bury(context.Context, run.Incident, run.Notice, error) error { return nil }

func (told) Nudge(context.Context, string) error { return nil }

// settled are how many runs there are at a time: what was settled goes, so that the table does not grow.
const settled = 64

// taskToSettled decodes the event that a task has stopped, says why, decides what becomes of its run, records it in a table
// in memory, and tells of it.
func taskToSettled() func() {
	text := sample("ecs-task-state-change-stopped-exit0")
	job := run.Job{Name: "objects"}
	var table *fake.Ledger
	var o *orchestrator.Orchestrator
	n := 0
	return func() {
		if n%settled == 0 {
			table = &fake.Ledger{}
			o = orchestrator.New(orchestrator.Options{
				Stack: "example", Jobs: []run.Job{job}, Ledger: table, Effects: told{}, Now: func() time.Time { return noon.Add(time.Hour) },
			})
		}
		n++
		id := run.ID(fmt.Sprintf("objects-%026d", n%settled))
		must(table.Write(context.Background(), run.Write{Job: job.Name, Changes: []run.Change{{Run: atWork(id, job)}}}))
		e, err := event.Decode(bytes.Replace(text, []byte("objects-4yjquc7fikc3qck32o5gtz6ypb"), []byte(id), 1))
		must(err)
		must(o.Observe(context.Background(), e.(event.TaskChange).Task))
		if r, err := table.Run(context.Background(), id); err != nil || r.State != run.Succeeded || len(r.Owed) > 0 {
			panic(fmt.Sprint("not settled: ", r, err))
		}
	}
}

// atWork is a run whose task runs.
func atWork(id run.ID, job run.Job) run.Run {
	r := run.New(id, job, run.ByObject, run.Input{Object: &run.Object{Bucket: "b", Key: "incoming/picture.jpg", Size: 5}}, noon)
	r, err := r.Claim(run.Decision{Cluster: "example-cluster", Definition: "p:1", Container: "main", Capacity: "FARGATE"}, false, noon)
	must(err)
	r, err = r.Accept(run.Task{ARN: "arn:aws:ecs:eu-north-1:111122223333:task/example-cluster/0f9c8b7a6d5e4f3a2b1c0d9e8f7a6b5c", LastStatus: run.StatusRunning, StartedAt: noon}, noon)
	must(err)
	r.Owed = nil
	return r
}
