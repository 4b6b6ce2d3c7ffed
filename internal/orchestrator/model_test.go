package orchestrator_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"slices"
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
	accepted map[run.ID]bool
	waiting  []run.Task // stop events that were not delivered yet
	calls    atomic.Int64
}

// The promises that a mutation can break.
const (
	nothingLost     = "an accepted object has no run"
	oneTaskARun     = "a run has two active tasks"
	oneTaskAnObject = "an object of a batch is worked on twice at once"
	neverOverFull   = "a job has more active tasks than its maximum"
	allEnd          = "a run never ends"
	everythingDone  = "a final run still owes something"
	slotsComeBack   = "a slot was not given back"
	oneMailAFailure = "a failed run was never told of"
	newestWins      = "an older version was started after a newer one"
)

// limits are the maxima of the model's jobs.
var limits = map[string]int{"bounded": 2, "skipping": 1, "replacing": 2, "gathered": 2}

var jobNames = []string{"bounded", "retried", "skipping", "replacing", "latest", "gathered"}

// modelJobs have every policy between them.
func modelJobs() []run.Job {
	var jobs []run.Job
	for _, name := range jobNames {
		job := images()
		job.Name, job.Concurrency.Max = name, limits[name]
		jobs = append(jobs, job)
	}
	retried, latest, gathered := &jobs[1], &jobs[4], &jobs[5]
	retried.Retry = run.Retry{Attempts: 3, On: []string{"spot-interruption", "unknown"}, ExitCodes: []int{75}}
	retried.Task.Capacity, retried.Timeout = []string{"FARGATE_SPOT", "FARGATE"}, 20*time.Minute
	jobs[2].Concurrency.WhenFull, jobs[3].Concurrency.WhenFull = run.WhenFullSkip, run.WhenFullReplace
	latest.LatestOnly = true
	gathered.Batch = &run.Batch{MaxObjects: 3, MaxBytes: 100, MaxWait: 2 * time.Minute}
	gathered.Retry = run.Retry{Attempts: 2, ExitCodes: []int{75}}
	return jobs
}

func newModel(t *rapid.T, mutation string) *model {
	m := &model{
		t: t, mutation: mutation, accepted: map[run.ID]bool{}, rate: 0.1,
		faults: rand.New(rand.NewSource(int64(rapid.Uint32().Draw(t, "fault seed")))),
	}
	m.world = newWorld(nil, modelJobs()...)
	m.ledger.Fault = m.storageTrouble
	m.files.Fault = m.storageTrouble
	m.ledger.Busy = func(run.Write) bool { return m.unlucky() }
	m.ledger.Lag, m.ledger.Now = time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds that the index is behind"))*time.Second, m.clock
	m.ecs.Fault = func(operation string) *fake.Fault {
		if m.boundary() != nil {
			return &fake.Fault{Error: &fake.ECSError{Message: "killed"}}
		}
		return m.ecsTrouble(operation)
	}
	return m
}

func (m *model) storageTrouble(call string, after bool) error {
	if err := m.boundary(); err != nil {
		return err
	}
	if m.unlucky() {
		return fmt.Errorf("%s (after: %t): the network is down", call, after)
	}
	return nil
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
	w.Changes = slices.Clone(w.Changes)
	for i := range w.Changes {
		c := &w.Changes[i]
		switch l.mutation {
		case nothingLost: // answers before it has stored
			if o := c.Run.Input.Object; c.Run.Revision == 0 && o != nil && strings.HasSuffix(o.Key, "7") {
				return nil
			}
		case neverOverFull:
			w.Max = 1000
		case slotsComeBack:
			c.Slots = max(c.Slots, 0)
		case oneMailAFailure:
			c.Run = c.Run.Paid(run.OwesMail)
		case oneTaskAnObject: // takes an object into every batch that it is sent to
			if stored, err := l.Run(ctx, c.Run.ID); err == nil && c.Run.Member != "" && c.Run.State == run.Queued {
				c.Run.Revision = stored.Revision
			}
		case newestWins:
			c.Newest = false
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
	o := orchestrator.Options{Stack: "stack", Jobs: m.jobs, Ledger: brokenLedger{m.ledger, m.mutation}, Tasks: fake.Tasks{ECS: m.ecs}, Files: m.files, Bucket: "batches", Now: m.clock}
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
		job := rapid.SampledFrom(jobNames).Draw(t, "job")
		w := want(job, fmt.Sprint(rapid.IntRange(0, 30).Draw(t, "key")))
		w.Input.Object.Size = 30
		if job == "latest" {
			w.Input.Object.Key, w.Input.Object.VersionID = "k", ""
			w.Input.Object.Sequencer = fmt.Sprintf("%04X", rapid.IntRange(1, 40).Draw(t, "sequencer"))
		}
		wants = append(wants, w)
	}
	for i, a := range m.function(false).Admit(context.Background(), wants) {
		if a.Err == nil {
			m.accepted[run.ObjectID("stack", wants[i].Job, *wants[i].Input.Object)] = true
		}
	}
}

// operate lets somebody cancel or retry a run.
func (m *model) operate(t *rapid.T) {
	runs := m.ledger.All()
	if len(runs) == 0 {
		return
	}
	slices.SortFunc(runs, func(a, b run.Run) int { return strings.Compare(string(a.ID), string(b.ID)) })
	r := runs[rapid.IntRange(0, len(runs)-1).Draw(t, "run")]
	if rapid.Bool().Draw(t, "cancel it") {
		m.function(false).Cancel(context.Background(), r.ID, "the model")
		return
	}
	m.function(false).Retry(context.Background(), []run.ID{r.ID}, "the model")
}

// deploy takes a job out of the configuration, or brings all of them back.
func (m *model) deploy(t *rapid.T) {
	m.jobs = modelJobs()
	if i := rapid.IntRange(0, 2*len(m.jobs)).Draw(t, "job that is gone"); i < len(m.jobs) {
		m.jobs = slices.Delete(m.jobs, i, i+1)
	}
}

// hide lets ECS not know a young task yet: it is eventually consistent.
func (m *model) hide(t *rapid.T) {
	for _, task := range m.active() {
		left := run.MissingAfter - time.Minute - m.clock().Sub(task.CreatedAt.Time)
		if left > time.Minute && rapid.Bool().Draw(t, "hidden") {
			if err := m.ecs.Inject(fake.Injection{Kind: "missing", Task: task.TaskArn, For: fake.Span(left)}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// endTask ends a task; its event is delivered now, later, twice, or never.
func (m *model) endTask(t *rapid.T) {
	active := m.active()
	if len(active) == 0 {
		return
	}
	task := active[rapid.IntRange(0, len(active)-1).Draw(t, "task")]
	if rapid.Bool().Draw(t, "it ran") {
		m.ecs.Move(task.TaskArn, run.StatusRunning)
		m.tell(t, task)
	}
	how := fake.Ended{
		StopCode: rapid.SampledFrom([]string{"EssentialContainerExited", "EssentialContainerExited", "SpotInterruption", "TaskFailedToStart"}).Draw(t, "stop code"),
		Exits:    map[string]int{"main": rapid.SampledFrom([]int{0, 1, 75}).Draw(t, "exit code")},
	}
	if how.StopCode == "TaskFailedToStart" {
		how.Exits, how.Reason = nil, rapid.SampledFrom([]string{"Capacity is unavailable at this time.", "CannotPullContainerError: x"}).Draw(t, "reason")
	}
	m.ecs.End(task.TaskArn, how)
	for _, stopped := range m.ecs.All() {
		if stopped.TaskArn == task.TaskArn && rapid.IntRange(0, 3).Draw(t, "fate of the event") > 0 {
			m.waiting = append(m.waiting, stopped.Words())
		}
	}
}

// tell is what the container of a batch reports of some of its objects before it ends.
func (m *model) tell(t *rapid.T, task fake.Task) {
	_, id, _, _ := run.ParseStartedBy(task.StartedBy)
	for _, b := range m.batches() {
		if b.ID != id || b.Decision == nil {
			continue
		}
		var entries []string
		for _, member := range b.Objects.Members {
			if code := rapid.SampledFrom([]int{0, 0, 1, 75, -1}).Draw(t, "reported"); code >= 0 {
				entries = append(entries, fmt.Sprintf(`{"id": %q, "exitCode": %d}`, member, code))
			}
		}
		text := `{"version": 1, "objects": [` + strings.Join(entries, ", ") + `]}`
		_ = m.files.Put(context.Background(), b.Decision.ReportURL, "", []byte(text)) // unlucky: no report
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
	perRun, perJob, perObject := map[run.ID]int{}, map[string]int{}, map[run.ID]int{}
	batches := map[run.ID]run.Run{}
	for _, b := range m.batches() {
		batches[b.ID] = b
	}
	for _, task := range m.ecs.All() {
		if task.LastStatus == run.StatusStopped {
			continue
		}
		_, id, _, _ := run.ParseStartedBy(task.StartedBy)
		job := string(id[:strings.LastIndex(string(id), "-")])
		perRun[id]++
		perJob[job]++
		for _, member := range membersOf(batches[id]) {
			perObject[member]++
			if perObject[member] > 1 {
				return oneTaskAnObject
			}
		}
		switch limit := limits[job]; {
		case perRun[id] > 1:
			return oneTaskARun
		case limit > 0 && perJob[job] > limit:
			return neverOverFull
		}
	}
	return m.checkVersions()
}

func membersOf(b run.Run) []run.ID {
	if b.Objects == nil {
		return nil
	}
	return b.Objects.Members
}

// checkVersions looks for a version of the job "latest" that was claimed for the first time after a newer one. Another
// attempt of one that was claimed before is fine.
func (m *model) checkVersions() string {
	first := map[string]time.Time{}
	for _, r := range m.ledger.All() {
		if r.Job != "latest" {
			continue
		}
		for _, s := range r.History {
			if s.State == run.Starting && first[r.Input.Object.Sequencer].IsZero() {
				first[r.Input.Object.Sequencer] = s.At
			}
		}
	}
	for older, a := range first {
		for newer, b := range first {
			if older < newer && a.After(b) {
				return newestWins
			}
		}
	}
	return ""
}

// settleDown stops all faults and lets time pass until everything has had its chance.
func (m *model) settleDown() string {
	m.mu.Lock()
	m.rate = 0
	m.mu.Unlock()
	m.jobs = modelJobs()
	m.ecs.ClearInjections()
	for range 240 {
		if m.quiet() {
			break
		}
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

// quiet reports whether nothing is left to happen.
func (m *model) quiet() bool {
	return !slices.ContainsFunc(m.ledger.All(), run.Run.Open)
}

func (m *model) afterwards() string {
	runs := map[run.ID]bool{}
	failed, mails := 0, 0
	for _, r := range m.ledger.All() {
		runs[r.ID] = true
		switch {
		case !r.State.Final():
			return allEnd
		case len(r.Owed) > 0:
			return everythingDone
		case r.State == run.Failed && r.Objects == nil:
			failed++
		}
	}
	for id := range m.accepted {
		if !runs[id] {
			return nothingLost
		}
	}
	for _, j := range modelJobs() {
		mails += m.count("mail " + j.Name)
	}
	for _, i := range m.ledger.Incidents() {
		mails += i.Untold() // counted, and in the digest that is to come
	}
	if mails < failed {
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
	actions := []func(*rapid.T){
		m.upload, m.upload, m.upload, m.endTask, m.endTask, m.endTask, m.deliver, m.deliver, m.deliver, m.minute, m.minute, m.die,
		m.operate, m.deploy, m.hide,
	}
	for range rapid.IntRange(5, 60).Draw(t, "length") {
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
	for _, mutation := range []string{nothingLost, oneTaskARun, oneTaskAnObject, neverOverFull, allEnd, everythingDone, slotsComeBack, oneMailAFailure, newestWins} {
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
