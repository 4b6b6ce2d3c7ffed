package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/ledger"
	"slipway/internal/run"
)

// runsOf are the runs of a job for keys that begin so.
func runsOf(t *testing.T, w world, job, prefix string) []run.Run {
	t.Helper()
	table := ledger.New(w.AWS(), aws.String(w.Endpoint()), w.Outputs["RunsTableName"])
	listed, err := table.List(t.Context(), ledger.Query{Job: job, Object: w.Outputs["UploadsBucketName"] + "/" + prefix + "*"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []run.ID
	for _, l := range listed {
		ids = append(ids, l.ID)
	}
	runs, err := table.Runs(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func statesOf(runs []run.Run) map[run.State]int {
	states := map[run.State]int{}
	for _, r := range runs {
		states[r.State]++
	}
	return states
}

// batchOfObjects uploads small objects, one of them damaged: they share a task, and each is settled by itself.
func batchOfObjects(t *testing.T, w world) {
	const objects = 12
	for i := range objects {
		content := fmt.Appendf(nil, "small object %d", i)
		if i == 7 {
			content = []byte("\x89PNG\r\n\x1a\nand then nothing of a picture")
		}
		upload(t, w, fmt.Sprintf("small/ä %02d+%%.txt", i), content)
	}
	var runs []run.Run
	eventually(t, "an end of every object", func() (bool, error) {
		runs = runsOf(t, w, "small-objects", "small/")
		states := statesOf(runs)
		return states[run.Succeeded] == objects-1 && states[run.Failed] == 1, nil
	})
	tasks := map[string]int{}
	for _, r := range runs {
		tasks[r.TaskARN]++
		if failed := r.State == run.Failed; failed != strings.HasSuffix(r.Input.Object.Key, "07+%.txt") {
			t.Errorf("run of %s = %s: %+v", r.Input.Object.Key, r.State, r.Outcome)
		}
	}
	if len(tasks) > 3 {
		t.Errorf("%d tasks for %d objects: %v", len(tasks), objects, tasks)
	}
	see := w.see()
	eventually(t, "a description of the last object", func() (bool, error) {
		d, err := see.Description(t.Context(), "small/ä 11+%.txt")
		return d != nil, err
	})
	eventually(t, "a mail about the damaged one", func() (bool, error) {
		mails, err := mailsAbout(t, see, "small/ä 07+%.txt")
		return len(mails) > 0, err
	})
}

// fault lets something go wrong with the tasks' side of ECS.
func fault(t *testing.T, w world, f map[string]any) {
	t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.ECSEndpoint()+"/_slipway/faults", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		t.Fatalf("inject %v: %s", f, answer.Status)
	}
}

// fiveHundredObjects sends the events of 500 objects, each one to three times in random order, while ECS throttles,
// fails, loses answers and has no capacity.
func fiveHundredObjects(t *testing.T, w world) {
	const objects = 500
	for _, f := range []map[string]any{
		{"kind": "lost", "operation": "RunTask", "calls": 15},
		{"kind": "server-error", "operation": "RunTask", "calls": 15},
		{"kind": "throttle", "operation": "RunTask", "calls": 10},
		{"kind": "failure", "calls": 10},
		{"kind": "event-duplicate", "calls": 50},
		{"kind": "event-lost", "calls": 3},
	} {
		fault(t, w, f)
	}
	const shared = "many/object.txt" // its content is the same for all; the sequencers make them versions
	upload(t, w, "incoming/"+shared, []byte("one of many"))
	var bodies []string
	order := rand.New(rand.NewSource(7))
	for i := range objects {
		body := objectCreated(t, w.Outputs["UploadsBucketName"], "incoming/"+shared, fmt.Sprintf("00CAFE%04X", i), 11)
		for range 1 + order.Intn(3) {
			bodies = append(bodies, body)
		}
	}
	order.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	for ; len(bodies) > 0; bodies = bodies[min(10, len(bodies)):] {
		send(t, w, bodies[:min(10, len(bodies))]...)
	}
	var runs []run.Run
	deadline := time.Now().Add(8 * time.Minute)
	for {
		runs = nil
		for _, r := range runsOf(t, w, "objects", "incoming/many/") {
			if strings.HasPrefix(r.Input.Object.Sequencer, "00CAFE") {
				runs = append(runs, r)
			}
		}
		if states := statesOf(runs); states[run.Succeeded] == objects {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("states = %v, want %d succeeded", states, objects)
		}
		time.Sleep(2 * time.Second) // other programs' work: there is no clock to pass
	}
	perAttempt := map[string]int{}
	all, err := w.see().Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range all {
		if strings.HasPrefix(task.Environment["S3_SEQUENCER"], "00CAFE") {
			perAttempt[task.Environment["SLIPWAY_RUN_ID"]+"/"+task.Environment["SLIPWAY_ATTEMPT"]]++
		}
	}
	for attempt, n := range perAttempt {
		if n > 1 {
			t.Errorf("%d tasks for attempt %s", n, attempt)
		}
	}
	if len(runs) != objects || len(perAttempt) < objects {
		t.Errorf("%d runs and %d attempts, want %d of each at least", len(runs), len(perAttempt), objects)
	}
}
