package scene

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"slipway/bench/internal/world"
	"slipway/events"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// What template.yaml's stand-ins are called; package environment makes them up.
const (
	Stack  = "example"
	bucket = "example-uploadsbucket"
	job    = "objects"
)

// Scene is one kind of invocation.
type Scene struct {
	Function string
	What     string // what the event is about, in words
	Payload  []byte
	Items    []world.Item
	Scalers  int // how many the configuration has; zero: as it ships
}

// Of are the scenes of all four functions with n things each.
func Of(n int) ([]Scene, error) {
	var out []Scene
	for _, make := range []func(int) (Scene, error){objects, stopped, watched, queues} {
		s, err := make(n)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// objects are uploads in one batch of the launch queue.
func objects(n int) (Scene, error) {
	payload, err := batch("sqs-eventbridge-object-created", n, func(i int, body string) string {
		body = strings.ReplaceAll(body, `incoming/`, fmt.Sprintf(`incoming/%02d-`, i))
		return strings.ReplaceAll(body, "example-uploads", bucket)
	})
	return Scene{Function: "s3-trigger", What: counted(n, "object", "objects"), Payload: payload}, err
}

// stopped are tasks that have done their work, in one batch of the lifecycle queue.
func stopped(n int) (Scene, error) {
	s := Scene{Function: "lifecycle-notifier", What: counted(n, "stopped task", "stopped tasks")}
	for i := range n {
		items, err := running(i)
		if err != nil {
			return s, err
		}
		s.Items = append(s.Items, items)
	}
	var err error
	s.Payload, err = batch("sqs-ecs-task-state-change-stopped-exit0", n, func(i int, body string) string {
		body = strings.ReplaceAll(body, "0f9c8b7a6d5e4f3a2b1c0d9e8f7a6b5c", taskID(i))
		return strings.ReplaceAll(body, "slipway/example/objects-4yjquc7fikc3qck32o5gtz6ypb/1", run.StartedBy(Stack, runID(i), 1))
	})
	return s, err
}

// watched are runs that a tick asks ECS about.
func watched(n int) (Scene, error) {
	s := Scene{Function: "scheduler", What: "a tick, " + counted(n, "run to look after", "runs to look after")}
	for i := range n {
		it, err := running(i)
		if err != nil {
			return s, err
		}
		s.Items = append(s.Items, it)
	}
	for _, name := range []string{"objects", "small-objects", "hourly-report"} {
		it, err := known(name)
		if err != nil {
			return s, err
		}
		s.Items = append(s.Items, it)
	}
	var err error
	s.Payload, err = tick()
	return s, err
}

// queues are scalers, each with a queue that is empty.
func queues(n int) (Scene, error) {
	payload, err := tick()
	return Scene{Function: "sqs-scaler", What: "a tick, " + counted(n, "queue at rest", "queues at rest"), Payload: payload, Scalers: n}, err
}

func tick() ([]byte, error) { return events.Files.ReadFile("scheduler-tick.json") }

// noon is when everything in the table happened: long ago.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func taskID(i int) string { return fmt.Sprintf("0f9c8b7a6d5e4f3a2b1c0d9e8f7a%04d", i) }

func object(i int) run.Object {
	return run.Object{Bucket: bucket, Key: fmt.Sprintf("incoming/%02d-picture.jpg", i), VersionID: "v1", ETag: "9b2cf535f27731c974343645a3985328", Size: 184_320}
}

func runID(i int) run.ID { return run.ObjectID(Stack, job, object(i)) }

// running is the item of a run whose task runs, as the ledger writes it.
func running(i int) (world.Item, error) {
	o := object(i)
	r := run.New(runID(i), run.Job{Name: job}, run.ByObject, run.Input{Object: &o}, noon)
	arn := "arn:aws:ecs:eu-north-1:111122223333:task/example-cluster/" + taskID(i)
	r, err := r.Claim(run.Decision{
		Cluster: "example-cluster", Definition: "arn:aws:ecs:eu-north-1:111122223333:task-definition/example-objectprocessortask:1", Container: "main",
		Capacity: "FARGATE_SPOT", Subnets: []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}, PublicIP: true,
		Environment: []run.EnvVar{{Name: "S3_BUCKET", Value: o.Bucket}, {Name: "S3_KEY", Value: o.Key}},
	}, true, noon.Add(time.Second))
	if err != nil {
		return nil, err
	}
	r, err = r.Accept(run.Task{ARN: arn, LastStatus: "PROVISIONING", Version: 1}, noon.Add(2*time.Second))
	if err != nil {
		return nil, err
	}
	r = r.Observe(run.Task{ARN: arn, LastStatus: run.StatusRunning, Version: 3, StartedAt: noon.Add(30 * time.Second)}, noon.Add(31*time.Second))
	r.Owed, r.Revision = nil, 3 // what it owed has been done
	return written(r)
}

// known is the item of a job that was seen, and that nothing is due of for a day.
func known(name string) (world.Item, error) {
	doc, err := json.Marshal(run.JobState{Name: name, FirstSeen: time.Now().Add(24 * time.Hour).UTC()})
	if err != nil {
		return nil, err
	}
	return world.Item{
		ledger.PartitionKey: {"S": "job#" + name}, ledger.SortKey: {"S": "job"}, ledger.IndexKey: {"S": "jobs"}, ledger.IndexSortKey: {"N": "0"},
		"doc": {"S": string(doc)}, "rev": {"N": "1"}, "v": {"N": "1"},
	}, nil
}

var errNoScaler = errors.New("the configuration has no scaler")

// Configure returns a compiled configuration with as many scalers as the scene has.
func (s Scene) Configure(compiled []byte) ([]byte, error) {
	var whole map[string]any
	if err := json.Unmarshal(compiled, &whole); err != nil {
		return nil, err
	}
	shipped, ok := whole["scalers"].([]any)
	if !ok || len(shipped) == 0 {
		return nil, errNoScaler
	}
	first, ok := shipped[0].(map[string]any)
	if !ok {
		return nil, errNoScaler
	}
	var scalers []any
	for i := range s.Scalers {
		one := maps.Clone(first)
		one["name"] = fmt.Sprintf("work-%02d", i)
		scalers = append(scalers, one)
	}
	whole["scalers"] = scalers
	return json.Marshal(whole)
}
