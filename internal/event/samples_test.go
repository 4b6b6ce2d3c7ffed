package event_test

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"slipway/internal/event"
	"slipway/internal/run"
)

const samples = "../../events"

func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(samples, name+".json")) //nolint:gosec // our own files
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// only decodes a payload that holds one event, in whatever it is wrapped.
func only(t testing.TB, payload []byte) event.Event {
	t.Helper()
	if batch, ok := event.Batch(payload); ok {
		if len(batch) != 1 {
			t.Fatalf("the batch has %d messages, want 1", len(batch))
		}
		payload = []byte(batch[0].Body)
	}
	e, err := event.Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEveryEnvelopeGivesTheSameObject(t *testing.T) {
	want := run.Object{
		Bucket: "example-uploads", Key: "incoming/holiday 1+1 100% größe.jpg", VersionID: "Xq4vJ0example1",
		ETag: "b1946ac92492d2347c6235b4d2611184", Sequencer: "0062E99A88DC407460", Size: 48213,
	}
	for _, name := range []string{
		"eventbridge-object-created", "sqs-eventbridge-object-created",
		"s3-object-created", "sqs-s3-object-created", "sqs-sns-s3-object-created",
	} {
		t.Run(name, func(t *testing.T) {
			objects, ok := only(t, sample(t, name)).(event.Objects)
			if !ok || len(objects.Created) != 1 || len(objects.Bad) != 0 {
				t.Fatalf("decoded to %+v, want one object", objects)
			}
			if got := objects.Created[0].Object; got != want {
				t.Errorf("object = %+v, want %+v", got, want)
			}
		})
	}
}

func TestEverySampleDecodesToItsType(t *testing.T) {
	types := map[string]string{
		"eventbridge-object": "Objects", "s3-object": "Objects", "sns-s3-object": "Objects", "s3-test-event": "Test",
		"launch-queued": "Nudge", "ecs-task": "TaskChange", "ecs-service-action": "ServiceAction", "ecs-deployment": "DeploymentChange",
	}
	files, err := filepath.Glob(filepath.Join(samples, "*.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d samples: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if strings.Contains(name, "-batch-") || name == "scheduler-tick" {
			continue // tested below
		}
		t.Run(name, func(t *testing.T) {
			got := reflect.TypeOf(only(t, sample(t, name))).Name()
			for part, want := range types {
				if strings.HasPrefix(strings.TrimPrefix(name, "sqs-"), part) && got == want {
					return
				}
			}
			t.Errorf("decoded to %s, which its name does not say", got)
		})
	}
}

func TestOneBadMessageLeavesTheOthersOfItsBatch(t *testing.T) {
	for name, reason := range map[string]string{
		"sqs-object-created-batch-one-bad":        event.MissingKey,
		"sqs-ecs-task-state-change-batch-one-bad": event.MissingTask,
	} {
		t.Run(name, func(t *testing.T) {
			batch, ok := event.Batch(sample(t, name))
			if !ok {
				t.Fatal("not read as a batch")
			}
			bad := 0
			for _, m := range batch {
				if m.ID == "" || m.Receives != 1 || m.FirstReceived.IsZero() {
					t.Errorf("message = %+v, want an ID, one receive and its time", m)
				}
				if _, err := event.Decode([]byte(m.Body)); err != nil {
					bad++
					if got := run.ReasonOf(err); got != reason {
						t.Errorf("reason = %s, want %s", got, reason)
					}
				}
			}
			if bad != 1 {
				t.Errorf("%d of %d messages are bad, want 1", bad, len(batch))
			}
		})
	}
}

// Events that real accounts have sent are kept outside of the repository.
const captured = "../../../shared/events"

func TestCapturedEventsDecode(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(captured, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no captured events here")
	}
	for _, file := range files {
		body, err := os.ReadFile(file) //nolint:gosec // a file of the glob
		if err != nil {
			t.Fatal(err)
		}
		checkCaptured(t, filepath.Base(file), body)
	}
	streams, _ := filepath.Glob(filepath.Join(captured, "streams", "*.jsonl"))
	for _, file := range streams {
		body, err := os.ReadFile(file) //nolint:gosec // a file of the glob
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(body))
		lines.Buffer(nil, 1<<22)
		for lines.Scan() {
			checkCaptured(t, filepath.Base(file), lines.Bytes())
		}
	}
}

func checkCaptured(t *testing.T, name string, body []byte) {
	t.Helper()
	e, err := event.Decode(body)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	switch e := e.(type) {
	case event.TaskChange:
		if e.Task.ARN == "" || e.Task.Cluster == "" || e.Task.LastStatus == "" || e.Task.CreatedAt.IsZero() {
			t.Errorf("%s: the task is incomplete: %+v", name, e.Task)
		}
		if stopped := e.Task.LastStatus == run.StatusStopped; stopped && (e.Task.StopCode == "" || e.Task.StoppedAt.IsZero() || len(e.Task.Containers) == 0) {
			t.Errorf("%s: the stop is incomplete: %+v", name, e.Task)
		}
	case event.ServiceAction:
		if e.Name == "" || e.Cluster == "" || e.Level == "" {
			t.Errorf("%s: the action is incomplete: %+v", name, e)
		}
	case event.DeploymentChange:
		if e.Name == "" || e.Cluster == "" || e.Service == "" || e.Reason == "" {
			t.Errorf("%s: the deployment is incomplete: %+v", name, e)
		}
	case event.InstanceChange:
		if e.Instance == "" || e.Status == "" || e.Version == 0 {
			t.Errorf("%s: the instance is incomplete: %+v", name, e)
		}
	default:
		t.Errorf("%s: decoded to %T", name, e)
	}
}
