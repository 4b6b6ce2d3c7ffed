package orchestrator_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is everything around the orchestrator, in memory, with a clock that only moves when it is told to.
type world struct {
	t      *testing.T
	ledger *fake.Ledger
	ecs    *fake.ECS
	files  *fake.Files
	jobs   []run.Job

	trace       string // that invocations are part of
	networkMode string // of the task definition; empty: none that takes subnets

	mu     sync.Mutex // protects following fields
	now    time.Time
	dead   bool // a killed function has no more effects
	steps  int  // boundaries passed between two effects
	killAt int  // the boundary at which the function dies; zero: it lives
	sent   []string
}

func newWorld(t *testing.T, jobs ...run.Job) *world {
	w := &world{t: t, now: noon, jobs: jobs}
	w.ledger = &fake.Ledger{Fault: func(string, bool) error { return w.boundary() }}
	w.files = &fake.Files{Fault: func(string, bool) error { return w.boundary() }}
	w.ecs = &fake.ECS{
		Region: "eu-north-1", Account: "111122223333", Now: w.clock, Providers: []string{"FARGATE", "FARGATE_SPOT"},
		Definition: func(string) (fake.TaskDefinition, error) {
			return fake.TaskDefinition{
				TaskDefinitionArn: "arn:aws:ecs:eu-north-1:111122223333:task-definition/processor:3", Family: "processor", NetworkMode: w.networkMode,
				ContainerDefinitions: []fake.ContainerDefinition{{Name: "main"}},
			}, nil
		},
	}
	w.ecs.Fault = w.ecsFault
	return w
}

var errDead = errors.New("the function was killed")

// boundary is passed between any two effects. A function that dies there has no effect afterwards.
func (w *world) boundary() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps++
	if w.killAt > 0 && w.steps >= w.killAt {
		w.dead = true
	}
	if w.dead {
		return errDead
	}
	return nil
}

func (w *world) ecsFault(string) *fake.Fault {
	if w.boundary() != nil {
		return &fake.Fault{Error: &fake.ECSError{Message: "killed"}}
	}
	return nil
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// revive starts a new life: later functions are not killed.
func (w *world) revive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead, w.killAt, w.steps = false, 0, 0
}

// function is one invocation's orchestrator. Only the notifier's has effects.
func (w *world) function(notifier bool) *orchestrator.Orchestrator {
	o := orchestrator.Options{
		Stack: "stack", Jobs: w.jobs, Ledger: w.ledger, Tasks: fake.Tasks{ECS: w.ecs}, Now: w.clock,
		Files: w.files, Bucket: "batches", Trace: func(context.Context) string { return w.trace },
		Watched: []orchestrator.Service{{Cluster: "work", Name: "workers"}},
	}
	if notifier {
		o.Effects = w
	}
	return orchestrator.New(o)
}

func (w *world) send(what string) error {
	if err := w.boundary(); err != nil {
		return err
	}
	w.mu.Lock()
	w.sent = append(w.sent, what)
	w.mu.Unlock()
	return w.boundary()
}

// Publish remembers only the events of ends: how a run goes on is told beside.
func (w *world) Publish(_ context.Context, r run.Run, e run.Effect) error {
	if e != run.OwesEvent {
		return w.boundary()
	}
	return w.send("event " + string(r.State) + " " + r.Job)
}

func (w *world) Announce(_ context.Context, i run.Incident, n run.Notice) error {
	return w.send("incident " + string(n.Kind) + " " + i.Subject.Name)
}

// Mail remembers one line for each failure that the mail tells of, since a digest tells of many.
func (w *world) Mail(_ context.Context, i run.Incident, n run.Notice) ([]string, error) {
	if err := w.boundary(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	for range n.New {
		w.sent = append(w.sent, "mail "+i.Subject.Name)
	}
	w.sent = append(w.sent, "letter "+string(n.Kind)+" "+i.Event+" "+i.Subject.Name)
	w.mu.Unlock()
	return nil, w.boundary()
}

func (w *world) Bury(_ context.Context, i run.Incident, n run.Notice, _ error) error {
	return w.send("buried " + string(n.Kind) + " " + i.Subject.Name)
}

func (w *world) Nudge(_ context.Context, job string) error { return w.send("nudge " + job) }

func (w *world) count(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, s := range w.sent {
		if s == what {
			n++
		}
	}
	return n
}

func images() run.Job {
	return run.Job{
		Name: "images", Trigger: run.JobTrigger{S3: &run.S3Trigger{Bucket: "b"}},
		Task: run.TaskSpec{Cluster: "work", Definition: "processor", Capacity: []string{"FARGATE"}},
	}
}

func want(job, key string) orchestrator.Want {
	return orchestrator.Want{Job: job, Trigger: run.ByObject, Input: run.Input{Object: &run.Object{Bucket: "b", Key: key, VersionID: "1"}}}
}

func (w *world) admit(wants ...orchestrator.Want) []orchestrator.Admission {
	return w.function(false).Admit(w.t.Context(), wants)
}

// tick is one minute of the scheduler and of the notifier.
func (w *world) tick() {
	w.t.Helper()
	if _, err := w.function(false).Tick(w.t.Context()); err != nil {
		w.t.Fatalf("tick: %v", err)
	}
	if err := w.function(true).Flush(w.t.Context()); err != nil {
		w.t.Fatalf("flush: %v", err)
	}
}

// minutes lets time pass, with its ticks.
func (w *world) minutes(n int) {
	w.t.Helper()
	for range n {
		w.wait(time.Minute)
		w.tick()
	}
}

func (w *world) observe(t run.Task) {
	w.t.Helper()
	if err := w.function(true).Observe(w.t.Context(), t); err != nil {
		w.t.Fatalf("observe: %v", err)
	}
}

// finish ends every task that has not stopped, and tells of it.
func (w *world) finish(code int) {
	w.t.Helper()
	for _, t := range w.ecs.All() {
		if t.LastStatus != run.StatusStopped {
			w.end(t.TaskArn, code)
		}
	}
}

func (w *world) end(arn string, code int) run.Task {
	w.t.Helper()
	w.ecs.Move(arn, run.StatusRunning)
	w.ecs.End(arn, fake.Ended{StopCode: "EssentialContainerExited", Reason: "Essential container in task exited", Exits: map[string]int{"main": code}})
	out, err := w.ecs.DescribeTasks([]string{arn})
	if err != nil || len(out.Tasks) != 1 {
		w.t.Fatalf("describe: %v", err)
	}
	w.observe(out.Tasks[0].Words())
	return out.Tasks[0].Words()
}

func (w *world) states() map[run.State]int {
	out := map[run.State]int{}
	for _, r := range w.ledger.All() {
		out[r.State]++
	}
	return out
}

// runFor is the run of one object of a job.
func (w *world) runFor(job, key string) run.Run {
	w.t.Helper()
	for _, r := range w.ledger.All() {
		if o := r.Input.Object; o != nil && o.Key == key && r.Job == job {
			return r
		}
	}
	w.t.Fatalf("job %s has no run for %s", job, key)
	return run.Run{}
}

// batches are the runs that gather objects, in the order in which they were admitted.
func (w *world) batches() []run.Run {
	var out []run.Run
	for _, r := range w.ledger.All() {
		if r.Objects != nil {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b run.Run) int {
		return cmp.Or(a.AdmittedAt.Compare(b.AdmittedAt), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// assertSlotsBack demands that no job counts an active run.
func (w *world) assertSlotsBack() {
	w.t.Helper()
	states, err := w.ledger.Jobs(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range states {
		if s.Active != 0 {
			w.t.Errorf("job %s still counts %d active runs", s.Name, s.Active)
		}
	}
}

// stopped ends a task so, and tells of it.
func (w *world) stopped(arn string, how fake.Ended) {
	w.t.Helper()
	w.ecs.End(arn, how)
	task, _ := w.ecs.Task(arn)
	w.observe(task.Words())
}

// active are the tasks that have not stopped.
func (w *world) active() []fake.Task {
	var out []fake.Task
	for _, t := range w.ecs.All() {
		if t.LastStatus != run.StatusStopped {
			out = append(out, t)
		}
	}
	return out
}

// onlyRun is the single run there is.
func (w *world) onlyRun() run.Run {
	w.t.Helper()
	runs := w.ledger.All()
	if len(runs) != 1 {
		w.t.Fatalf("there are %d runs, want 1", len(runs))
	}
	return runs[0]
}
