package scene_test

import (
	"slices"
	"testing"

	"slipway/bench/internal/scene"
	"slipway/internal/event"
)

// TestScenesAreAboutWhatTheySay decodes the events as the functions do.
func TestScenesAreAboutWhatTheySay(t *testing.T) {
	const n = 3
	all, err := scene.Of(n)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Function)
		messages, batched := event.Batch(s.Payload)
		if !batched {
			if _, tick := event.ParseTick(s.Payload); !tick {
				t.Errorf("%s: the payload is neither a batch nor a tick", s.Function)
			}
			continue
		}
		told := map[string]bool{}
		for _, m := range messages {
			e, err := event.Decode([]byte(m.Body))
			if err != nil {
				t.Fatal(err)
			}
			switch e := e.(type) {
			case event.Objects:
				told[e.Created[0].Object.Key] = true
			case event.TaskChange:
				told[e.Task.StartedBy] = true
			}
		}
		if len(told) != n {
			t.Errorf("%s: the batch tells of %d things, want %d different ones", s.Function, len(told), n)
		}
	}
	if want := []string{"s3-trigger", "lifecycle-notifier", "scheduler", "sqs-scaler"}; !slices.Equal(names, want) {
		t.Errorf("scenes are of %v, want %v", names, want)
	}
}
