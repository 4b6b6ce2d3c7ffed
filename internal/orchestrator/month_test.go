package orchestrator_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/fake"
	"slipway/internal/run"
	"slipway/internal/schedule"
)

func scheduled(name, expression string, catchUp run.CatchUp) run.Job {
	job := images()
	job.Name = name
	job.Trigger = run.JobTrigger{Schedule: &run.ScheduleTrigger{Expression: expression, Timezone: "Europe/Helsinki", CatchUp: catchUp}}
	return job
}

// month is a scheduler over weeks with outages, and what it should have admitted by a rule of its own.
type month struct {
	*world
	t     *rapid.T
	last  map[string]time.Time          // by job: the end of the newest tick that was done
	want  map[string]map[time.Time]bool // scheduled times that must have a run
	maybe map[string]map[time.Time]bool // those that a tick which was killed may have admitted
}

func newMonth(t *rapid.T) *month {
	jobs := []run.Job{
		scheduled("all", "rate(20 minutes)", run.CatchUp{Runs: "all", Within: 3 * time.Hour}),
		scheduled("latest", "cron(0 * * * ? *)", run.CatchUp{Runs: "latest", Within: 2 * time.Hour}),
		scheduled("none", "cron(30 3 * * ? *)", run.CatchUp{Runs: "none"}),
	}
	jobs[1].Concurrency = run.Concurrency{Max: 1, WhenFull: run.WhenFullSkip}
	m := &month{t: t, last: map[string]time.Time{}, want: map[string]map[time.Time]bool{}, maybe: map[string]map[time.Time]bool{}}
	m.world = newWorld(nil, jobs...)
	m.now = time.Date(2026, 3, 20, 12, 0, 30, 0, time.UTC) // clocks change on the 29th
	for _, j := range jobs {
		m.last[j.Name], m.want[j.Name], m.maybe[j.Name] = m.now, map[time.Time]bool{}, map[time.Time]bool{}
	}
	return m
}

// due is the rule in a few lines: all times since the last tick, unless the oldest is late; then as catchUp says.
func (m *month) due(j run.Job) []time.Time {
	s, err := schedule.For(*j.Trigger.Schedule)
	if err != nil {
		m.t.Fatal(err)
	}
	var times []time.Time
	for at, ok := s.Next(m.last[j.Name]); ok && !at.After(m.now); at, ok = s.Next(at) {
		times = append(times, at)
	}
	if len(times) == 0 || m.now.Sub(times[0]) <= 3*time.Minute {
		return times
	}
	c, oldest := j.Trigger.Schedule.CatchUp, times[len(times)-1]
	switch c.Runs {
	case "all":
		oldest = m.now.Add(-c.Within)
	case "none":
		oldest = m.now.Add(-3 * time.Minute)
	}
	var kept []time.Time
	for _, at := range times {
		if !at.Before(oldest) && (c.Within == 0 || !at.Before(m.now.Add(-c.Within))) {
			kept = append(kept, at)
		}
	}
	return kept
}

// minute is one minute: it may bring a tick, two, one that is killed, or none.
func (m *month) minute(ticks int, kill bool) {
	m.wait(time.Minute)
	if ticks == 0 {
		return
	}
	for _, j := range m.jobs {
		for _, at := range m.due(j) {
			if kill {
				m.maybe[j.Name][at] = true
			} else {
				m.want[j.Name][at] = true
			}
		}
		if !kill {
			m.last[j.Name] = m.now
		}
	}
	for range ticks {
		if kill {
			m.killAt = rapid.IntRange(1, 40).Draw(m.t, "boundary")
		}
		_, _ = m.function(false).Tick(m.t.Context())
		dead := m.dead
		m.revive()
		if kill && !dead { // it was done before it could be killed
			for _, j := range m.jobs {
				for _, at := range m.due(j) {
					m.want[j.Name][at] = true
				}
				m.last[j.Name] = m.now
			}
		}
	}
	m.finishAll()
}

func (m *month) finishAll() {
	if m.now.Minute()%5 != 0 {
		return
	}
	o := m.function(true)
	active, err := m.ecs.ListTasks(fake.Filter{Cluster: "work"})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, task := range active {
		if m.now.Sub(task.CreatedAt.Time) < 4*time.Minute {
			continue
		}
		m.ecs.Move(task.TaskArn, run.StatusRunning)
		m.ecs.End(task.TaskArn, fake.Ended{Exits: map[string]int{"main": 0}})
		stopped, _ := m.ecs.Task(task.TaskArn)
		if err := o.Observe(m.t.Context(), stopped.Words()); err != nil {
			m.t.Fatal(err)
		}
	}
}

// TestEveryScheduledTimeOfAMonthHasItsRun: random outages, ticks twice, late, killed; a clock change within the weeks.
func TestEveryScheduledTimeOfAMonthHasItsRun(t *testing.T) {
	if raceDetector {
		t.Log("one week under the race detector")
	}
	began := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		if time.Since(began) > 20*time.Second {
			return // enough months, on a slow machine
		}
		m := newMonth(t)
		if _, err := m.function(false).Tick(t.Context()); err != nil { // the jobs are seen
			t.Fatal(err)
		}
		days := 30
		if testing.Short() || raceDetector {
			days = 7
		}
		for end := m.now.Add(time.Duration(days) * 24 * time.Hour); m.now.Before(end); {
			for range rapid.IntRange(60, 2000).Draw(t, "minutes up") {
				m.minute(1, false)
			}
			switch rapid.IntRange(0, 4).Draw(t, "trouble") {
			case 0:
				m.minute(2, false)
			case 1:
				m.minute(1, true)
			default:
				for range rapid.IntRange(1, 400).Draw(t, "minutes down") {
					m.minute(0, false)
				}
			}
		}
		for range 20 {
			m.minute(1, false)
		}
		m.check(t)
	})
}

func (m *month) check(t *rapid.T) {
	perJob := map[string]map[time.Time]run.Run{}
	for _, r := range m.ledger.All() {
		if perJob[r.Job] == nil {
			perJob[r.Job] = map[time.Time]run.Run{}
		}
		at := *r.Input.ScheduledTime
		if _, twice := perJob[r.Job][at]; twice {
			t.Errorf("job %s has two runs for %s", r.Job, at)
		}
		perJob[r.Job][at] = r
		if !m.want[r.Job][at] && !m.maybe[r.Job][at] {
			t.Errorf("job %s has a run for %s, which was to be given up", r.Job, at)
		}
		if recent := m.now.Sub(r.AdmittedAt) < 15*time.Minute; !r.State.Final() && !recent {
			t.Errorf("run %s is %s", r.ID, r.State)
		}
	}
	for job, times := range m.want {
		for at := range times {
			if _, ok := perJob[job][at]; !ok {
				t.Errorf("job %s has no run for %s", job, at)
			}
		}
	}
	tasks := map[string]bool{}
	for _, task := range m.ecs.All() {
		if tasks[task.StartedBy] {
			t.Errorf("two tasks for %s", task.StartedBy)
		}
		tasks[task.StartedBy] = true
	}
}

func TestJitterDelaysTheLaunchAndNothingElse(t *testing.T) {
	job := scheduled("spread", "cron(0 * * * ? *)", run.CatchUp{})
	job.Trigger.Schedule.Jitter, job.Trigger.Schedule.Count = 20*time.Minute, 10
	w := newWorld(t, job)
	w.now = time.Date(2026, 3, 1, 12, 59, 30, 0, time.UTC)
	w.tick()
	w.minutes(1)
	if n := len(w.ledger.All()); n != 10 {
		t.Fatalf("%d runs, want 10", n)
	}
	started := map[int]int{} // by minute
	for minute := range 21 {
		started[minute] = len(w.ecs.All())
		w.minutes(1)
	}
	if started[0] == 10 || started[10] == 0 || len(w.ecs.All()) != 10 {
		t.Errorf("tasks by minute = %v, want them spread over twenty", started)
	}
	indexes := map[string]bool{}
	for _, r := range w.ledger.All() {
		if !r.Input.ScheduledTime.Equal(time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)) || !r.Input.IntervalStart.Equal(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) {
			t.Errorf("run %s is for %s from %s", r.ID, r.Input.ScheduledTime, r.Input.IntervalStart)
		}
		for _, v := range r.Decision.Environment {
			if v.Name == "SLIPWAY_INDEX" {
				indexes[v.Value] = true
			}
			if v.Name == "SLIPWAY_COUNT" && v.Value != "10" {
				t.Errorf("SLIPWAY_COUNT = %s", v.Value)
			}
		}
	}
	if len(indexes) != 10 {
		t.Errorf("indexes = %v, want ten", indexes)
	}
}

func TestFailuresInARowPauseAJob(t *testing.T) {
	job := scheduled("fragile", "rate(10 minutes)", run.CatchUp{Runs: "latest", Within: time.Hour})
	job.Trigger.Schedule.PauseOnFailure = 3
	w := newWorld(t, job)
	w.tick()
	for _, code := range []int{1, 1, 0, 1, 1} { // a success in between forgets the failures before it
		w.minutes(10)
		w.finish(code)
	}
	if s, err := w.ledger.Job(t.Context(), "fragile"); err != nil || s.Paused || len(s.FailedInRow) != 2 {
		t.Fatalf("state = %+v, %v; want two failures in a row", s, err)
	}
	w.minutes(10)
	w.finish(1)
	s, err := w.ledger.Job(t.Context(), "fragile")
	if err != nil || !s.Paused || !strings.Contains(s.PausedWhy, "3 scheduled runs in a row") {
		t.Fatalf("state = %+v, %v; want it paused with the reason", s, err)
	}
	for _, task := range w.ecs.All() { // events come again: nothing is counted twice
		w.observe(task.Words())
	}
	before := len(w.ledger.All())
	w.minutes(35)
	if n := len(w.ledger.All()); n != before {
		t.Errorf("%d runs were admitted while it was paused", n-before)
	}
	if _, err := w.function(false).Resume(t.Context(), "fragile"); err != nil {
		t.Fatal(err)
	}
	w.minutes(1)
	if n := len(w.ledger.All()); n != before+1 {
		t.Errorf("%d runs after it was resumed, want the latest that was missed", n-before)
	}
	if s, err := w.function(false).Pause(t.Context(), "fragile", "by me"); err != nil || s.PausedWhy != "by me" {
		t.Errorf("pause = %+v, %v", s, err)
	}
}

// TestAPauseSurvivesATickThatStoresTheSameJob lets somebody pause a job between a tick's reading and writing of it.
func TestAPauseSurvivesATickThatStoresTheSameJob(t *testing.T) {
	job := scheduled("busy", "rate(1 minute)", run.CatchUp{})
	w := newWorld(t, job)
	w.tick()
	paused := false
	w.ledger.Fault = func(call string, after bool) error {
		if call == "SaveJob" && !after && !paused {
			paused = true
			_, err := w.function(false).Pause(t.Context(), "busy", "by me")
			return err
		}
		return nil
	}
	w.minutes(3)
	if s, err := w.ledger.Job(t.Context(), "busy"); err != nil || !s.Paused || s.LastScheduled.IsZero() {
		t.Errorf("state = %+v, %v; want it paused, and the time that was decided on kept", s, err)
	}
}

// TestManyJobsAreAdmittedBeforeAnythingIsLaunched: launches are paced, so that those of one hour take longer than a tick.
func TestManyJobsAreAdmittedBeforeAnythingIsLaunched(t *testing.T) {
	var jobs []run.Job
	for i := range 200 {
		jobs = append(jobs, scheduled(fmt.Sprintf("job-%03d", i), "cron(0 * * * ? *)", run.CatchUp{}))
	}
	w := newWorld(t, jobs...)
	w.now = time.Date(2026, 3, 1, 12, 59, 30, 0, time.UTC)
	w.tick()
	stored := -1
	var first sync.Once // launches go beside each other
	w.ecs.Fault = func(operation string) *fake.Fault {
		if operation == "RunTask" {
			first.Do(func() { stored = len(w.ledger.All()) })
		}
		return nil
	}
	w.minutes(1)
	if stored != 200 || len(w.ecs.All()) != 200 {
		t.Errorf("%d runs were stored before the first launch, and %d tasks launched; want 200 of each", stored, len(w.ecs.All()))
	}
}

// TestATimeWithSeveralRunsIsLateUntilAllHaveSucceeded: one of two is not enough.
func TestATimeWithSeveralRunsIsLateUntilAllHaveSucceeded(t *testing.T) {
	for name, tc := range map[string]struct {
		codes []int
		late  int
	}{"both succeed": {[]int{0, 0}, 0}, "one fails": {[]int{0, 1}, 1}} {
		t.Run(name, func(t *testing.T) {
			job := scheduled("shards", "cron(0 * * * ? *)", run.CatchUp{})
			job.Trigger.Schedule.Count, job.SuccessWithin = 2, 20*time.Minute
			w := newWorld(t, job)
			w.now = time.Date(2026, 3, 1, 12, 59, 30, 0, time.UTC)
			w.tick()
			w.minutes(1)
			for i, task := range w.active() {
				w.end(task.TaskArn, tc.codes[i])
			}
			w.minutes(30)
			late := 0
			for _, i := range w.ledger.Incidents() {
				if i.Event == "job.late" {
					late++
				}
			}
			if late != tc.late {
				t.Errorf("%d incidents of job.late, want %d", late, tc.late)
			}
		})
	}
}

// TestTicksThatMeetChangeNothingMore: five at once, one again, one that is an hour late, one whose clock is behind.
func TestTicksThatMeetChangeNothingMore(t *testing.T) {
	bounded := scheduled("bounded", "cron(0 * * * ? *)", run.CatchUp{})
	bounded.Concurrency.Max = 1
	w := newWorld(t, scheduled("free", "cron(0 * * * ? *)", run.CatchUp{Within: 3 * time.Hour, Runs: "all"}), bounded)
	w.now = time.Date(2026, 3, 1, 12, 59, 30, 0, time.UTC)
	w.tick()
	w.wait(time.Minute)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { _, _ = w.function(false).Tick(t.Context()) }) // some may find others in their way: a tick tries again
	}
	all.Wait()
	w.tick()
	expect := func(when string, n int) {
		t.Helper()
		if got := len(w.ledger.All()); got != n || len(w.ecs.All()) != n {
			t.Errorf("%s: %d runs with %d tasks, want %d", when, got, len(w.ecs.All()), n)
		}
	}
	expect("five at once, and one again", 2)
	w.finish(0)
	w.wait(-2 * time.Hour)
	w.tick()
	expect("a clock two hours behind", 2)
	w.wait(2*time.Hour + 2*time.Hour - 30*time.Second)
	w.tick()
	expect("an hour late: 14:00 and 15:00 of one job, the latest of the other", 5)
}
