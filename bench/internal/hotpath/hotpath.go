package hotpath

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/events"
	"slipway/internal/event"
	"slipway/internal/fake"
	"slipway/internal/ledger"
	"slipway/internal/match"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
	"slipway/internal/scaling"
	"slipway/internal/schedule"
	"slipway/internal/stop"
)

// Path is one kind of work. New prepares it; what it returns does it once.
type Path struct {
	Name string
	New  func() func()
}

// Paths are all of them.
func Paths() []Path {
	return []Path{
		{"object-to-task", objectToTask},
		{"task-to-outcome", taskToOutcome},
		{"task-to-settled", taskToSettled},
		{"run-to-table", runToTable},
		{"queue-to-decision", queueToDecision},
		{"schedule-to-time", scheduleToTime},
	}
}

// Fixed is work that no change of this project changes: what times are compared to.
func Fixed() {
	block := make([]byte, 4096)
	for range 20 {
		sum := sha256.Sum256(block)
		copy(block, sum[:])
	}
	var v any
	must(json.Unmarshal([]byte(`{"a":[1,2,3,{"b":"c"}],"d":{"e":"f","g":[true,false,null]}}`), &v))
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func sample(name string) []byte {
	text, err := events.Files.ReadFile(name + ".json")
	must(err)
	return text
}

// objectToTask decodes an event, finds its job, admits a run of a new object and launches its task.
func objectToTask() func() {
	text := sample("eventbridge-object-created")
	job := run.Job{
		Name: "objects", Trigger: run.JobTrigger{S3: &run.S3Trigger{Bucket: "example-uploads", Keys: []string{"incoming/**"}}},
		Task: run.TaskSpec{Cluster: "c", Definition: "p", Capacity: []string{"FARGATE"}}, Concurrency: run.Concurrency{Max: 1 << 30},
	}
	ecs := &fake.ECS{
		Region: "eu-north-1", Account: "111122223333", Now: func() time.Time { return noon }, Providers: []string{"FARGATE"},
		Definition: func(string) (fake.TaskDefinition, error) {
			return fake.TaskDefinition{TaskDefinitionArn: "arn:aws:ecs:eu-north-1:111122223333:task-definition/p:1", ContainerDefinitions: []fake.ContainerDefinition{{Name: "main"}}}, nil
		},
	}
	o := orchestrator.New(orchestrator.Options{
		Stack: "guard", Jobs: []run.Job{job}, Ledger: &fake.Ledger{}, Tasks: fake.Tasks{ECS: ecs}, Now: func() time.Time { return noon },
	})
	n := 0
	return func() {
		e, err := event.Decode(text)
		must(err)
		object := e.(event.Objects).Created[0].Object
		n++
		object.VersionID = fmt.Sprintf("%08d", n)
		if v := match.Match([]run.Job{job}, object); !v[0].Matched {
			panic("the sample is for no job")
		}
		for _, a := range o.Admit(context.Background(), []orchestrator.Want{{Job: "objects", Trigger: run.ByObject, Input: run.Input{Object: &object}}}) {
			if a.Result != orchestrator.Started {
				panic(fmt.Sprint("not started: ", a))
			}
		}
	}
}

// taskToOutcome decodes events of stopped tasks and says why they stopped.
func taskToOutcome() func() {
	var texts [][]byte
	for _, name := range stop.Names() {
		texts = append(texts, sample("ecs-task-state-change-class-"+name))
	}
	return func() {
		for _, text := range texts {
			e, err := event.Decode(text)
			must(err)
			stop.Classify(e.(event.TaskChange).Task, stop.Options{})
		}
	}
}

// nothing answers every call with success, and an empty document.
type nothing struct{}

func (nothing) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte("{}")))}, nil
}

// runToTable writes a run through the client of DynamoDB, which signs and encodes the call, to no network.
func runToTable() func() {
	cfg := aws.Config{
		Region: "eu-north-1", HTTPClient: nothing{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "example", SessionToken: "token"}, nil
		}),
	}
	table := ledger.New(cfg, aws.String("http://127.0.0.1:1"), "runs")
	object := run.Object{Bucket: "b", Key: "incoming/picture.jpg", VersionID: "v", Size: 5}
	job := run.Job{Name: "objects"}
	r := run.New(run.ObjectID("guard", job.Name, object), job, run.ByObject, run.Input{Object: &object}, noon)
	return func() {
		must(table.Write(context.Background(), run.Write{Job: job.Name, Changes: []run.Change{{Run: r}}}))
	}
}

// queueToDecision lets the scaling policy look at a queue that fills and empties.
func queueToDecision() func() {
	policy := scaling.Policy{Max: 50, MessagesPerTask: 10, ServiceTime: 5 * time.Second}
	var state scaling.State
	now, n := noon, 0
	return func() {
		n++
		now = now.Add(5 * time.Second)
		_, state = scaling.Decide(policy, state, scaling.Sample{At: now, Visible: n * 37 % 500, InFlight: 20, Running: 5, Desired: 5}, now)
	}
}

// scheduleToTime reads an expression and finds the next time in a zone with summer time.
func scheduleToTime() func() {
	return func() {
		s, err := schedule.Parse("cron(30 2 ? * SUN *)", "Europe/Helsinki")
		must(err)
		if _, ok := s.Next(noon); !ok {
			panic("no next time")
		}
	}
}
