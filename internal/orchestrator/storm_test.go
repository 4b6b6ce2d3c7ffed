package orchestrator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/internal/event"
	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// desk is the notifier alone, with readers who each get every mail, and services that fail as often as they are told.
type desk struct {
	t      testing.TB
	ledger *fake.Ledger
	o      *orchestrator.Orchestrator

	mu       sync.Mutex // protects following fields
	now      time.Time
	chance   *rand.Rand
	rate     float64
	after    int            // faults after their effect
	got      map[string]int // mails by reader and stage
	stages   map[string]run.Notice
	counts   map[string]int
	events   map[string]int
	subjects map[string][]run.Notice // by incident, in order
	buried   int
}

var errFault = errors.New("the service does not answer")

func newDesk(t testing.TB, seed int64, jobs ...run.Job) *desk {
	d := &desk{
		t: t, now: noon, chance: rand.New(rand.NewSource(seed)), got: map[string]int{}, stages: map[string]run.Notice{},
		counts: map[string]int{}, events: map[string]int{}, subjects: map[string][]run.Notice{},
	}
	d.ledger = &fake.Ledger{Fault: func(_ string, _ bool) error { return d.fault(false) }}
	d.o = orchestrator.New(orchestrator.Options{
		Stack: "stack", Jobs: jobs, Ledger: d.ledger, Effects: d, Now: d.clock, Log: slog.New(slog.DiscardHandler),
		Watched: []orchestrator.Service{{Cluster: "work", Name: "workers"}}, Clusters: []string{"everything"},
		Count: func(what string, n int) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.counts[what] += n
		},
	})
	return d
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) fault(after bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rate == 0 || d.chance.Float64() >= d.rate {
		return nil
	}
	if after {
		d.after++
	}
	return errFault
}

// effect happens between the two chances of a fault.
func (d *desk) effect(do func()) error {
	if err := d.fault(false); err != nil {
		return err
	}
	d.mu.Lock()
	do()
	d.mu.Unlock()
	return d.fault(true)
}

func (d *desk) Publish(_ context.Context, r run.Run, e run.Effect) error {
	return d.effect(func() { d.events[string(e)+" "+string(r.ID)]++ })
}

func (d *desk) Announce(_ context.Context, i run.Incident, n run.Notice) error {
	return d.effect(func() { d.events[string(n.Kind)+" "+i.Key]++ })
}

func (d *desk) Mail(_ context.Context, i run.Incident, n run.Notice) (left []string, err error) {
	to := n.To
	if to == nil {
		to = []string{"ann", "ben"}
	}
	for _, reader := range to {
		err := d.effect(func() {
			d.got[reader+" "+n.Stage]++
			if _, again := d.stages[n.Stage]; !again {
				d.subjects[i.Key] = append(d.subjects[i.Key], n)
			}
			d.stages[n.Stage] = n
		})
		if err != nil {
			left = append(left, reader)
		}
	}
	if len(left) > 0 {
		return left, errFault
	}
	return nil, nil
}

func (d *desk) Bury(context.Context, run.Incident, run.Notice, error) error {
	return d.effect(func() { d.buried++ })
}

func (d *desk) Nudge(context.Context, string) error { return d.effect(func() {}) }

// deliver hands events over in batches of ten, as the queue does; what fails comes again.
func (d *desk) deliver(deliveries []func(context.Context) error) {
	for tries := 0; len(deliveries) > 0; tries++ {
		var mu sync.Mutex
		var again []func(context.Context) error
		for batch := range slices.Chunk(deliveries, 10) {
			var wait sync.WaitGroup
			for _, f := range batch {
				wait.Go(func() {
					if f(context.Background()) != nil {
						mu.Lock()
						again = append(again, f)
						mu.Unlock()
					}
				})
			}
			wait.Wait()
		}
		if tries == 500 {
			d.t.Fatal("what fails never succeeds")
		}
		deliveries = again
	}
}

func (d *desk) task(t run.Task) func(context.Context) error {
	return func(ctx context.Context) error { return d.o.Observe(ctx, t) }
}

// minutes lets time pass with its flushes.
func (d *desk) minutes(n int) {
	for range n {
		d.mu.Lock()
		d.now = d.now.Add(time.Minute)
		d.mu.Unlock()
		_ = d.o.Flush(context.Background()) // the next one does what this one could not
	}
}

// told is how many failures the mails of all incidents tell of.
func (d *desk) told() int {
	n := 0
	for _, notice := range d.stages {
		n += notice.New
	}
	return n
}

// twice is how many mails a reader has more than once.
func (d *desk) twice() int {
	n := 0
	for _, times := range d.got {
		n += times - 1
	}
	return n
}

func workerTask(n, code int, reason string) run.Task {
	return run.Task{
		ARN: fmt.Sprintf("arn:aws:ecs:eu-north-1:111122223333:task/work/%06d", n), Cluster: "arn:aws:ecs:eu-north-1:111122223333:cluster/work",
		Group: "service:workers", LastStatus: run.StatusStopped, StopCode: "EssentialContainerExited", StoppedAt: noon, Version: 5,
		Containers: []run.Container{{Name: "main", ExitCode: &code, Reason: reason}},
	}
}

// TestAStormIsAFewMails is a thousand failures of one kind within five minutes, among fifty of another.
func TestAStormIsAFewMails(t *testing.T) {
	d := newDesk(t, 1)
	var all []func(context.Context) error
	for n := range 1050 {
		if n%21 == 7 {
			all = append(all, d.task(workerTask(n, 137, "OutOfMemoryError: Container killed due to memory usage")))
		} else {
			all = append(all, d.task(workerTask(n, 1, "")))
		}
	}
	for part := range slices.Chunk(all, len(all)/5) {
		d.deliver(part)
		d.minutes(1)
	}
	d.minutes(300)
	if len(d.subjects) != 2 || d.told() != 1050 {
		t.Errorf("%d incidents tell of %d failures, want 2 and 1050", len(d.subjects), d.told())
	}
	for key, mails := range d.subjects {
		if len(mails) > 3 {
			t.Errorf("%s: %d mails, want at most 3", key, len(mails))
		}
		t.Logf("%s: %d mails, about %d failures", key, len(mails), mails[0].New+mails[len(mails)-1].New)
	}
}

// runningRun stores a run whose task is RUNNING, and returns the events of its end.
func (d *desk) runningRun(n, code int) []run.Task {
	d.t.Helper()
	object := run.Object{Bucket: "b", Key: fmt.Sprint(n), VersionID: "1"}
	job := images()
	r := run.New(run.ObjectID("stack", job.Name, object), job, run.ByObject, run.Input{Object: &object}, noon)
	r, err := r.Claim(run.Decision{Cluster: "work", Container: "main", Capacity: "FARGATE", CPU: 2048, Memory: 8192}, false, noon)
	if err != nil {
		d.t.Fatal(err)
	}
	t := run.Task{
		ARN: fmt.Sprintf("arn:aws:ecs:eu-north-1:111122223333:task/work/r%06d", n), Cluster: "arn:aws:ecs:eu-north-1:111122223333:cluster/work",
		StartedBy: run.StartedBy("stack", r.ID, 1), LastStatus: run.StatusRunning, Version: 3, StartedAt: noon,
	}
	if err := d.ledger.Write(context.Background(), run.Write{Job: job.Name, Changes: []run.Change{{Run: r}}}); err != nil {
		d.t.Fatal(err)
	}
	stopped := t
	stopped.LastStatus, stopped.Version, stopped.StopCode, stopped.StoppedAt = run.StatusStopped, 6, "EssentialContainerExited", noon.Add(time.Minute)
	stopped.Containers = []run.Container{{Name: "main", ExitCode: &code}}
	return []run.Task{t, stopped}
}

// TestTenThousandEventsWithFaults delivers them in random order, with duplicates, while one call in ten fails before or
// after its effect.
func TestTenThousandEventsWithFaults(t *testing.T) {
	for seed := range int64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := newDesk(t, seed, images())
			failures, events := 0, []func(context.Context) error{}
			for n := range 1500 {
				tasks := d.runningRun(n, n%3)
				if n%3 != 0 {
					failures++
				}
				for _, task := range []run.Task{tasks[0], tasks[1], tasks[1], tasks[0]} {
					events = append(events, d.task(task))
				}
			}
			for n := range 1000 {
				failures++
				for range 4 {
					events = append(events, d.task(workerTask(n, 1+n%2, "")))
				}
			}
			d.chance.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			d.rate = 0.1
			for part := range slices.Chunk(events, 500) {
				d.deliver(part)
				d.minutes(1)
			}
			d.minutes(120)
			d.rate = 0
			d.minutes(600)
			d.judge(t, len(events), failures)
		})
	}
}

func (d *desk) judge(t *testing.T, events, failures int) {
	t.Helper()
	if d.told() != failures || d.counts["CasesCounted"] != failures && d.counts["CasesCounted"] > failures {
		t.Errorf("the mails tell of %d failures, want %d", d.told(), failures)
	}
	if twice := d.twice(); twice > d.after+d.counts["NoticesUnconfirmed"] {
		t.Errorf("%d mails came twice after %d faults after their effect", twice, d.after)
	}
	for stage := range d.stages {
		for _, reader := range []string{"ann", "ben"} {
			if d.got[reader+" "+stage] == 0 {
				t.Errorf("%s never got %s", reader, stage)
			}
		}
	}
	for _, r := range d.ledger.All() {
		if !r.State.Final() || len(r.Owed) > 0 {
			t.Errorf("run %s is %s and owes %v", r.ID, r.State, r.Owed)
		}
	}
	t.Logf("%d events, %d failures: %d mails in %d incidents, %d came twice, %d faults after an effect, %d told and not noted, %d buried",
		events, failures, len(d.stages), len(d.subjects), d.twice(), d.after, d.counts["NoticesUnconfirmed"], d.buried)
}

// TestNoMailTwiceForAFaultBeforeItsEffect has faults before effects only.
func TestNoMailTwiceForAFaultBeforeItsEffect(t *testing.T) {
	d := newDesk(t, 7)
	d.ledger.Fault = nil
	failing := 0
	for n := range 50 {
		d.mu.Lock()
		d.rate = 0
		d.mu.Unlock()
		if n%2 == 0 {
			d.o = refusing(d)
			failing++
		}
		d.deliver([]func(context.Context) error{d.task(workerTask(n, n+1, ""))})
		d.minutes(3)
	}
	d.minutes(300)
	if d.twice() != 0 || d.told() != 50 {
		t.Errorf("%d mails came twice; %d failures told, want 50", d.twice(), d.told())
	}
}

// refusing is an orchestrator whose first mail fails for the second reader, before its effect.
func refusing(d *desk) *orchestrator.Orchestrator {
	return orchestrator.New(orchestrator.Options{
		Stack: "stack", Ledger: d.ledger, Effects: &refusesOnce{desk: d}, Now: d.clock, Log: slog.New(slog.DiscardHandler),
		Watched: []orchestrator.Service{{Cluster: "work", Name: "workers"}},
	})
}

type refusesOnce struct {
	*desk
	done bool
}

func (r *refusesOnce) Mail(ctx context.Context, i run.Incident, n run.Notice) ([]string, error) {
	if r.done {
		return r.desk.Mail(ctx, i, n)
	}
	r.done = true
	n.To = []string{"ann"}
	if _, err := r.desk.Mail(ctx, i, n); err != nil {
		return nil, err
	}
	return []string{"ben"}, errFault
}

func TestAMailThatIsRefusedForGoodBecomesADeadLetter(t *testing.T) {
	d := newDesk(t, 1)
	d.o = orchestrator.New(orchestrator.Options{
		Stack: "stack", Ledger: d.ledger, Effects: refusesAlways{d}, Now: d.clock, Log: slog.New(slog.DiscardHandler),
		Watched: []orchestrator.Service{{Cluster: "work", Name: "workers"}},
	})
	d.deliver([]func(context.Context) error{d.task(workerTask(1, 1, ""))})
	d.minutes(10)
	if d.buried != 1 || len(d.got) != 0 {
		t.Errorf("%d buried, %d got; want one dead letter", d.buried, len(d.got))
	}
}

func TestADeadLetterThatIsSentAgainIsTold(t *testing.T) {
	d := newDesk(t, 1)
	d.deliver([]func(context.Context) error{d.task(workerTask(1, 1, ""))})
	i := d.ledger.Incidents()[0]
	u := event.Unsent{Incident: i.Key, Stage: i.Key + "/2", Kind: string(run.Opened), Mail: true, To: []string{"ben"}, Count: 1, New: 1, At: noon}
	if err := d.o.Resend(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	got := 0
	for who := range d.got {
		if strings.HasPrefix(who, "ben ") {
			got++
		}
	}
	if got != 2 || len(d.got) != 3 {
		t.Errorf("got %v, want one mail more for ben alone", d.got)
	}
	u.Incident = "gone"
	if err := d.o.Resend(t.Context(), u); err == nil || run.Retryable(err) {
		t.Errorf("a mail of no incident: %v", err)
	}
}

type refusesAlways struct{ *desk }

func (refusesAlways) Mail(context.Context, run.Incident, run.Notice) ([]string, error) {
	return []string{"ann"}, run.Never("mail-refused", errFault)
}

// streams are events captured from real accounts, where they are at hand.
func streams(t *testing.T) map[string][]event.Event {
	t.Helper()
	files, err := filepath.Glob("../../../shared/events/streams/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Skip("the captured streams are not here")
	}
	out := map[string][]event.Event{}
	for _, f := range files {
		text, err := os.Open(f) //nolint:gosec // our own files
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(text); lines.Scan(); {
			e, err := event.Decode(lines.Bytes())
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			out[filepath.Base(f)] = append(out[filepath.Base(f)], e)
		}
		_ = text.Close()
	}
	return out
}

// TestCapturedStreamsInAnyOrder tells the same, whatever the order and the number of the events.
func TestCapturedStreamsInAnyOrder(t *testing.T) {
	for name, events := range streams(t) {
		t.Run(name, func(t *testing.T) {
			want := d24(t, events, -1)
			t.Logf("%d events: %v", len(events), want)
			for seed := range int64(50) {
				if got := d24(t, events, seed); !maps.Equal(got, want) {
					t.Fatalf("in order %d: %v, in the order of time: %v", seed, got, want)
				}
			}
		})
	}
}

// d24 is what a day tells of the events: mails by kind and subject. A seed shuffles and doubles them.
func d24(t *testing.T, events []event.Event, seed int64) map[string]int {
	t.Helper()
	d := newDesk(t, seed)
	d.o = orchestrator.New(orchestrator.Options{
		Stack: "stack", Ledger: d.ledger, Effects: d, Now: d.clock, Clusters: clustersOf(events), Log: slog.New(slog.DiscardHandler),
	})
	if seed >= 0 {
		events = append(slices.Clone(events), events...)
		d.chance.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	for _, e := range events {
		if err := d.take(e); err != nil {
			t.Fatal(err)
		}
	}
	d.minutes(24 * 60)
	got := map[string]int{}
	for key, notices := range d.subjects {
		for _, n := range notices {
			got[fmt.Sprintf("%s %s %d", n.Kind, key, n.New)]++
		}
	}
	return got
}

func (d *desk) take(e event.Event) error {
	switch e := e.(type) {
	case event.TaskChange:
		return d.o.Observe(context.Background(), e.Task)
	case event.ServiceAction:
		return d.o.ObserveService(context.Background(), e)
	case event.DeploymentChange:
		return d.o.ObserveDeployment(context.Background(), e)
	}
	return nil
}

func clustersOf(events []event.Event) []string {
	var out []string
	for _, e := range events {
		if t, ok := e.(event.TaskChange); ok {
			out = append(out, t.Task.Cluster)
		}
	}
	return out
}

// TestAFailedDeploymentSwallowsItsTasks in the order in which ECS tells it, and in any other at most one mail more.
func TestAFailedDeploymentSwallowsItsTasks(t *testing.T) {
	const service, id = "arn:aws:ecs:eu-north-1:111122223333:service/work/workers", "ecs-svc/1234"
	const cluster = "arn:aws:ecs:eu-north-1:111122223333:cluster/work"
	change := func(name string, at time.Time) event.Event {
		return event.DeploymentChange{ID: name, At: at, Name: name, Cluster: cluster, Service: service, Deployment: id, Reason: "ECS deployment circuit breaker: tasks failed to start."}
	}
	var tasks []event.Event
	for n := range 3 {
		task := workerTask(n, 99, "")
		task.StartedBy, task.StoppedAt = id, noon.Add(time.Duration(n)*time.Second)
		tasks = append(tasks, event.TaskChange{Task: task})
	}
	begun, failed := change("SERVICE_DEPLOYMENT_IN_PROGRESS", noon.Add(-time.Minute)), change("SERVICE_DEPLOYMENT_FAILED", noon.Add(time.Minute))
	for name, tc := range map[string]struct {
		events []event.Event
		most   int
	}{
		"as ECS tells it":          {slices.Concat([]event.Event{begun}, tasks, []event.Event{failed}), 1},
		"the end first":            {slices.Concat([]event.Event{failed, begun}, tasks), 1},
		"the end among the tasks":  {[]event.Event{begun, tasks[0], failed, tasks[1], tasks[2]}, 1},
		"the beginning at the end": {slices.Concat(tasks, []event.Event{failed, begun}), 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, 1)
			for _, e := range slices.Concat(tc.events, tc.events) {
				if err := d.take(e); err != nil {
					t.Fatal(err)
				}
			}
			d.minutes(60)
			if len(d.stages) > tc.most || len(d.stages) == 0 {
				t.Errorf("%d mails, want at most %d: %v", len(d.stages), tc.most, d.stages)
			}
			if n := d.events["opened "+run.IncidentKey(run.Case{Event: "deployment.failed", Subject: run.Subject{Kind: run.ServiceSubject, Name: "workers", Cluster: "work"}, Outcome: run.Outcome{Class: "deployment"}, Deployment: id})]; n != 1 {
				t.Errorf("the deployment's incident was opened %d times", n)
			}
		})
	}
}

func TestADeploymentThatSucceedsLetsItsMailsGo(t *testing.T) {
	d := newDesk(t, 1)
	change := func(name string, at time.Time) event.DeploymentChange {
		return event.DeploymentChange{At: at, Name: name, Cluster: "arn:aws:ecs:eu-north-1:111122223333:cluster/work", Service: "arn:aws:ecs:eu-north-1:111122223333:service/work/workers", Deployment: "ecs-svc/1"}
	}
	task := workerTask(1, 1, "")
	task.StartedBy = "ecs-svc/1"
	for _, e := range []event.Event{change("SERVICE_DEPLOYMENT_IN_PROGRESS", noon.Add(-time.Minute)), event.TaskChange{Task: task}} {
		if err := d.take(e); err != nil {
			t.Fatal(err)
		}
	}
	d.minutes(2)
	if len(d.stages) != 0 {
		t.Fatalf("told while the deployment goes on: %v", d.stages)
	}
	if err := d.take(change("SERVICE_DEPLOYMENT_COMPLETED", noon.Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if len(d.stages) != 1 {
		t.Errorf("mails = %v, want one", d.stages)
	}
}

func TestSteadyStateResolvesWhatTheServiceDid(t *testing.T) {
	for name, tc := range map[string]struct {
		steady time.Duration
		first  bool
		want   int
	}{
		"after it": {time.Minute, false, 2}, "before it": {-time.Minute, false, 1}, "after it, and told before it": {time.Minute, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, 1)
			steady := event.ServiceAction{Name: "SERVICE_STEADY_STATE", Level: "INFO", At: noon.Add(tc.steady), Cluster: "arn:aws:ecs:eu-north-1:111122223333:cluster/work", Service: "arn:aws:ecs:eu-north-1:111122223333:service/work/workers"}
			order := []event.Event{event.TaskChange{Task: workerTask(1, 1, "")}, steady}
			if tc.first {
				slices.Reverse(order)
			}
			for _, e := range order {
				if err := d.take(e); err != nil {
					t.Fatal(err)
				}
			}
			d.minutes(5)
			if len(d.stages) != tc.want {
				t.Errorf("mails = %v, want %d", d.stages, tc.want)
			}
		})
	}
}

func TestASpotNoticeIsAWarningOfItsOwn(t *testing.T) {
	d := newDesk(t, 1, images())
	tasks := d.runningRun(1, 143)
	notice := tasks[0]
	notice.Version, notice.DesiredStatus, notice.StopCode = 4, run.StatusStopped, "SpotInterruption"
	tasks[1].StopCode = "SpotInterruption"
	d.deliver([]func(context.Context) error{d.task(tasks[0]), d.task(notice), d.task(notice), d.task(tasks[1]), d.task(tasks[1])})
	d.minutes(5)
	kinds := map[string]int{}
	for _, i := range d.ledger.Incidents() {
		kinds[i.Event+" "+i.Class+" "+fmt.Sprint(i.Count)]++
	}
	if want := map[string]int{"spot.notice spot-interruption 1": 1, "run.failed spot-interruption 1": 1}; !maps.Equal(kinds, want) {
		t.Errorf("incidents = %v, want %v", kinds, want)
	}
}

func TestADrillTouchesNoRun(t *testing.T) {
	d := newDesk(t, 1)
	task := workerTask(1, 1, "")
	task.StartedBy, task.Group = event.DrillStartedBy("stack", "abc"), "family:x"
	other := task
	other.StartedBy = event.DrillStartedBy("other", "abc")
	quiet := task
	quiet.StartedBy, quiet.StopCode = event.DrillStartedBy("stack", "def"), "UserInitiated"
	d.deliver([]func(context.Context) error{d.task(task), d.task(task), d.task(other), d.task(quiet)})
	d.minutes(120)
	all := d.ledger.Incidents()
	if len(all) != 1 || !all[0].Drill || all[0].Count != 1 || len(d.stages) != 1 {
		t.Errorf("incidents = %+v, mails = %v", all, d.stages)
	}
}

func TestAJobThatDoesNotSucceedInTimeIsLate(t *testing.T) {
	job := images()
	job.Name, job.Trigger, job.SuccessWithin = "report", run.JobTrigger{Schedule: &run.ScheduleTrigger{Expression: "rate(1 hour)"}}, 30*time.Minute
	d := newDesk(t, 1, job)
	if err := d.ledger.SaveJob(t.Context(), run.JobState{Name: "report", FirstSeen: noon.Add(-3 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	d.minutes(90)
	var late []run.Incident
	for _, i := range d.ledger.Incidents() {
		if i.Event == "job.late" {
			late = append(late, i)
		}
	}
	if len(late) != 1 || late[0].Count != 2 || d.told() != 2 {
		text, _ := json.Marshal(d.ledger.Incidents())
		t.Errorf("late = %+v; told %d: %s", late, d.told(), text)
	}
	if !strings.Contains(late[0].Examples[0].Outcome.Reason, "no run for that time") {
		t.Errorf("reason = %s", late[0].Examples[0].Outcome.Reason)
	}
}

func TestDeadLettersAreAnIncident(t *testing.T) {
	d := newDesk(t, 1)
	letters := 0
	d.o = orchestrator.New(orchestrator.Options{
		Stack: "stack", Ledger: d.ledger, Effects: d, Now: d.clock, Log: slog.New(slog.DiscardHandler),
		DeadLetters: []orchestrator.DeadLetterQueue{{
			Name:  "s3-trigger",
			Count: func(context.Context) (int, error) { return letters, nil },
			Why:   func(context.Context) (string, string, error) { return "missing-key", "an object without a key", nil },
		}},
	})
	d.minutes(2)
	letters = 3
	d.minutes(2)
	if d.told() != 3 || len(d.stages) != 1 {
		t.Fatalf("told of %d letters in %d mails", d.told(), len(d.stages))
	}
	letters = 5
	d.minutes(10)
	letters = 0
	d.minutes(10)
	kinds := map[run.NoticeKind]int{}
	for _, n := range d.stages {
		kinds[n.Kind]++
	}
	if d.told() != 5 || kinds[run.Opened] != 1 || kinds[run.Digest] != 1 || kinds[run.Resolved] != 1 {
		t.Errorf("told of %d letters: %v", d.told(), kinds)
	}
}

func TestTheContainerThatMattersIsNamedByTheConfiguration(t *testing.T) {
	d := newDesk(t, 1)
	d.o = orchestrator.New(orchestrator.Options{
		Stack: "stack", Ledger: d.ledger, Effects: d, Now: d.clock, Log: slog.New(slog.DiscardHandler),
		Watched: []orchestrator.Service{{Cluster: "work", Name: "workers"}}, Containers: map[string]string{"workers": "app"},
	})
	fine, broken := workerTask(1, 1, ""), workerTask(2, 1, "")
	zero, three := 0, 3
	fine.Containers = append(fine.Containers, run.Container{Name: "app", ExitCode: &zero})
	broken.Containers = append(broken.Containers, run.Container{Name: "app", ExitCode: &three})
	d.deliver([]func(context.Context) error{d.task(fine), d.task(broken)})
	all := d.ledger.Incidents()
	if len(all) != 1 || all[0].Container != "app" || all[0].Count != 1 {
		t.Errorf("incidents = %+v, want one of the container app", all)
	}
}

func TestActionsOfServicesAreToldApartByTheirID(t *testing.T) {
	d := newDesk(t, 1)
	action := event.ServiceAction{
		ID: "1", Name: "SERVICE_TASK_PLACEMENT_FAILURE", Level: "ERROR", At: noon, Reason: "RESOURCE:FARGATE",
		Cluster: "arn:aws:ecs:eu-north-1:111122223333:cluster/work", Service: "arn:aws:ecs:eu-north-1:111122223333:service/work/workers",
	}
	second, nameless, later := action, action, action
	second.ID, nameless.ID, later.ID, later.At = "2", "", "", noon.Add(time.Minute)
	other := action
	other.ID, other.Service = "3", "arn:aws:ecs:eu-north-1:111122223333:service/work/others"
	for _, a := range []event.ServiceAction{action, action, second, nameless, nameless, later, other} {
		if err := d.take(a); err != nil {
			t.Fatal(err)
		}
	}
	if all := d.ledger.Incidents(); len(all) != 1 || all[0].Count != 4 || all[0].Class != "capacity" {
		t.Errorf("incidents = %+v, want one with four cases", all)
	}
}

// TestTenLaunchesResolveWhatWasOfLaunching is of a job whose image could not be pulled for a while.
func TestTenLaunchesResolveWhatWasOfLaunching(t *testing.T) {
	d := newDesk(t, 1, images())
	bad := d.runningRun(0, 1)[1]
	bad.StopCode, bad.StoppedReason, bad.Containers, bad.StartedAt = "TaskFailedToStart", "CannotPullContainerError: not found", nil, time.Time{}
	d.deliver([]func(context.Context) error{d.task(bad)})
	for n := range 10 {
		if all := d.ledger.Incidents(); len(all) != 1 || !all[0].Open() {
			t.Fatalf("after %d launches: %+v", n, all)
		}
		d.minutes(1)
		for _, task := range d.runningRun(n+1, 0) {
			task.StoppedAt = d.clock()
			d.deliver([]func(context.Context) error{d.task(task)})
		}
	}
	all := d.ledger.Incidents()
	if len(all) != 1 || all[0].Open() || all[0].ClosedBy != "launches" || len(d.stages) != 2 || all[0].Examples[0].Resources != "2048 CPU units, 8192 MiB of memory" {
		t.Errorf("after ten launches: %+v, mails %v", all, d.stages)
	}
}
