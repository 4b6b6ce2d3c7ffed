package orchestrator_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/launch"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func gathering(policy run.Batch) run.Job {
	job := images()
	job.Batch = &policy
	return job
}

func keys(n int) []orchestrator.Want {
	var wants []orchestrator.Want
	for i := range n {
		wants = append(wants, want("images", fmt.Sprintf("k%03d", i)))
	}
	return wants
}

// list is the manifest that the container of a claimed batch gets.
type list struct {
	Version int
	Run     run.ID
	Attempt int
	Report  string
	Objects []struct {
		ID  run.ID
		Key string
	}
}

func (w *world) manifest(b run.Run) list {
	w.t.Helper()
	var text []byte
	for _, v := range b.Decision.Environment {
		if v.Name == launch.ManifestVariable {
			text = []byte(v.Value)
		}
	}
	if strings.HasPrefix(string(text), "s3://") {
		var err error
		if text, err = w.files.Get(w.t.Context(), string(text), 1<<20); err != nil {
			w.t.Fatal(err)
		}
	}
	var l list
	if err := json.Unmarshal(text, &l); err != nil {
		w.t.Fatalf("manifest %q: %v", text, err)
	}
	return l
}

// report is what the container says of the objects with these keys: their exit codes.
func (w *world) report(b run.Run, codes map[string]int) {
	w.t.Helper()
	type entry struct {
		ID       run.ID `json:"id"`
		ExitCode int    `json:"exitCode"`
	}
	var entries []entry
	for _, o := range w.manifest(b).Objects {
		if code, ok := codes[o.Key]; ok {
			entries = append(entries, entry{o.ID, code})
		}
	}
	text, err := json.Marshal(map[string]any{"version": 1, "objects": entries})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.files.Put(w.t.Context(), b.Decision.ReportURL, "application/json", text); err != nil {
		w.t.Fatal(err)
	}
}

func TestABatchIsLaunchedWhenItIsFull(t *testing.T) {
	for name, tc := range map[string]struct {
		policy  run.Batch
		objects int
		sizes   []int64
		want    []int // objects of each task
	}{
		"by number":                              {run.Batch{MaxObjects: 3}, 7, nil, []int{3, 3}},
		"of one":                                 {run.Batch{MaxObjects: 1}, 2, nil, []int{1, 1}},
		"by bytes":                               {run.Batch{MaxBytes: 100}, 4, []int64{40, 40, 40, 40}, []int{2}},
		"by bytes, exactly":                      {run.Batch{MaxBytes: 80}, 4, []int64{40, 40, 40, 40}, []int{2, 2}},
		"an object larger than all goes alone":   {run.Batch{MaxBytes: 100}, 2, []int64{500, 40}, []int{1}},
		"whichever comes first":                  {run.Batch{MaxObjects: 3, MaxBytes: 100}, 4, []int64{10, 10, 10, 90}, []int{3}},
		"more than one write takes":              {run.Batch{MaxObjects: 100}, 100, nil, []int{100}},
		"more than one RunTask can carry inline": {run.Batch{MaxObjects: 200}, 200, nil, []int{200}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, gathering(tc.policy))
			wants := keys(tc.objects)
			for i := range tc.sizes {
				wants[i].Input.Object.Size = tc.sizes[i]
			}
			for i, a := range w.admit(wants...) {
				if a.Err != nil || a.Result != orchestrator.Started && a.Result != orchestrator.Queued {
					t.Fatalf("admission %d = %+v", i, a)
				}
			}
			var got []int
			total := 0
			for _, b := range w.batches() {
				if b.State == run.Starting {
					got = append(got, len(w.manifest(b).Objects))
				}
				total += len(b.Objects.Members)
			}
			slices.Sort(got)
			slices.Sort(tc.want)
			if !slices.Equal(got, tc.want) || total != tc.objects || len(w.active()) != len(tc.want) {
				t.Errorf("tasks with %v of %d objects, want %v of %d", got, total, tc.want, tc.objects)
			}
		})
	}
}

func TestABatchThatIsNotFullIsLaunchedAfterItsWait(t *testing.T) {
	w := newWorld(t, gathering(run.Batch{MaxObjects: 10, MaxWait: 5 * time.Minute}))
	w.admit(keys(2)...)
	w.minutes(4)
	if n := len(w.active()); n != 0 {
		t.Fatalf("%d tasks after four minutes, want none", n)
	}
	w.admit(want("images", "late"))
	w.minutes(1)
	b := w.batches()[0]
	if b.State != run.Starting || len(w.manifest(b).Objects) != 3 {
		t.Fatalf("batch = %s, want it launched with three objects", b.State)
	}
	w.admit(want("images", "later"))
	if n := len(w.batches()); n != 2 {
		t.Errorf("%d batches, want a new one for what came after the launch", n)
	}
	w.finish(0)
	w.minutes(6)
	w.finish(0)
	if got := w.states(); got[run.Succeeded] != 6 {
		t.Errorf("states = %v, want four objects and two batches succeeded", got)
	}
	if n := w.count("event succeeded images"); n != 6 {
		t.Errorf("%d events, want one for each object and batch", n)
	}
}

func TestAnObjectJoinsOnce(t *testing.T) {
	w := newWorld(t, gathering(run.Batch{MaxObjects: 2}))
	first := w.admit(keys(3)...)
	again := w.admit(keys(3)...)
	for i := range again {
		if first[i].ID != again[i].ID || again[i].Result != orchestrator.Duplicate {
			t.Errorf("admission %d again = %+v, want a duplicate of %s", i, again[i], first[i].ID)
		}
	}
	w.finish(0)
	if got := w.admit(keys(3)...); got[0].Result != orchestrator.Duplicate {
		t.Errorf("admission after the end = %+v", got[0])
	}
	n := 0
	for _, b := range w.batches() {
		n += len(b.Objects.Members)
	}
	if n != 3 {
		t.Errorf("%d memberships, want 3", n)
	}
}

func TestEachObjectIsSettledAsItsContainerReports(t *testing.T) {
	job := gathering(run.Batch{MaxObjects: 4})
	job.Retry = run.Retry{Attempts: 2, ExitCodes: []int{75}}
	w := newWorld(t, job)
	w.admit(keys(4)...)
	b := w.batches()[0]
	w.report(b, map[string]int{"k000": 0, "k001": 1, "k002": 75}) // of k003 it says nothing
	w.finish(0)
	for key, state := range map[string]run.State{"k000": run.Succeeded, "k001": run.Failed, "k002": run.Queued, "k003": run.Succeeded} {
		if r := w.runFor("images", key); r.State != state {
			t.Errorf("run of %s = %s, want %s", key, r.State, state)
		}
	}
	if r := w.runFor("images", "k001"); *r.Outcome.ExitCode != 1 || r.TaskARN == "" {
		t.Errorf("outcome = %+v of task %q", r.Outcome, r.TaskARN)
	}
	if n := w.count("mail images"); n != 1 {
		t.Errorf("%d mails, want one for the object that failed", n)
	}
	w.minutes(11)
	b = w.batches()[0]
	if l := w.manifest(b); b.Attempt != 2 || len(l.Objects) != 1 || l.Objects[0].Key != "k002" {
		t.Fatalf("attempt %d has %+v, want the second with k002 alone", b.Attempt, l.Objects)
	}
	w.report(b, map[string]int{"k002": 75}) // its last attempt
	w.finish(0)
	if r := w.runFor("images", "k002"); r.State != run.Failed {
		t.Errorf("run of k002 = %s, want failed", r.State)
	}
	if b := w.batches()[0]; !b.State.Final() || len(b.Owed) > 0 {
		t.Errorf("batch = %s owing %v", b.State, b.Owed)
	}
}

// TestOneBadObjectTakesNobodyWithIt has a container that dies of one object without a word about any.
func TestOneBadObjectTakesNobodyWithIt(t *testing.T) {
	w := newWorld(t, gathering(run.Batch{MaxObjects: 100}))
	w.admit(keys(100)...)
	started := 0
	for range 400 {
		for _, b := range w.batches() {
			if !b.State.Active() {
				continue
			}
			started++
			code := 0
			for _, o := range w.manifest(b).Objects {
				if o.Key == "k037" {
					code = 1
				}
			}
			w.end(b.TaskARN, code)
		}
		w.minutes(1)
		if w.states()[run.Queued] == 0 && len(w.active()) == 0 {
			break
		}
	}
	bad := w.runFor("images", "k037")
	if bad.State != run.Failed || w.count("mail images") != 1 {
		t.Errorf("the bad object = %s with %d mails, want it failed with one", bad.State, w.count("mail images"))
	}
	good := 0
	for _, r := range w.ledger.All() {
		if r.Input.Object != nil && r.State == run.Succeeded {
			good++
		}
	}
	if good != 99 || started > 15 {
		t.Errorf("%d objects succeeded in %d tasks, want 99 in 15 at most", good, started)
	}
}

func TestWhatSaysNothingOfTheObjectsSplitsNothing(t *testing.T) {
	for name, ended := range map[string]fake.Ended{
		"an image that is not there": {StopCode: "TaskFailedToStart", Reason: "CannotPullContainerError: not found"},
		"somebody stopped it":        {StopCode: "UserInitiated", Reason: "enough", Exits: map[string]int{"main": 143}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, gathering(run.Batch{MaxObjects: 4}))
			w.admit(keys(4)...)
			arn := w.active()[0].TaskArn
			w.ecs.End(arn, ended)
			stopped, _ := w.ecs.Task(arn)
			w.observe(stopped.Words())
			w.minutes(3)
			if got := w.states(); got[run.Failed] != 5 || len(w.ecs.All()) != 1 {
				t.Errorf("states = %v in %d tasks, want the batch and its objects failed in one", got, len(w.ecs.All()))
			}
		})
	}
}

func TestAMalformedReportIsNoReport(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "boom", "another version": `{"version": 2, "objects": []}`, "no exit code": `{"version": 1, "objects": [{"id": "x"}]}`,
		"too large": `{"version": 1, "objects": [` + strings.Repeat(" ", launch.MaxReport) + `]}`, "somebody else's": `{"version": 1, "objects": [{"id": "x", "exitCode": 1}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, gathering(run.Batch{MaxObjects: 2}))
			w.admit(keys(2)...)
			if err := w.files.Put(t.Context(), w.batches()[0].Decision.ReportURL, "", []byte(text)); err != nil {
				t.Fatal(err)
			}
			w.finish(0)
			if got := w.states(); got[run.Succeeded] != 3 {
				t.Errorf("states = %v, want all succeeded: the container did", got)
			}
		})
	}
}

func TestSpotTakesABatchAndItsRestIsTriedAgain(t *testing.T) {
	job := gathering(run.Batch{MaxObjects: 3})
	job.Retry = run.Retry{Attempts: 3, On: []string{"spot-interruption"}}
	job.Task.Capacity = []string{"FARGATE_SPOT", "FARGATE"}
	w := newWorld(t, job)
	w.admit(keys(3)...)
	b := w.batches()[0]
	w.report(b, map[string]int{"k000": 0})
	w.ecs.Move(b.TaskARN, run.StatusRunning)
	w.ecs.End(b.TaskARN, fake.Ended{StopCode: "SpotInterruption", Exits: map[string]int{"main": 143}})
	stopped, _ := w.ecs.Task(b.TaskARN)
	w.observe(stopped.Words())
	for len(w.active()) == 0 {
		w.minutes(1)
	}
	if l := w.manifest(w.batches()[0]); len(l.Objects) != 2 || l.Attempt != 2 {
		t.Errorf("manifest = %+v, want the two that were not done, at attempt 2", l)
	}
	w.finish(0)
	if got := w.states(); got[run.Succeeded] != 4 {
		t.Errorf("states = %v, want all succeeded", got)
	}
}

func TestObjectsOfABatchAreCancelledAndRetriedByThemselves(t *testing.T) {
	w := newWorld(t, gathering(run.Batch{MaxObjects: 3, MaxWait: time.Hour}))
	w.admit(keys(2)...)
	o := w.function(false)
	if got := o.Cancel(t.Context(), w.runFor("images", "k000").ID, "by me"); got.Err != nil || got.Run.State != run.Cancelled {
		t.Fatalf("cancel = %+v", got)
	}
	w.admit(want("images", "k002")) // the third: full
	b := w.batches()[0]
	if l := w.manifest(b); len(l.Objects) != 2 {
		t.Errorf("manifest = %+v, want it without the cancelled one", l)
	}
	if got := o.Cancel(t.Context(), w.runFor("images", "k001").ID, "by me"); got.Err == nil || !strings.Contains(got.Err.Error(), string(b.ID)) {
		t.Errorf("cancel of an object at work: %v, want a refusal that names its batch", got.Err)
	}
	if got := o.Retry(t.Context(), []run.ID{b.ID}, "x"); got[0].Err == nil {
		t.Error("an active batch was retried")
	}
	w.report(b, map[string]int{"k001": 1, "k002": 1})
	w.finish(0)
	ids := []run.ID{w.runFor("images", "k000").ID, w.runFor("images", "k001").ID, w.runFor("images", "k002").ID}
	for i, got := range o.Retry(t.Context(), ids, "the bucket was repaired") {
		if got.Err != nil || got.Run.State != run.Queued || got.Run.Attempt != 2 {
			t.Errorf("retry %d = %+v", i, got)
		}
	}
	w.minutes(1)
	w.finish(0)
	for _, id := range ids {
		if r, err := w.ledger.Run(t.Context(), id); err != nil || r.State != run.Succeeded {
			t.Errorf("run %s = %s, %v", id, r.State, err)
		}
	}
	if n := len(w.ecs.All()); n != 2 {
		t.Errorf("%d tasks, want one for the three that were retried together", n)
	}
}

func TestACancelledBatchEndsItsObjects(t *testing.T) {
	for name, launched := range map[string]bool{"while it gathers": false, "while it has a task": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, gathering(run.Batch{MaxObjects: 3}))
			w.admit(keys(map[bool]int{false: 2, true: 3}[launched])...)
			b := w.batches()[0]
			if got := w.function(true).Cancel(t.Context(), b.ID, "by me"); got.Err != nil {
				t.Fatal(got.Err)
			}
			w.finish(143)
			w.minutes(1)
			if got := w.states(); got[run.Cancelled] != 1+len(b.Objects.Members) {
				t.Errorf("states = %v, want the batch and its objects cancelled", got)
			}
			if n := w.count("mail images"); n != 0 {
				t.Errorf("%d mails of what somebody wished", n)
			}
		})
	}
}

// TestAFunctionKilledWhileABatchGathersLosesAndDoublesNothing kills at every boundary between two effects of joining,
// sealing, claiming, launching, settling and splitting, delivers everything again, and lets time pass.
func TestAFunctionKilledWhileABatchGathersLosesAndDoublesNothing(t *testing.T) {
	bounded := gathering(run.Batch{MaxObjects: 3, MaxWait: time.Minute})
	bounded.Concurrency.Max = 1
	phases := []string{"admit", "settle", "tick"}
	for name, job := range map[string]run.Job{"without a maximum": gathering(run.Batch{MaxObjects: 3, MaxWait: time.Minute}), "with a maximum": bounded} {
		for _, phase := range phases {
			for at := 1; at <= 40; at++ {
				t.Run(fmt.Sprintf("%s, killed at boundary %d of %s", name, at, phase), func(t *testing.T) { killWhile(t, job, phase, at) })
			}
		}
	}
}

func killWhile(t *testing.T, job run.Job, phase string, at int) {
	w := newWorld(t, job)
	die := func(now string) {
		if now == phase {
			w.killAt = at
		}
	}
	die("admit")
	w.admit(keys(4)...)
	w.revive()
	w.admit(keys(4)...)
	for range 15 {
		for _, b := range w.batches() {
			if !b.State.Active() || b.TaskARN == "" {
				continue
			}
			code := 0
			for _, o := range w.manifest(b).Objects {
				if o.Key == "k001" {
					code = 1
				}
			}
			w.ecs.Move(b.TaskARN, run.StatusRunning)
			w.ecs.End(b.TaskARN, fake.Ended{Exits: map[string]int{"main": code}})
			stopped, _ := w.ecs.Task(b.TaskARN)
			die("settle")
			_ = w.function(true).Observe(t.Context(), stopped.Words())
			w.revive()
			w.observe(stopped.Words())
			if phase == "settle" {
				phase = "over"
			}
		}
		die("tick")
		w.wait(time.Minute)
		_, _ = w.function(false).Tick(t.Context())
		_ = w.function(true).Flush(t.Context())
		w.revive()
		if phase == "tick" {
			phase = "over"
		}
		w.tick()
	}
	for key, state := range map[string]run.State{"k000": run.Succeeded, "k001": run.Failed, "k002": run.Succeeded, "k003": run.Succeeded} {
		if r := w.runFor("images", key); r.State != state || len(r.Owed) > 0 {
			t.Errorf("run of %s = %s owing %v, want %s and done", key, r.State, r.Owed, state)
		}
	}
	assertBatchesDone(t, w)
}

func assertBatchesDone(t *testing.T, w *world) {
	t.Helper()
	seen := map[run.ID]bool{}
	for _, b := range w.batches() {
		if !b.State.Final() || len(b.Owed) > 0 || b.Slot {
			t.Errorf("batch %s = %s owing %v, slot %t", b.ID, b.State, b.Owed, b.Slot)
		}
		for _, m := range b.Objects.Members {
			if b.Objects.From != "" {
				continue // a half of another one
			}
			if seen[m] {
				t.Errorf("object %s is in two batches", m)
			}
			seen[m] = true
		}
	}
	perRun := map[string]bool{}
	for _, task := range w.ecs.All() {
		if perRun[task.StartedBy] {
			t.Errorf("two tasks for %s", task.StartedBy)
		}
		perRun[task.StartedBy] = true
	}
	states, err := w.ledger.Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.Active != 0 {
			t.Errorf("job %s still counts %d active runs", s.Name, s.Active)
		}
	}
}
