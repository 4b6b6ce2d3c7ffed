package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// model drives the real admitting, launching, settling and reconciling through random uploads, faults, deaths and
// interleavings, and says which promise was broken.
type model struct {
	*world
	t        *rapid.T
	mutation string // a bug planted on purpose; empty: none
	faults   *rand.Rand
	rate     float64 // how many calls fail, while faults last
	accepted map[string]bool
	waiting  []run.Task // stop events that were not delivered yet
	calls    atomic.Int64
}

// The promises that a mutation can break.
const (
	nothingLost     = "an accepted object has no run"
	oneTaskARun     = "a run has two active tasks"
	neverOverFull   = "a job has more active tasks than its maximum"
	allEnd          = "a run never ends"
	everythingDone  = "a final run still owes something"
	slotsComeBack   = "a slot was not given back"
	oneMailAFailure = "a failed run was never told of"
)

func newModel(t *rapid.T, mutation string) *model {
	bounded, retried := images(), images()
	bounded.Concurrency.Max = 2
	bounded.Name, retried.Name = "bounded", "retried"
	retried.Retry = run.Retry{Attempts: 3, ExitCodes: []int{75}}
	retried.Task.Capacity = []string{"FARGATE_SPOT", "FARGATE"}
	m := &model{
		t: t, mutation: mutation, accepted: map[string]bool{}, rate: 0.1,
		faults: rand.New(rand.NewSource(int64(rapid.Uint32().Draw(t, "fault seed")))),
	}
	m.world = newWorld(nil, bounded, retried)
	m.ledger.Fault = func(call string, after bool) error {
		if err := m.boundary(); err != nil {
			return err
		}
		if m.unlucky() {
			return fmt.Errorf("%s (after: %t): the network is down", call, after)
		}
		return nil
	}
	m.ecs.Fault = func(operation string) *fake.Fault {
		if m.boundary() != nil {
			return &fake.Fault{Error: &fake.ECSError{Message: "killed"}}
		}
		return m.ecsTrouble(operation)
	}
	return m
}

func (m *model) unlucky() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.faults.Float64() < m.rate
}

func (m *model) ecsTrouble(operation string) *fake.Fault {
	if !m.unlucky() {
		return nil
	}
	m.mu.Lock()
	kind := m.faults.Intn(5)
	m.mu.Unlock()
	switch {
	case kind == 0:
		return &fake.Fault{Error: &fake.ECSError{Code: "ThrottlingException", Message: "Rate exceeded", Status: 400}}
	case kind == 1:
		return &fake.Fault{Error: &fake.ECSError{Code: "ServerException", Status: 500}}
	case kind == 2 && operation == "RunTask":
		return &fake.Fault{Failures: []fake.Failure{{Reason: "Capacity is unavailable at this time."}}}
	}
	return &fake.Fault{Error: &fake.ECSError{Message: "lost"}, Afterwards: operation == "RunTask"}
}

// brokenLedger plants bugs behind the interface that the orchestrator uses.
type brokenLedger struct {
	*fake.Ledger
	mutation string
}

func (l brokenLedger) Write(ctx context.Context, w run.Write) error {
	switch l.mutation {
	case nothingLost: // answers before it has stored
		for _, c := range w.Changes {
			if c.Run.Revision == 0 && strings.HasSuffix(c.Run.Input.Object.Key, "7") {
				return nil
			}
		}
	case neverOverFull:
		w.Max = 1000
	case slotsComeBack:
		for i := range w.Changes {
			w.Changes[i].Slots = max(w.Changes[i].Slots, 0)
		}
	case oneMailAFailure:
		for i := range w.Changes {
			w.Changes[i].Run = w.Changes[i].Run.Paid(run.OwesMail)
		}
	}
	return l.Ledger.Write(ctx, w)
}

func (l brokenLedger) Watched(ctx context.Context, now time.Time, limit int) ([]run.Run, error) {
	if l.mutation == allEnd || l.mutation == everythingDone {
		return nil, nil
	}
	return l.Ledger.Watched(ctx, now, limit)
}

// brokenTasks forgets client tokens.
type brokenTasks struct {
	fake.Tasks
	calls *atomic.Int64
}

func (b brokenTasks) Run(ctx context.Context, req run.TaskRequest) run.Launched {
	req.Token = fmt.Sprintf("%064d", b.calls.Add(1))
	return b.Tasks.Run(ctx, req)
}

func (m *model) function(notifier bool) *orchestrator.Orchestrator {
	o := orchestrator.Options{Stack: "stack", Jobs: m.jobs, Ledger: brokenLedger{m.ledger, m.mutation}, Tasks: fake.Tasks{ECS: m.ecs}, Now: m.clock}
	if m.mutation == oneTaskARun {
		o.Tasks = brokenTasks{fake.Tasks{ECS: m.ecs}, &m.calls}
	}
	if notifier {
		o.Effects = m.world
	}
	return orchestrator.New(o)
}

func (m *model) upload(t *rapid.T) {
	var wants []orchestrator.Want
	for range rapid.IntRange(1, 5).Draw(t, "objects") {
		job := rapid.SampledFrom([]string{"bounded", "retried"}).Draw(t, "job")
		wants = append(wants, want(job, fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "key"))))
	}
	for i, a := range m.function(false).Admit(context.Background(), wants) {
		if a.Err == nil {
			m.accepted[wants[i].Job+"/"+wants[i].Input.Object.Key] = true
		}
	}
}

// endTask ends a task; its event is delivered now, later, twice, or never.
func (m *model) endTask(t *rapid.T) {
	var active []fake.Task
	for _, task := range m.ecs.All() {
		if task.LastStatus != run.StatusStopped {
			active = append(active, task)
		}
	}
	if len(active) == 0 {
		return
	}
	task := rapid.SampledFrom(active).Draw(t, "task")
	if rapid.Bool().Draw(t, "it ran") {
		m.ecs.Move(task.TaskArn, run.StatusRunning)
	}
	m.ecs.End(task.TaskArn, fake.Ended{StopCode: "EssentialContainerExited", Exits: map[string]int{"main": rapid.SampledFrom([]int{0, 1, 75}).Draw(t, "exit code")}})
	for _, stopped := range m.ecs.All() {
		if stopped.TaskArn == task.TaskArn && rapid.IntRange(0, 3).Draw(t, "fate of the event") > 0 {
			m.waiting = append(m.waiting, stopped.Words())
		}
	}
}

func (m *model) deliver(t *rapid.T) {
	if len(m.waiting) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.waiting)-1).Draw(t, "event")
	_ = m.function(true).Observe(context.Background(), m.waiting[i]) // a fault: the queue delivers it again, or a tick finds it
	if rapid.Bool().Draw(t, "delivered for the last time") {
		m.waiting = append(m.waiting[:i], m.waiting[i+1:]...)
	}
}

func (m *model) minute(t *rapid.T) {
	m.wait(time.Duration(rapid.IntRange(5, 600).Draw(t, "seconds")) * time.Second)
	_, _ = m.function(false).Tick(context.Background()) // faults are what this is about
	_ = m.function(true).Flush(context.Background())
}

func (m *model) die(t *rapid.T) {
	m.mu.Lock()
	m.killAt = m.steps + rapid.IntRange(1, 12).Draw(t, "boundary")
	m.mu.Unlock()
	rapid.SampledFrom([]func(*rapid.T){m.upload, m.deliver, m.minute}).Draw(t, "who dies")(t)
	m.revive()
}

// check looks at what must hold at any moment. It returns the promise that is broken, or "".
func (m *model) check() string {
	perRun, perJob := map[string]int{}, map[string]int{}
	for _, task := range m.ecs.All() {
		if task.LastStatus == run.StatusStopped {
			continue
		}
		_, id, _, _ := run.ParseStartedBy(task.StartedBy)
		job := string(id[:strings.LastIndex(string(id), "-")])
		perRun[string(id)]++
		perJob[job]++
		switch {
		case perRun[string(id)] > 1:
			return oneTaskARun
		case job == "bounded" && perJob[job] > 2:
			return neverOverFull
		}
	}
	return ""
}

// settleDown stops all faults and lets time pass until everything has had its chance.
func (m *model) settleDown() string {
	m.mu.Lock()
	m.rate = 0
	m.mu.Unlock()
	for range 150 {
		for _, task := range m.ecs.All() {
			if task.LastStatus != run.StatusStopped {
				m.ecs.Move(task.TaskArn, run.StatusRunning)
				m.ecs.End(task.TaskArn, fake.Ended{StopCode: "EssentialContainerExited", Exits: map[string]int{"main": 0}})
			}
		}
		m.wait(time.Minute)
		if _, err := m.function(false).Tick(context.Background()); err != nil {
			return "a tick fails without faults: " + err.Error()
		}
		if err := m.function(true).Flush(context.Background()); err != nil {
			return "a flush fails without faults: " + err.Error()
		}
		if broken := m.check(); broken != "" {
			return broken
		}
	}
	return m.afterwards()
}

func (m *model) afterwards() string {
	runs := map[string]bool{}
	failed := 0
	for _, r := range m.ledger.All() {
		runs[r.Job+"/"+r.Input.Object.Key] = true
		switch {
		case !r.State.Final():
			return allEnd
		case len(r.Owed) > 0:
			return everythingDone
		case r.State == run.Failed:
			failed++
		}
	}
	for name := range m.accepted {
		if !runs[name] {
			return nothingLost
		}
	}
	if mails := m.count("mail bounded") + m.count("mail retried"); mails < failed {
		return oneMailAFailure
	}
	states, err := m.ledger.Jobs(context.Background())
	for _, s := range states {
		if err != nil || s.Active != 0 {
			return slotsComeBack
		}
	}
	return ""
}

// play runs one random history and returns the promise that it broke.
func play(t *rapid.T, mutation string) string {
	m := newModel(t, mutation)
	actions := []func(*rapid.T){m.upload, m.upload, m.endTask, m.endTask, m.deliver, m.deliver, m.minute, m.die}
	for range rapid.IntRange(5, 40).Draw(t, "length") {
		actions[rapid.IntRange(0, len(actions)-1).Draw(t, "action")](t)
		if broken := m.check(); broken != "" {
			return broken
		}
	}
	return m.settleDown()
}

func TestNothingIsLostAndNothingRunsTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if broken := play(t, ""); broken != "" {
			t.Fatal(broken)
		}
	})
}

// errFound ends the search for a planted bug.
var errFound = errors.New("found")

// TestTheModelFindsPlantedBugs is the test of the test: each promise, broken on purpose, must be noticed.
func TestTheModelFindsPlantedBugs(t *testing.T) {
	for _, mutation := range []string{nothingLost, oneTaskARun, neverOverFull, allEnd, slotsComeBack, oneMailAFailure} {
		t.Run(mutation, func(t *testing.T) {
			if err := search(mutation); !errors.Is(err, errFound) {
				t.Errorf("the planted bug was not noticed: %v", err)
			}
		})
	}
}

// search plays many histories with a bug planted until one shows it. Another symptom of the same bug counts as well.
func search(mutation string) error {
	for seed := range 300 {
		broken := ""
		rapid.Custom(func(t *rapid.T) string { broken = play(t, mutation); return broken }).Example(seed)
		if broken != "" {
			return errFound
		}
	}
	return nil
}
