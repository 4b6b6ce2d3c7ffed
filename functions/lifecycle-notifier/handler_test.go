package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"slipway/functions/internal/delivery"
	"slipway/internal/cloud/sqs"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// settler is an orchestrator that remembers what it was told.
type settler struct {
	mu      sync.Mutex // protects following fields
	seen    []run.Task
	flushed int
	err     error
}

func (s *settler) Observe(_ context.Context, t run.Task) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, t)
	return s.err
}

func (s *settler) ObserveService(_ context.Context, a event.ServiceAction) error {
	return s.Observe(context.Background(), run.Task{ARN: a.Service})
}

func (s *settler) ObserveDeployment(_ context.Context, d event.DeploymentChange) error {
	return s.Observe(context.Background(), run.Task{ARN: d.Service})
}

func (s *settler) Resend(_ context.Context, u event.Unsent) error {
	return s.Observe(context.Background(), run.Task{ARN: u.Incident})
}

func (s *settler) Flush(context.Context) error {
	s.flushed++
	return s.err
}

func newWorld(s *settler) (*handler, *[]sqs.DeadLetter) {
	var mu sync.Mutex
	letters := &[]sqs.DeadLetter{}
	log := slog.New(slog.DiscardHandler)
	return &handler{
		runs: s, log: log, metrics: telemetry.NewMetrics(&bytes.Buffer{}, "example", time.Now),
		desk: delivery.Desk{Function: function, MaxReceives: 5, Log: log, Send: func(_ context.Context, d sqs.DeadLetter) error {
			mu.Lock()
			defer mu.Unlock()
			*letters = append(*letters, d)
			return nil
		}},
	}, letters
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("../../events/" + name + ".json") //nolint:gosec // our own files
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func answerTo(t *testing.T, h *handler, payload []byte) string {
	t.Helper()
	out, err := h.handle(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const allDone = `{"batchItemFailures":[]}`

func TestAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		want     string
		observed int
	}{
		"sqs-ecs-task-state-change-running":           {allDone, 1},
		"sqs-ecs-task-state-change-stopped-exit0":     {allDone, 1},
		"sqs-ecs-task-state-change-stopped-exit1":     {allDone, 1},
		"sqs-ecs-service-action-steady-state":         {allDone, 1},
		"sqs-ecs-deployment-state-change-failed":      {allDone, 1},
		"ecs-task-state-change-running":               {`{"observed":1,"ignored":0}`, 1},
		"ecs-task-state-change-stopped-exit1":         {`{"observed":1,"ignored":0}`, 1},
		"ecs-service-action-task-placement-failure":   {`{"observed":1,"ignored":0}`, 1},
		"scheduler-tick":                              {`{"observed":0,"ignored":0,"flushed":true}`, 0},
		"sqs-ecs-task-state-change-batch-one-bad":     {allDone, 1},
		"ecs-task-state-change-stopped-exit1-service": {`{"observed":1,"ignored":0}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &settler{}
			h, letters := newWorld(s)
			if got := answerTo(t, h, sample(t, name)); got != tc.want {
				t.Errorf("answer = %s, want %s", got, tc.want)
			}
			if len(s.seen) != tc.observed {
				t.Errorf("%d tasks observed, want %d", len(s.seen), tc.observed)
			}
			if wantLetter := strings.HasSuffix(name, "one-bad"); wantLetter != (len(*letters) == 1) {
				t.Errorf("dead letters: %+v", *letters)
			} else if wantLetter && (*letters)[0].Reason != event.MissingTask {
				t.Errorf("reason = %s, want %s", (*letters)[0].Reason, event.MissingTask)
			}
		})
	}
}

// changes is a batch of changes of one task, in the given order of versions, each received so many times.
func changes(t *testing.T, receives int, versions ...int) []byte {
	t.Helper()
	var records []map[string]any
	for _, v := range versions {
		body := fmt.Sprintf(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:r:1:task/c/t","lastStatus":"RUNNING","version":%d}}`, v)
		records = append(records, map[string]any{
			"eventSource": "aws:sqs", "messageId": fmt.Sprintf("m%d", v), "body": body,
			"attributes": map[string]string{"ApproximateReceiveCount": fmt.Sprint(receives)},
		})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestChangesOfOneTaskAreTakenInInOrder(t *testing.T) {
	s := &settler{}
	h, _ := newWorld(s)
	answerTo(t, h, changes(t, 1, 3, 1, 2))
	for i, task := range s.seen {
		if task.Version != int64(i+1) {
			t.Errorf("version %d came at place %d", task.Version, i+1)
		}
	}
}

func TestWhatIsOfAnotherAccountIsCountedAndNotLookedAt(t *testing.T) {
	s := &settler{}
	h, letters := newWorld(s)
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: "arn:aws:lambda:eu-north-1:999988887777:function:x"})
	for _, name := range []string{
		"ecs-task-state-change-stopped-exit1", "ecs-service-action-task-placement-failure", "ecs-deployment-state-change-failed",
	} {
		if got, err := h.handle(ctx, sample(t, name)); err != nil || got != (answer{Ignored: 1}) {
			t.Errorf("%s: answer = %v, %v, want it ignored", name, got, err)
		}
	}
	if len(s.seen)+len(*letters) != 0 {
		t.Errorf("%d observed, %d dead letters", len(s.seen), len(*letters))
	}
}

func TestWhatFailsGoesBackAndThenIsGivenUp(t *testing.T) {
	s := &settler{err: errors.New("the table is away")}
	h, letters := newWorld(s)
	if got, want := answerTo(t, h, changes(t, 1, 7)), `{"batchItemFailures":[{"itemIdentifier":"m7"}]}`; got != want || len(*letters) != 0 {
		t.Errorf("answer = %s with dead letters %+v, want %s", got, *letters, want)
	}
	if got := answerTo(t, h, changes(t, 4, 7)); got != allDone || len(*letters) != 1 || (*letters)[0].Reason != "unavailable" {
		t.Errorf("answer = %s with dead letters %+v, want one dead letter on the last receive but one", got, *letters)
	}
	for _, payload := range [][]byte{[]byte(`{}`), sample(t, "ecs-task-state-change-running")} {
		if _, err := h.handle(t.Context(), payload); err == nil {
			t.Errorf("no error for %.40s", payload)
		}
	}
}
