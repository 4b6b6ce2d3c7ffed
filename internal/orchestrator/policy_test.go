package orchestrator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func full(when run.WhenFull, limit int) run.Job {
	job := images()
	job.Concurrency = run.Concurrency{Max: limit, WhenFull: when}
	return job
}

// lastWhy is the newest line of a run's history.
func lastWhy(r run.Run) string { return r.History[len(r.History)-1].Why }

func TestARunWithoutRoomIsSkippedWithTheOneInTheWay(t *testing.T) {
	w := newWorld(t, full(run.WhenFullSkip, 1))
	got := w.admit(want("images", "a"), want("images", "b"))
	if got[0].Result != orchestrator.Started || got[1].Result != orchestrator.Skipped {
		t.Fatalf("admissions = %+v, want one started and one skipped", got)
	}
	a, b := w.runFor("images", "a"), w.runFor("images", "b")
	if b.State != run.Skipped || !strings.Contains(lastWhy(b), "1 of 1") && !strings.Contains(lastWhy(b), "of 1 are active") {
		t.Errorf("run b = %s: %q", b.State, lastWhy(b))
	}
	if got := w.admit(want("images", "c")); got[0].Result != orchestrator.Skipped {
		t.Errorf("admission = %+v, want skipped", got[0])
	}
	if c := w.runFor("images", "c"); !strings.Contains(lastWhy(c), string(a.ID)) {
		t.Errorf("why = %q, want it to name %s", lastWhy(c), a.ID)
	}
	w.minutes(1)
	if n := w.count("event skipped images"); n != 2 {
		t.Errorf("%d events of skipped runs, want 2", n)
	}
	w.finish(0)
	if got := w.admit(want("images", "d")); got[0].Result != orchestrator.Started {
		t.Errorf("admission = %+v, want started: there is room again", got[0])
	}
	if got := w.admit(want("images", "b")); got[0].Result != orchestrator.Duplicate {
		t.Errorf("admission of a skipped run = %+v, want a duplicate", got[0])
	}
}

func TestARetryWaitsWhereANewRunIsSkipped(t *testing.T) {
	job := full(run.WhenFullSkip, 1)
	job.Retry = run.Retry{Attempts: 2, ExitCodes: []int{75}}
	w := newWorld(t, job)
	w.admit(want("images", "a"))
	w.finish(75) // it waits for its second attempt, and gives its slot back
	w.admit(want("images", "b"))
	w.minutes(3)
	if a := w.runFor("images", "a"); a.State != run.Queued || a.Attempt != 2 {
		t.Fatalf("run a = %s, attempt %d; want it to wait", a.State, a.Attempt)
	}
	w.finish(0)
	w.minutes(1)
	w.finish(0)
	if got := w.states(); got[run.Succeeded] != 2 {
		t.Errorf("states = %v, want 2 succeeded", got)
	}
}

func TestANewRunReplacesTheOldOneAfterItHasStopped(t *testing.T) {
	w := newWorld(t, full(run.WhenFullReplace, 1))
	w.admit(want("images", "a"))
	task := w.active()[0]
	if got := w.admit(want("images", "b")); got[0].Result != orchestrator.Queued {
		t.Fatalf("admission = %+v, want queued", got[0])
	}
	if a := w.runFor("images", "a"); a.Wish != run.WishReplace {
		t.Fatalf("wish = %q, want replace", a.Wish)
	}
	if described, _ := w.ecs.Task(task.TaskArn); described.DesiredStatus != "STOPPED" {
		t.Errorf("the task is to be %s, want STOPPED", described.DesiredStatus)
	}
	if n := len(w.active()); n != 1 {
		t.Errorf("%d tasks are active, want the old one alone until it has stopped", n)
	}
	w.wait(time.Second)
	w.admit(want("images", "c")) // newer still: b never gets its turn
	if b := w.runFor("images", "b"); b.State != run.Cancelled || !strings.Contains(b.WishWhy, string(w.runFor("images", "c").ID)) {
		t.Errorf("run b = %s, %q; want it cancelled for c", b.State, b.WishWhy)
	}
	w.ecs.End(task.TaskArn, fake.Ended{StopCode: "UserInitiated", Exits: map[string]int{"main": 143}})
	stopped, _ := w.ecs.Task(task.TaskArn)
	w.observe(stopped.Words())
	if a := w.runFor("images", "a"); a.State != run.Cancelled || w.count("mail images") != 0 {
		t.Errorf("run a = %s with %d mails; want it cancelled without one", a.State, w.count("mail images"))
	}
	if err := w.function(false).LaunchQueued(t.Context(), "images"); err != nil {
		t.Fatal(err)
	}
	if c := w.runFor("images", "c"); c.State != run.Starting {
		t.Errorf("run c = %s, want starting", c.State)
	}
}

func TestReplaceKeepsAsManyOfTheNewestAsThereIsRoomFor(t *testing.T) {
	w := newWorld(t, full(run.WhenFullReplace, 2))
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		w.wait(time.Second)
		w.admit(want("images", key))
	}
	for range 3 {
		w.finish(143)
		w.minutes(1)
	}
	for key, state := range map[string]run.State{"a": run.Cancelled, "b": run.Cancelled, "c": run.Cancelled} {
		if got := w.runFor("images", key); got.State != state {
			t.Errorf("run %s = %s, want %s", key, got.State, state)
		}
	}
	for _, key := range []string{"d", "e"} {
		if got := w.runFor("images", key); got.StartedAt.IsZero() {
			t.Errorf("run %s = %s, want it to have had its turn", key, got.State)
		}
	}
}

// versionOf asks for one version of a key.
func versionOf(key, sequencer string) orchestrator.Want {
	return orchestrator.Want{Job: "images", Trigger: run.ByObject, Input: run.Input{Object: &run.Object{Bucket: "b", Key: key, Sequencer: sequencer}}}
}

func TestAnOlderVersionOfAKeyIsSuperseded(t *testing.T) {
	job := images()
	job.LatestOnly = true
	for name, tc := range map[string]struct {
		limit  int
		first  string
		second string
		want   map[string]run.State
	}{
		"the older one comes late":             {0, "0055AED6DCD90281E6", "0055AED6DCD90281E5", map[string]run.State{"0055AED6DCD90281E6": run.Starting, "0055AED6DCD90281E5": run.Skipped}},
		"they come in order":                   {0, "0055AED6DCD90281E5", "0055AED6DCD90281E6", map[string]run.State{"0055AED6DCD90281E5": run.Starting, "0055AED6DCD90281E6": run.Starting}},
		"a shorter sequencer is padded":        {0, "0055AED6DCD90281E5", "0055AED6DCD90281", map[string]run.State{"0055AED6DCD90281E5": run.Starting, "0055AED6DCD90281": run.Skipped}},
		"the older one waits when the new one": {1, "0055AED6DCD90281E5", "0055AED6DCD90281E6", map[string]run.State{"0055AED6DCD90281E5": run.Skipped, "0055AED6DCD90281E6": run.Succeeded}},
	} {
		t.Run(name, func(t *testing.T) {
			job := job
			job.Concurrency.Max = tc.limit
			w := newWorld(t, job)
			if tc.limit > 0 { // somebody else holds the only slot
				w.admit(versionOf("other", "1"))
			}
			w.admit(versionOf("k", tc.first))
			w.wait(time.Second)
			w.admit(versionOf("k", tc.second))
			if tc.limit > 0 {
				for range 3 {
					w.finish(0)
					w.minutes(1)
				}
			}
			for _, r := range w.ledger.All() {
				if want, ok := tc.want[r.Input.Object.Sequencer]; ok && r.State != want {
					t.Errorf("version %s = %s, want %s: %s", r.Input.Object.Sequencer, r.State, want, lastWhy(r))
				}
			}
		})
	}
}

func TestAStepThatBringsNothingToRunningIsLeft(t *testing.T) {
	job := images()
	job.Task.Capacity = []string{"my-provider", "FARGATE"}
	job.Task.RunningWithin = map[string]time.Duration{"my-provider": 5 * time.Minute}
	w := newWorld(t, job)
	w.ecs.Providers = []string{"my-provider", "FARGATE"}
	w.admit(want("images", "a"))
	stuck := w.active()[0]
	w.minutes(4)
	if r := w.onlyRun(); r.Wish != run.NoWish {
		t.Fatalf("wish = %s after four minutes, want none", r.Wish)
	}
	w.minutes(1)
	if r := w.onlyRun(); r.Wish != run.WishMove {
		t.Fatalf("wish = %q after five minutes, want next-capacity", r.Wish)
	}
	w.ecs.End(stuck.TaskArn, fake.Ended{StopCode: "UserInitiated"})
	stopped, _ := w.ecs.Task(stuck.TaskArn)
	w.observe(stopped.Words())
	w.minutes(1)
	r := w.onlyRun()
	if r.State != run.Starting || r.Decision.Capacity != "FARGATE" || r.Attempt != 2 || r.Spared != 1 {
		t.Errorf("run = %s on %s, attempt %d, spared %d; want attempt 2 on FARGATE, spared", r.State, r.Decision.Capacity, r.Attempt, r.Spared)
	}
	w.finish(0)
	if r := w.onlyRun(); r.State != run.Succeeded || w.count("mail images") != 0 {
		t.Errorf("run = %s with %d mails, want it succeeded without one", r.State, w.count("mail images"))
	}
}

func TestWithoutAnotherStepOnlyStartWithinEndsTheWaitForCapacity(t *testing.T) {
	job := images()
	job.Task.Capacity, job.StartWithin = []string{"my-provider"}, time.Hour
	w := newWorld(t, job)
	w.ecs.Providers = []string{"my-provider"}
	w.admit(want("images", "a"))
	w.minutes(59)
	if r := w.onlyRun(); r.State != run.Starting || r.Wish != run.NoWish {
		t.Fatalf("run = %s wishing %q, want it to wait", r.State, r.Wish)
	}
	w.minutes(2)
	stuck := w.active()[0]
	w.ecs.End(stuck.TaskArn, fake.Ended{StopCode: "UserInitiated"})
	w.minutes(11)
	if r := w.onlyRun(); r.State != run.Failed || r.Outcome.Class != "capacity" {
		t.Errorf("run = %s, %+v; want it failed for capacity", r.State, r.Outcome)
	}
}

func TestAZonalFailureIsTriedInOtherSubnets(t *testing.T) {
	job := images()
	job.Task.Subnets, job.Task.Capacity = []string{"subnet-a", "subnet-b", "subnet-c"}, []string{"FARGATE_SPOT", "FARGATE"}
	w := newWorld(t, job)
	w.networkMode = "awsvpc"
	refused := map[string]int{}
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation != "RunTask" || refused["all"] == 3 {
			return nil
		}
		refused["all"]++
		return &fake.Fault{Failures: []fake.Failure{{Reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"}}}
	}
	if got := w.admit(want("images", "a")); got[0].Result != orchestrator.Started {
		t.Fatalf("admission = %+v", got[0])
	}
	d := w.onlyRun().Decision
	if d.Capacity != "FARGATE_SPOT" || len(d.Subnets) != 1 || d.Zone != 3 {
		t.Errorf("decision = %s in %v, zone %d; want Spot in the third subnet alone", d.Capacity, d.Subnets, d.Zone)
	}
	if r := w.onlyRun(); r.Launch != 4 || r.Attempt != 1 {
		t.Errorf("launch %d of attempt %d, want the fourth launch of the first attempt", r.Launch, r.Attempt)
	}
}

func TestASecondSpotInterruptionLeavesSpot(t *testing.T) {
	job := images()
	job.Task.Capacity = []string{"FARGATE_SPOT", "FARGATE"}
	job.Retry = run.Retry{Attempts: 4, On: []string{"spot-interruption"}}
	w := newWorld(t, job)
	w.admit(want("images", "a"))
	for attempt, capacity := range []string{"FARGATE_SPOT", "FARGATE_SPOT", "FARGATE"} {
		r := w.onlyRun()
		if r.Decision.Capacity != capacity || r.Attempt != attempt+1 {
			t.Fatalf("attempt %d on %s, want attempt %d on %s", r.Attempt, r.Decision.Capacity, attempt+1, capacity)
		}
		if capacity == "FARGATE" {
			break
		}
		task := w.active()[0]
		w.ecs.Move(task.TaskArn, run.StatusRunning)
		w.ecs.End(task.TaskArn, fake.Ended{StopCode: "SpotInterruption", Exits: map[string]int{"main": 143}})
		stopped, _ := w.ecs.Task(task.TaskArn)
		w.observe(stopped.Words())
		for len(w.active()) == 0 {
			w.minutes(1)
		}
	}
	w.finish(0)
	if r := w.onlyRun(); r.State != run.Succeeded {
		t.Errorf("run = %s, want succeeded", r.State)
	}
}

func TestMissingCapacityThatATaskTellsOfCostsNoAttempt(t *testing.T) {
	w := newWorld(t, images())
	w.admit(want("images", "a"))
	for range 5 {
		task := w.active()[0]
		w.ecs.End(task.TaskArn, fake.Ended{StopCode: "TaskFailedToStart", Reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"})
		stopped, _ := w.ecs.Task(task.TaskArn)
		w.observe(stopped.Words())
		w.minutes(11)
	}
	w.finish(0)
	if r := w.onlyRun(); r.State != run.Succeeded || r.Attempt != 6 || r.Spared != 5 || w.count("mail images") != 0 {
		t.Errorf("run = %s, attempt %d, spared %d, %d mails", r.State, r.Attempt, r.Spared, w.count("mail images"))
	}
}

func TestAnOperatorCancelsAndRetries(t *testing.T) {
	job := full(run.WhenFullQueue, 1)
	job.Retry = run.Retry{Attempts: 2, ExitCodes: []int{75}}
	w := newWorld(t, job)
	w.admit(want("images", "a"), want("images", "b"))
	o := w.function(false)
	a, b := w.runFor("images", "a"), w.runFor("images", "b")
	if got := o.Cancel(t.Context(), b.ID, "by me"); got.Err != nil || got.Run.State != run.Cancelled {
		t.Errorf("cancel of a queued run = %+v", got)
	}
	if got := o.Cancel(t.Context(), a.ID, "by me"); got.Err != nil || got.Run.Wish != run.WishCancel {
		t.Errorf("cancel of an active run = %+v", got)
	}
	if task := w.active()[0]; task.DesiredStatus != "STOPPED" {
		t.Errorf("the task is to be %s, want STOPPED", task.DesiredStatus)
	}
	w.finish(143)
	if a := w.runFor("images", "a"); a.State != run.Cancelled {
		t.Errorf("run a = %s, want cancelled", a.State)
	}
	var unfit *run.TransitionError
	if got := o.Cancel(t.Context(), a.ID, "again"); !errors.As(got.Err, &unfit) {
		t.Errorf("cancel of a final run: %v, want a refusal that says its state", got.Err)
	}
	if got := o.Cancel(t.Context(), "nothing", "x"); !errors.Is(got.Err, run.ErrNotFound) {
		t.Errorf("cancel of an unknown run: %v", got.Err)
	}

	got := o.Retry(t.Context(), []run.ID{a.ID, a.ID, "nothing", b.ID}, "operator: the input was corrected")
	if got[0].Err != nil || got[3].Err != nil || !errors.As(got[1].Err, &unfit) || !errors.Is(got[2].Err, run.ErrNotFound) {
		t.Fatalf("retry = %+v", got)
	}
	if got := o.Retry(t.Context(), []run.ID{a.ID}, "x"); !errors.As(got[0].Err, &unfit) {
		t.Errorf("retry of a queued run: %v, want a refusal", got[0].Err)
	}
	for range 2 {
		w.minutes(1)
		w.finish(75) // the retried run has a whole budget: two attempts again
		w.minutes(1)
	}
	w.minutes(1)
	w.finish(0)
	w.minutes(12)
	w.finish(0)
	if a, b := w.runFor("images", "a"), w.runFor("images", "b"); a.State != run.Succeeded || b.State != run.Succeeded || a.Attempt != 3 {
		t.Errorf("run a = %s at attempt %d, run b = %s; want both succeeded", a.State, a.Attempt, b.State)
	}
}

func TestARemovedJobEndsItsRunsAndStartsNoMore(t *testing.T) {
	job := full(run.WhenFullQueue, 1)
	job.StartWithin = time.Hour
	job.Retry = run.Retry{Attempts: 3, ExitCodes: []int{75}}
	w := newWorld(t, job)
	w.admit(want("images", "a"), want("images", "b"))
	renamed := images()
	renamed.Name = "pictures"
	w.jobs = []run.Job{renamed}
	w.finish(75) // the policy that would try it again is gone
	w.minutes(1)
	if a := w.runFor("images", "a"); a.State != run.Failed {
		t.Errorf("run a = %s, want failed", a.State)
	}
	if b := w.runFor("images", "b"); b.State != run.Queued || len(w.active()) != 0 {
		t.Errorf("run b = %s, want it to wait for its job to come back", b.State)
	}
	if got := w.function(false).Retry(t.Context(), []run.ID{w.runFor("images", "a").ID}, "x"); got[0].Err == nil {
		t.Error("a run of a job that is gone was retried")
	}
	w.minutes(61)
	if b := w.runFor("images", "b"); b.State != run.Failed || !strings.Contains(b.Outcome.Summary, "no longer configured") {
		t.Errorf("run b = %s, %+v; want it failed, with the reason", b.State, b.Outcome)
	}
	w.jobs = []run.Job{job}
	if got := w.admit(want("images", "c")); got[0].Result != orchestrator.Started {
		t.Errorf("admission = %+v, want the slots back", got[0])
	}
}

func TestAClockThatJumpsLosesAndDoublesNothing(t *testing.T) {
	for name, jump := range map[string]time.Duration{"back a day": -24 * time.Hour, "ahead two hours": 2 * time.Hour, "back a minute": -time.Minute} {
		t.Run(name, func(t *testing.T) {
			job := full(run.WhenFullQueue, 1)
			job.Retry = run.Retry{Attempts: 2, ExitCodes: []int{75}}
			w := newWorld(t, job)
			w.admit(want("images", "a"), want("images", "b"))
			w.finish(75)
			w.wait(jump)
			w.minutes(5)
			w.finish(0)
			w.wait(-jump)
			for range 20 {
				w.minutes(1)
				w.finish(0)
			}
			if got := w.states(); got[run.Succeeded] != 2 {
				t.Errorf("states = %v, want 2 succeeded", got)
			}
			if n := len(w.ecs.All()); n != 3 {
				t.Errorf("%d tasks, want 3", n)
			}
		})
	}
}

func TestWhereNothingIsLaunchedRunsAreStored(t *testing.T) {
	w := newWorld(t, images(), full(run.WhenFullSkip, 1))
	w.jobs[1].Name = "bounded"
	cli := orchestrator.New(orchestrator.Options{Stack: "stack", Jobs: w.jobs, Ledger: w.ledger, Now: w.clock})
	got := cli.Admit(t.Context(), []orchestrator.Want{want("images", "a"), want("bounded", "a"), want("bounded", "b"), want("images", "a")})
	for i, result := range []orchestrator.Result{orchestrator.Queued, orchestrator.Queued, orchestrator.Queued, orchestrator.Duplicate} {
		if got[i].Result != result || got[i].Err != nil {
			t.Errorf("admission %d = %+v, want %s", i, got[i], result)
		}
	}
	if n := len(w.ecs.All()); n != 0 {
		t.Fatalf("%d tasks were started", n)
	}
	w.minutes(1)
	if n := len(w.ecs.All()); n != 2 {
		t.Errorf("%d tasks, want one for each job: the other run was skipped", n)
	}
}
