package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/delivery"
	"slipway/internal/cloud/sqs"
	"slipway/internal/event"
	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func objects() run.Job {
	return run.Job{
		Name:    "objects",
		Trigger: run.JobTrigger{S3: &run.S3Trigger{Bucket: "example-uploads", Keys: []string{"incoming/**"}}},
		Task:    run.TaskSpec{Cluster: "work", Definition: "processor", Container: "main", Capacity: []string{"FARGATE"}, Subnets: []string{"subnet-1"}},
	}
}

// world is the function with everything around it in memory.
type world struct {
	*handler
	ledger  *fake.Ledger
	ecs     *fake.ECS
	metrics bytes.Buffer

	mu      sync.Mutex // protects following fields
	letters []sqs.DeadLetter
}

func newWorld(jobs ...run.Job) *world {
	w := &world{ledger: &fake.Ledger{}}
	now := func() time.Time { return noon }
	w.ecs = &fake.ECS{
		Region: "eu-north-1", Account: "111122223333", Now: now, Providers: []string{"FARGATE"},
		Definition: func(string) (fake.TaskDefinition, error) {
			return fake.TaskDefinition{
				TaskDefinitionArn: "arn:aws:ecs:eu-north-1:111122223333:task-definition/processor:3", Family: "processor", Status: "ACTIVE",
				NetworkMode: "awsvpc", CPU: "256", Memory: "512", RequiresCompatibilities: []string{"FARGATE"},
				ContainerDefinitions: []fake.ContainerDefinition{{Name: "main", Image: "processor:1"}},
			}, nil
		},
	}
	log := slog.New(slog.DiscardHandler)
	w.handler = &handler{
		jobs: jobs, metrics: telemetry.NewMetrics(&w.metrics, "example", now), log: log,
		runs: orchestrator.New(orchestrator.Options{Stack: "example", Jobs: jobs, Ledger: w.ledger, Tasks: fake.Tasks{ECS: w.ecs}, Now: now}),
		desk: delivery.Desk{Function: function, MaxReceives: 5, Log: log, Send: w.bury},
	}
	return w
}

func (w *world) bury(_ context.Context, d sqs.DeadLetter) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.letters = append(w.letters, d)
	return nil
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("../../events/" + name + ".json") //nolint:gosec // our own files
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// answerTo invokes the function and returns its answer as text.
func (w *world) answerTo(ctx context.Context, t *testing.T, payload []byte) string {
	t.Helper()
	out, err := w.handle(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// batch is an SQS batch of bodies, each received so many times, with the IDs m0, m1 and so on.
func batch(t *testing.T, receives int, bodies ...string) []byte {
	t.Helper()
	var records []map[string]any
	for i, body := range bodies {
		records = append(records, map[string]any{
			"eventSource": "aws:sqs", "messageId": fmt.Sprintf("m%d", i), "body": body,
			"attributes": map[string]string{"ApproximateReceiveCount": fmt.Sprint(receives)},
		})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func created(key string) string {
	return fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"example-uploads"},"object":{"key":%q,"size":1,"sequencer":"1"}}}`, key)
}

const allDone = `{"batchItemFailures":[]}`

func TestOneEventDeliveredFiveTimesStartsOneTask(t *testing.T) {
	w := newWorld(objects())
	body := created("incoming/a.png")
	for range 5 {
		if got := w.answerTo(t.Context(), t, batch(t, 1, body, body, body, body, body)); got != allDone {
			t.Errorf("answer = %s, want %s", got, allDone)
		}
	}
	if n := len(w.ecs.All()); n != 1 {
		t.Errorf("%d tasks, want 1", n)
	}
	if len(w.letters) != 0 {
		t.Errorf("dead letters: %+v", w.letters)
	}
}

func TestOneBadMessageAmongNineGood(t *testing.T) {
	w := newWorld(objects())
	if got := w.answerTo(t.Context(), t, sample(t, "sqs-object-created-batch-one-bad")); got != allDone {
		t.Errorf("answer = %s, want %s", got, allDone)
	}
	if n := len(w.ecs.All()); n != 9 {
		t.Errorf("%d tasks, want 9", n)
	}
	if len(w.letters) != 1 || w.letters[0].Reason != event.MissingKey || w.letters[0].MessageID == "" || !strings.Contains(w.letters[0].Body, "Object Created") {
		t.Errorf("dead letters = %+v, want one for the message without a key", w.letters)
	}
	for _, want := range []string{`"RunsStarted":9`, `"DeadLetters":1`} {
		if got := w.metrics.String(); !strings.Contains(got, want) {
			t.Errorf("the metrics lack %s: %s", want, got)
		}
	}
}

func TestEveryEnvelopeStartsTheRun(t *testing.T) {
	const id = "objects-4yjquc7fikc3qck32o5gtz6ypb"
	direct := `{"runs":[{"id":"` + id + `","job":"objects","result":"started"}],"ignored":0}`
	for name, want := range map[string]string{
		"eventbridge-object-created": direct, "s3-object-created": direct,
		"sqs-eventbridge-object-created": allDone, "sqs-s3-object-created": allDone, "sqs-sns-s3-object-created": allDone,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(objects())
			if got := w.answerTo(t.Context(), t, sample(t, name)); got != want {
				t.Errorf("answer = %s, want %s", got, want)
			}
			if r, err := w.ledger.Run(t.Context(), id); err != nil || r.State != run.Starting || r.EventAt.IsZero() {
				t.Errorf("run = %+v, %v; want it starting, with the time of its event", r, err)
			}
			if got := w.answerTo(t.Context(), t, sample(t, name)); !batched(want) && !strings.Contains(got, `"duplicate"`) {
				t.Errorf("answer to the second = %s, want a duplicate", got)
			}
		})
	}
}

func batched(answer string) bool { return answer == allDone }

func TestWhatNobodyWants(t *testing.T) {
	w := newWorld(objects())
	for name, payload := range map[string][]byte{
		"a test event":           sample(t, "s3-test-event"),
		"an object of no job":    []byte(created("elsewhere/a.png")),
		"an event of no meaning": []byte(`{"source":"aws.s3","detail-type":"Object Deleted","detail":{}}`),
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := w.answerTo(t.Context(), t, payload), `{"runs":[],"ignored":1}`; got != want {
				t.Errorf("answer = %s, want %s", got, want)
			}
			if got := w.answerTo(t.Context(), t, batch(t, 1, string(payload))); got != allDone {
				t.Errorf("answer = %s, want %s", got, allDone)
			}
		})
	}
	if len(w.ecs.All())+len(w.letters) != 0 {
		t.Errorf("%d tasks and %d dead letters", len(w.ecs.All()), len(w.letters))
	}
}

func TestBadRecordsOfANotificationLeaveTheGoodOnes(t *testing.T) {
	w := newWorld(objects())
	record := func(key string) string {
		return fmt.Sprintf(`{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"example-uploads"},"object":{"key":%q,"sequencer":"1"}}}`, key)
	}
	body := `{"Records":[` + record("incoming/a") + `,` + record("incoming/100%") + `,` + record("incoming/b") + `]}`
	if got := w.answerTo(t.Context(), t, batch(t, 1, body)); got != allDone {
		t.Errorf("answer = %s, want %s", got, allDone)
	}
	if len(w.ecs.All()) != 2 || len(w.letters) != 1 || w.letters[0].Reason != event.KeyEncoding || w.letters[0].Body != body {
		t.Errorf("%d tasks, dead letters %+v; want 2 tasks and the whole message as one dead letter", len(w.ecs.All()), w.letters)
	}
	if got := w.answerTo(t.Context(), t, []byte(body)); !strings.Contains(got, `"deadLetters":1`) {
		t.Errorf("answer to a direct invocation = %s, want a dead letter counted", got)
	}
}

func TestBadMessagesAreDeadLettersWithAReason(t *testing.T) {
	long := strings.Repeat("k", 1025)
	bodies := []string{`hello`, `{}`, `{"source":"aws.s3","detail-type":"Object Created","detail":{"object":{"key":"k"}}}`, created(long)}
	want := []string{event.NotJSON, event.WrongShape, event.MissingBucket, event.KeyTooLong}
	w := newWorld(objects())
	if got := w.answerTo(t.Context(), t, batch(t, 1, bodies...)); got != allDone {
		t.Errorf("answer = %s, want %s", got, allDone)
	}
	got := map[string]string{}
	for _, l := range w.letters {
		got[l.MessageID] = l.Reason
	}
	for i, reason := range want {
		if id := fmt.Sprintf("m%d", i); got[id] != reason {
			t.Errorf("reason of %q = %q, want %q", bodies[i][:min(len(bodies[i]), 40)], got[id], reason)
		}
	}
}

// broken admits nothing whose key is in a list, and everything else.
type broken struct {
	runs
	keys []string
	err  error
}

func (b broken) Admit(ctx context.Context, wants []orchestrator.Want) []orchestrator.Admission {
	out := b.runs.Admit(ctx, wants)
	for i, w := range wants {
		if slices.Contains(b.keys, w.Input.Object.Key) {
			out[i] = orchestrator.Admission{ID: out[i].ID, Job: w.Job, Result: orchestrator.Unknown, Err: b.err}
		}
	}
	return out
}

func TestAMessageThatCanSucceedLaterGoesBack(t *testing.T) {
	throttled := &run.Error{Kind: run.Unavailable, Reason: "ThrottlingException", Err: errors.New("slow down")}
	for name, tc := range map[string]struct {
		receives int
		err      error
		want     string
		letter   string
	}{
		"on the first receive":                       {1, throttled, `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, ""},
		"not on the last receive but one":            {4, throttled, allDone, "ThrottlingException"},
		"out of time even on the last receive":       {4, context.DeadlineExceeded, `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, ""},
		"not when it never can":                      {1, run.Never("unknown-job", errors.New("gone")), allDone, "unknown-job"},
		"on the first receive, whatever went wrong":  {1, errors.New("?"), `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, ""},
		"an error without a reason is given one too": {4, errors.New("?"), allDone, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(objects())
			w.runs = broken{w.runs, []string{"incoming/b"}, tc.err}
			payload := batch(t, tc.receives, created("incoming/a"), created("incoming/b"), created("incoming/c"))
			if got := w.answerTo(t.Context(), t, payload); got != tc.want {
				t.Errorf("answer = %s, want %s", got, tc.want)
			}
			switch {
			case tc.letter == "" && len(w.letters) > 0:
				t.Errorf("dead letters: %+v", w.letters)
			case tc.letter != "" && (len(w.letters) != 1 || w.letters[0].Reason != tc.letter):
				t.Errorf("dead letters = %+v, want one for %s", w.letters, tc.letter)
			}
		})
	}
}

func TestADirectInvocationFailsWhenItCanSucceedLater(t *testing.T) {
	w := newWorld(objects())
	w.ledger.Fault = func(string, bool) error { return errors.New("the table is away") }
	if out, err := w.handle(t.Context(), []byte(created("incoming/a"))); err == nil {
		t.Errorf("answer = %+v, want an error, so that the invoker tries again", out)
	}
}

func TestANudgeLaunchesWhatIsQueued(t *testing.T) {
	job := objects()
	job.Concurrency.Max = 1
	w := newWorld(job)
	w.answerTo(t.Context(), t, batch(t, 1, created("incoming/a"), created("incoming/b")))
	tasks := w.ecs.All()
	if len(tasks) != 1 {
		t.Fatalf("%d tasks, want 1: the job has room for one", len(tasks))
	}
	w.ecs.End(tasks[0].TaskArn, fake.Ended{StopCode: "EssentialContainerExited", Exits: map[string]int{"main": 0}})
	ended, _, err := fake.Tasks{ECS: w.ecs}.Describe(t.Context(), "work", []string{tasks[0].TaskArn})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.runs.(*orchestrator.Orchestrator).Observe(t.Context(), ended[0]); err != nil {
		t.Fatal(err)
	}
	if got := w.answerTo(t.Context(), t, sample(t, "sqs-launch-queued")); got != allDone {
		t.Errorf("answer = %s, want %s", got, allDone)
	}
	if n := len(w.ecs.All()); n != 2 {
		t.Errorf("%d tasks, want 2", n)
	}
}

func TestNoTimeLeft(t *testing.T) {
	w := newWorld(objects())
	var got error
	w.runs = admitFunc(func(ctx context.Context, wants []orchestrator.Want) []orchestrator.Admission {
		<-ctx.Done()
		got = ctx.Err()
		return []orchestrator.Admission{{Result: orchestrator.Unknown, Err: ctx.Err()}}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2050*time.Millisecond)
	defer cancel()
	if answer, want := w.answerTo(ctx, t, batch(t, 1, created("incoming/a"))), `{"batchItemFailures":[{"itemIdentifier":"m0"}]}`; answer != want {
		t.Errorf("answer = %s, want %s", answer, want)
	}
	if ctx.Err() != nil || got == nil {
		t.Errorf("the answer came after %v; the calls ended with %v", ctx.Err(), got)
	}
}

func TestInstancesAreThoseOfTheTemplate(t *testing.T) {
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "  S3TriggerFunction:")
	if want := fmt.Sprintf("MaximumConcurrency: %d}", instances); !strings.Contains(after[:strings.Index(after, "  SchedulerFunction:")], want) {
		t.Errorf("template.yaml does not say %q of S3TriggerFunction: its instances share the quota of RunTask", want)
	}
}

type admitFunc func(context.Context, []orchestrator.Want) []orchestrator.Admission

func (f admitFunc) Admit(ctx context.Context, wants []orchestrator.Want) []orchestrator.Admission {
	return f(ctx, wants)
}
func (admitFunc) LaunchQueued(context.Context, string) error { return nil }

func TestEachResultIsCountedOnce(t *testing.T) {
	for result, want := range map[orchestrator.Result]telemetry.Metric{
		orchestrator.Started: telemetry.RunsStarted, orchestrator.Claimed: telemetry.RunsStarted, orchestrator.Queued: telemetry.RunsQueued,
		orchestrator.Duplicate: telemetry.RunsDuplicate, orchestrator.Ended: telemetry.RunsRefused, orchestrator.Skipped: "",
	} {
		if got := metricOf(result); got != want {
			t.Errorf("%s is counted as %s, want %s", result, got, want)
		}
	}
}
