package orchestrator_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/launch"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func TestAnObjectBecomesATaskAndARunThatSucceeds(t *testing.T) {
	w := newWorld(t, images())
	if got := w.admit(want("images", "a.png")); got[0].Result != orchestrator.Started || got[0].Err != nil {
		t.Fatalf("admission = %+v", got[0])
	}
	tasks := w.ecs.All()
	if len(tasks) != 1 {
		t.Fatalf("there are %d tasks, want 1", len(tasks))
	}
	w.ecs.Move(tasks[0].TaskArn, run.StatusRunning)
	w.observe(w.ecs.All()[0].Words())
	if r := w.onlyRun(); r.State != run.Running || r.TaskARN != tasks[0].TaskArn {
		t.Errorf("run = %s with task %q, want it running", r.State, r.TaskARN)
	}
	w.finish(0)
	r := w.onlyRun()
	if r.State != run.Succeeded || r.Open() {
		t.Errorf("run = %s owing %v, want it succeeded and done", r.State, r.Owed)
	}
	if w.count("event succeeded images") != 1 || w.count("mail images") != 0 {
		t.Errorf("sent %v, want one event and no mail", w.sent)
	}
}

func TestOneEventDeliveredFiveTimesStartsOneTask(t *testing.T) {
	w := newWorld(t, images())
	same := want("images", "a.png")
	got := w.admit(same, same, same)
	if got[0].Result != orchestrator.Started || got[1].Result != orchestrator.Duplicate || got[2].Result != orchestrator.Duplicate {
		t.Errorf("admissions = %+v", got)
	}
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { w.admit(same) })
	}
	all.Wait()
	w.finish(0)
	if got := w.admit(same); got[0].Result != orchestrator.Duplicate {
		t.Errorf("admission of a final run = %+v", got[0])
	}
	if n := len(w.ecs.All()); n != 1 {
		t.Errorf("there are %d tasks, want 1", n)
	}
}

// TestAFunctionKilledAnywhereLosesAndDoublesNothing kills the function at every boundary between two effects, of
// admitting and of settling, delivers the message again, and lets time pass.
func TestAFunctionKilledAnywhereLosesAndDoublesNothing(t *testing.T) {
	bounded := images()
	bounded.Concurrency.Max = 1
	for name, job := range map[string]run.Job{"without a maximum": images(), "with a maximum": bounded} {
		for at := 1; at <= 24; at++ {
			t.Run(fmt.Sprintf("%s, killed at boundary %d", name, at), func(t *testing.T) {
				w := newWorld(t, job)
				w.killAt = at
				for range 5 {
					w.admit(want("images", "a.png"))
				}
				tasks := w.ecs.All()
				if len(tasks) == 1 { // the task may end before anybody has recorded it
					w.ecs.Move(tasks[0].TaskArn, run.StatusRunning)
					w.ecs.End(tasks[0].TaskArn, fake.Ended{Exits: map[string]int{"main": 1}})
					_ = w.function(true).Observe(t.Context(), w.ecs.All()[0].Words()) // killed: what it did not do is left
				}
				w.revive()
				w.admit(want("images", "a.png"))
				w.minutes(4)
				for _, task := range w.ecs.All() { // at least once: the event comes again
					if task.LastStatus == run.StatusStopped {
						w.observe(task.Words())
					}
				}
				w.finish(1)
				w.minutes(2)
				assertOneFailedRun(t, w)
			})
		}
	}
}

func assertOneFailedRun(t *testing.T, w *world) {
	t.Helper()
	if n := len(w.ecs.All()); n != 1 {
		t.Errorf("there are %d tasks, want 1", n)
	}
	if r := w.onlyRun(); r.State != run.Failed || len(r.Owed) > 0 || r.Slot {
		t.Errorf("run = %s owing %v, slot %t; want it failed and done\n%+v", r.State, r.Owed, r.Slot, r.History)
	}
	if n := w.count("mail images"); n < 1 || n > 2 {
		t.Errorf("%d mails, want one, or two when it was killed right after the first", n)
	}
	w.assertSlotsBack()
}

func TestStopEventsInAnyNumberGiveOneMail(t *testing.T) {
	w := newWorld(t, images())
	w.admit(want("images", "a.png"))
	task := w.end(w.ecs.All()[0].TaskArn, 1)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { w.observe(task) })
	}
	all.Wait()
	running := task
	running.LastStatus, running.Version = run.StatusRunning, 2
	w.observe(running)
	w.minutes(3)
	if n := w.count("mail images"); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	if r := w.onlyRun(); r.State != run.Failed {
		t.Errorf("run = %s, want failed", r.State)
	}
}

func TestConcurrencyIsNeverExceededAndEveryRunGetsItsTurn(t *testing.T) {
	job := images()
	job.Concurrency.Max = 3
	w := newWorld(t, job)
	var all sync.WaitGroup
	for batch := range 4 {
		all.Go(func() {
			var wants []orchestrator.Want
			for i := range 10 {
				wants = append(wants, want("images", fmt.Sprintf("%d-%d.png", batch, i)))
			}
			for _, a := range w.admit(wants...) {
				if a.Err != nil {
					w.admit(wants...) // the queue delivers it again
				}
			}
		})
	}
	all.Wait()
	for range 40 {
		if active := w.states()[run.Starting] + w.states()[run.Running]; active > 3 {
			t.Fatalf("%d runs are active, want at most 3", active)
		}
		w.finish(0)
		if err := w.function(false).LaunchQueued(t.Context(), "images"); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.states(); got[run.Succeeded] != 40 {
		t.Errorf("states = %v, want 40 succeeded", got)
	}
	if n := len(w.ecs.All()); n != 40 {
		t.Errorf("there are %d tasks, want 40", n)
	}
}

func TestALostAnswerIsAskedForAgainWithTheSameToken(t *testing.T) {
	w := newWorld(t, images())
	lost := 3 // as many as one invocation tries
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" && lost > 0 {
			lost--
			return &fake.Fault{Error: &fake.ECSError{Message: "lost"}, Afterwards: true}
		}
		return nil
	}
	if got := w.admit(want("images", "a.png")); got[0].Result != orchestrator.Claimed {
		t.Fatalf("admission = %+v, want it claimed", got[0])
	}
	w.minutes(3)
	if r := w.onlyRun(); r.TaskARN == "" || len(w.ecs.All()) != 1 {
		t.Errorf("task %q of %d, want the one task found again", r.TaskARN, len(w.ecs.All()))
	}
}

// TestALaunchKeepsItsTrace loses the answer of the first invocation: the next one, in a trace of its own, must repeat the
// call as it was, because ECS refuses a token with other parameters.
func TestALaunchKeepsItsTrace(t *testing.T) {
	w := newWorld(t, images())
	lost := 3 // as many as one invocation tries
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" && lost > 0 {
			lost--
			return &fake.Fault{Error: &fake.ECSError{Message: "lost"}, Afterwards: true}
		}
		return nil
	}
	w.trace = "Root=1-first;Sampled=1"
	w.admit(want("images", "a.png"))
	w.trace = "Root=1-second;Sampled=1"
	w.minutes(3)
	r := w.onlyRun()
	if r.TaskARN == "" || len(w.ecs.All()) != 1 {
		t.Fatalf("task %q of %d, want the one task found again", r.TaskARN, len(w.ecs.All()))
	}
	if !slices.Contains(r.Decision.Environment, run.EnvVar{Name: launch.TraceVariable, Value: "Root=1-first;Sampled=1"}) {
		t.Errorf("variables %v, want the trace of the launch", r.Decision.Environment)
	}
}

func TestAnOldClaimAsksECSBeforeItStartsAnything(t *testing.T) {
	w := newWorld(t, images())
	lost := true
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" && lost {
			return &fake.Fault{Error: &fake.ECSError{Message: "lost"}, Afterwards: true}
		}
		return nil
	}
	w.admit(want("images", "a.png"))
	lost = false
	w.wait(35 * time.Minute) // nobody ticked
	w.tick()
	if r := w.onlyRun(); r.TaskARN == "" || len(w.ecs.All()) != 1 {
		t.Errorf("task %q of %d, want the one task found by startedBy", r.TaskARN, len(w.ecs.All()))
	}
}

func TestMissingCapacityTakesTheNextStepAndNeverFailsARun(t *testing.T) {
	job := images()
	job.Task.Capacity = []string{"FARGATE_SPOT", "FARGATE"}
	w := newWorld(t, job)
	refusals := 3
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" && refusals > 0 {
			refusals--
			return &fake.Fault{Failures: []fake.Failure{{Reason: "Capacity is unavailable at this time."}}}
		}
		return nil
	}
	if got := w.admit(want("images", "a.png")); got[0].Result != orchestrator.Queued {
		t.Fatalf("admission = %+v, want it back in the queue after the last step", got[0])
	}
	w.minutes(6)
	tasks := w.ecs.All()
	if len(tasks) != 1 || tasks[0].CapacityProviderName != "FARGATE" {
		t.Fatalf("tasks = %+v, want one on FARGATE, the step after the third refusal", tasks)
	}
	if r := w.onlyRun(); r.Attempt != 1 {
		t.Errorf("attempt = %d, want 1: a launch is no attempt", r.Attempt)
	}
}

func TestARunThatCannotStartFailsOnceWithItsReason(t *testing.T) {
	w := newWorld(t, images())
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" {
			return &fake.Fault{Error: &fake.ECSError{Code: "AccessDeniedException", Message: "no PassRole", Status: 400}}
		}
		return nil
	}
	if got := w.admit(want("images", "a.png")); got[0].Result != orchestrator.Ended {
		t.Fatalf("admission = %+v", got[0])
	}
	w.minutes(2)
	r := w.onlyRun()
	if r.State != run.Failed || r.Outcome.Reason != "access-denied" || w.count("mail images") != 1 {
		t.Errorf("run = %s because %+v, %d mails", r.State, r.Outcome, w.count("mail images"))
	}
}

func TestARunThatFindsNoCapacityFailsAtItsDeadline(t *testing.T) {
	job := images()
	job.StartWithin = time.Hour
	w := newWorld(t, job)
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" {
			return &fake.Fault{Failures: []fake.Failure{{Reason: "RESOURCE:CPU"}}}
		}
		return nil
	}
	w.admit(want("images", "a.png"))
	w.minutes(70)
	if r := w.onlyRun(); r.State != run.Failed || r.Outcome.Reason != "launch-deadline" {
		t.Errorf("run = %s because %+v, want failed at its deadline", r.State, r.Outcome)
	}
}

func TestAnAttemptIsRetriedAsThePolicySays(t *testing.T) {
	job := images()
	job.Retry = run.Retry{Attempts: 2, ExitCodes: []int{75}}
	w := newWorld(t, job)
	w.admit(want("images", "a.png"))
	w.finish(75)
	if r := w.onlyRun(); r.State != run.Queued || r.Attempt != 2 || w.count("mail images") != 0 {
		t.Fatalf("run = %s, attempt %d; want it queued for its second attempt without a mail", r.State, r.Attempt)
	}
	w.minutes(1)
	w.finish(75)
	if r := w.onlyRun(); r.State != run.Failed || r.Attempt != 2 || w.count("mail images") != 1 {
		t.Errorf("run = %s, attempt %d; want it failed with one mail", r.State, r.Attempt)
	}
}

func TestAStopThatNobodyToldOfIsFound(t *testing.T) {
	w := newWorld(t, images())
	w.admit(want("images", "a.png"))
	arn := w.ecs.All()[0].TaskArn
	w.ecs.Move(arn, run.StatusRunning)
	w.ecs.End(arn, fake.Ended{Exits: map[string]int{"main": 0}})
	w.minutes(12)
	if r := w.onlyRun(); r.State != run.Succeeded {
		t.Errorf("run = %s, want what DescribeTasks says", r.State)
	}
}

func TestATaskThatECSForgotEndsUnknownAfterTwoLooks(t *testing.T) {
	w := newWorld(t, images())
	w.admit(want("images", "a.png"))
	arn := w.ecs.All()[0].TaskArn
	w.ecs.End(arn, fake.Ended{Exits: map[string]int{"main": 0}})
	w.wait(2 * time.Hour)
	w.tick()
	if r := w.onlyRun(); r.State.Final() {
		t.Fatalf("run = %s after one look, want it still open", r.State)
	}
	w.minutes(2)
	if r := w.onlyRun(); r.State != run.Failed || r.Outcome.Class != "unknown" {
		t.Errorf("run = %s because %+v, want it failed as unknown", r.State, r.Outcome)
	}
}

func TestAnAttemptOverItsTimeoutIsStopped(t *testing.T) {
	job := images()
	job.Timeout = 5 * time.Minute
	w := newWorld(t, job)
	w.admit(want("images", "a.png"))
	w.ecs.Move(w.ecs.All()[0].TaskArn, run.StatusRunning)
	w.observe(w.ecs.All()[0].Words())
	w.minutes(4)
	if task := w.ecs.All()[0]; task.DesiredStatus != "RUNNING" {
		t.Fatalf("the task was asked to stop after four minutes")
	}
	w.minutes(2)
	task := w.ecs.All()[0]
	if task.DesiredStatus != "STOPPED" || w.onlyRun().State != run.Running {
		t.Fatalf("task %s, run %s; want it asked to stop, and the run running until it has", task.DesiredStatus, w.onlyRun().State)
	}
	w.finish(143)
	if r := w.onlyRun(); r.State != run.Failed || r.Outcome.Class != "timeout" {
		t.Errorf("run = %s because %+v, want a timeout", r.State, r.Outcome)
	}
}

func hourlyJob() run.Job {
	job := images()
	job.Name, job.Trigger = "report", run.JobTrigger{Schedule: &run.ScheduleTrigger{Expression: "cron(0 * * * ? *)"}}
	return job
}

func TestAScheduledTimeIsOneRunHoweverOftenItTicks(t *testing.T) {
	w := newWorld(t, hourlyJob())
	w.wait(58 * time.Minute)
	for range 6 { // from 12:58: first seen, then across the hour, every tick twice
		w.tick()
		w.tick()
		w.wait(time.Minute)
	}
	r := w.onlyRun()
	if r.ID != "report-20260301T130000Z" || len(w.ecs.All()) != 1 {
		t.Errorf("run %s with %d tasks, want the one of 13:00", r.ID, len(w.ecs.All()))
	}
	if got := r.Input.IntervalStart; got == nil || !got.Equal(noon) {
		t.Errorf("interval start = %v, want noon", got)
	}
}

func TestAFailedTaskOfAWatchedServiceMailsOnce(t *testing.T) {
	w := newWorld(t, images())
	one := 1
	task := run.Task{
		ARN: "arn:aws:ecs:eu-north-1:111122223333:task/work/1", Cluster: "arn:aws:ecs:eu-north-1:111122223333:cluster/work",
		Group: "service:workers", LastStatus: run.StatusStopped, StopCode: "EssentialContainerExited",
		Containers: []run.Container{{Name: "main", ExitCode: &one}},
	}
	scaledIn, other, clean := task, task, task
	scaledIn.ARN, scaledIn.StopCode, scaledIn.StoppedReason = "arn:2", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)"
	other.ARN, other.Group = "arn:3", "service:others"
	zero := 0
	clean.ARN, clean.Containers = "arn:4", []run.Container{{Name: "main", ExitCode: &zero}}
	for _, task := range []run.Task{task, task, scaledIn, other, clean} {
		w.observe(task)
	}
	w.minutes(2)
	if n := w.count("mail workers"); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
}

func TestTasksOfOtherStacksAreNotOurs(t *testing.T) {
	w := newWorld(t, images())
	w.admit(want("images", "a.png"))
	r := w.onlyRun()
	w.observe(run.Task{ARN: "arn:x", StartedBy: run.StartedBy("other", r.ID, 1), LastStatus: run.StatusStopped})
	w.observe(run.Task{ARN: "arn:x", StartedBy: run.StartedBy("stack", "nobody-knows", 1), LastStatus: run.StatusStopped})
	if got := w.onlyRun(); got.State != run.Starting {
		t.Errorf("run = %s, want it untouched", got.State)
	}
}

func TestAWantOfNoJobIsRefusedForGood(t *testing.T) {
	w := newWorld(t, images())
	got := w.admit(want("nothing", "a.png"), want("images", "b.png"))
	if run.Retryable(got[0].Err) || run.ReasonOf(got[0].Err) != "unknown-job" || got[1].Err != nil {
		t.Errorf("admissions = %+v", got)
	}
}

func TestALedgerThatDoesNotAnswerLosesNothing(t *testing.T) {
	w := newWorld(t, images())
	broken := errors.New("no answer")
	w.ledger.Fault = func(string, bool) error { return broken }
	got := w.admit(want("images", "a.png"))
	if !errors.Is(got[0].Err, broken) || !run.Retryable(got[0].Err) || len(w.ecs.All()) != 0 {
		t.Errorf("admission = %+v with %d tasks, want it to be sent again and nothing started", got[0], len(w.ecs.All()))
	}
}

// refuseDefinition makes the task definition one that can never be used.
func refuseDefinition(string) (fake.TaskDefinition, error) {
	return fake.TaskDefinition{}, &fake.ECSError{Code: "ClientException", Message: "Unable to describe task definition.", Status: 400}
}

func TestARunThatMayHaveATaskOutlivesItsDefinition(t *testing.T) {
	job := images()
	job.Concurrency.Max = 1
	w := newWorld(t, job)
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" {
			return &fake.Fault{Error: &fake.ECSError{Message: "lost"}, Afterwards: true}
		}
		return nil
	}
	w.admit(want("images", "a.png"))
	w.ecs.Fault, w.ecs.Definition = nil, refuseDefinition
	if got := w.admit(want("images", "a.png")); got[0].Result != orchestrator.Duplicate {
		t.Errorf("admission = %+v, want a duplicate", got[0])
	}
	if r := w.onlyRun(); r.State != run.Starting || !r.Slot {
		t.Errorf("run = %s, slot %t; want it as it was, since ECS may have its task", r.State, r.Slot)
	}
	w.finish(0)
	if r := w.onlyRun(); r.State != run.Succeeded {
		t.Errorf("run = %s, want it succeeded", r.State)
	}
}

func TestARefusalThatCannotBeStoredIsSentAgain(t *testing.T) {
	w := newWorld(t, images())
	w.ecs.Definition = refuseDefinition
	w.ledger.Fault = func(string, bool) error { return errors.New("no answer") }
	if got := w.admit(want("images", "a.png")); got[0].Err == nil || !run.Retryable(got[0].Err) {
		t.Errorf("admission = %+v, want an error that may pass", got[0])
	}
	w.ledger.Fault = nil
	if got := w.admit(want("images", "a.png")); got[0].Result != orchestrator.Ended {
		t.Errorf("admission = %+v, want the run ended", got[0])
	}
	w.minutes(2)
	if w.count("mail images") != 1 {
		t.Errorf("%d mails, want 1", w.count("mail images"))
	}
}

// TestASlotThatIsGivenBackDoesNotHaveTheWholeQueueRefused counts what a long queue before a full job costs.
func TestASlotThatIsGivenBackDoesNotHaveTheWholeQueueRefused(t *testing.T) {
	job := images()
	job.Concurrency.Max = 3
	w := newWorld(t, job)
	var wants []orchestrator.Want
	for i := range 40 {
		wants = append(wants, want("images", fmt.Sprintf("%02d.png", i)))
	}
	w.admit(wants...)
	if err := w.function(false).LaunchQueued(t.Context(), "images"); err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	w.ledger.Fault = func(call string, after bool) error {
		if !after { // a write that is refused counts, too
			calls[call]++
		}
		return nil
	}
	if err := w.function(false).LaunchQueued(t.Context(), "images"); err != nil {
		t.Fatal(err)
	}
	if calls["Queued"] != 0 || calls["Write"] != 0 {
		t.Errorf("calls = %v of a nudge without room, want that nothing is read or written but the room", calls)
	}
	if _, err := w.function(false).Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if calls["Write"] != 0 {
		t.Errorf("calls = %v of a tick without room, want no write that would be refused", calls)
	}
	if got := w.states(); got[run.Starting] != 3 || got[run.Queued] != 37 {
		t.Errorf("states = %v, want 3 starting and 37 queued", got)
	}
}
