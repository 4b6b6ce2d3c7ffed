package fake

import (
	"cmp"
	"slices"
	"time"
)

// Runner runs the containers of tasks. Its methods return at once.
type Runner interface {
	// Start starts the containers of a task. It calls started when all of them run, and ended, once, when an
	// essential one has ended and the others were stopped, or when they cannot be started.
	Start(t Task, started func(), ended func(Ended))
	// Stop asks the containers of a task to end, and kills those that still run after their stop timeout. The ended
	// given to Start follows.
	Stop(t Task)
}

// Pace is how long a task stays in a state.
type Pace struct {
	Provisioning   time.Duration // until it has a network interface
	Pending        time.Duration // at least, until its containers run
	Activating     time.Duration // a service's task only
	Deactivating   time.Duration // after it was asked to stop, until its containers are
	Deprovisioning time.Duration // after its containers have ended
}

// Ended is how the containers of a task ended: an exit code by name, or a reason for one that never ran.
type Ended struct {
	StopCode string // when nobody asked the task to stop; empty: EssentialContainerExited
	Reason   string
	Exits    map[string]int
	Reasons  map[string]string
}

type timer struct {
	at   time.Time
	call func()
}

// After calls f in the first Advance that is at least d later.
func (e *ECS) After(d time.Duration, f func()) {
	defer e.enter()()
	e.after(d, f)
}

func (e *ECS) after(d time.Duration, f func()) {
	e.timers = append(e.timers, timer{e.Now().Add(d), f})
	slices.SortStableFunc(e.timers, func(a, b timer) int { return a.at.Compare(b.at) })
}

// Next is when Advance has something to do again, and whether there is such a time.
func (e *ECS) Next() (time.Time, bool) {
	defer e.enter()()
	var next time.Time
	for _, at := range e.dues() {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, !next.IsZero()
}

func (e *ECS) dues() []time.Time {
	var dues []time.Time
	for _, t := range e.live {
		if !t.due.IsZero() {
			dues = append(dues, t.due)
		}
		if t.protected(e.Now()) {
			dues = append(dues, t.protectedUntil)
		}
	}
	for _, s := range e.services {
		if !s.retryAt.IsZero() && s.retryAt.After(e.Now()) {
			dues = append(dues, s.retryAt)
		}
	}
	if len(e.timers) > 0 {
		dues = append(dues, e.timers[0].at)
	}
	return dues
}

// Advance does what is due at this time: tasks go on to their next state, and services start and stop tasks.
func (e *ECS) Advance() {
	defer e.enter()()
	now := e.Now()
	n, _ := slices.BinarySearchFunc(e.timers, now, func(t timer, now time.Time) int {
		return cmp.Or(t.at.Compare(now), -1) // after the last one that is due
	})
	for _, t := range e.timers[:n] {
		e.queue = append(e.queue, t.call)
	}
	e.timers = slices.Delete(e.timers, 0, n)
	for _, t := range slices.Clone(e.live) {
		for !t.due.IsZero() && !t.due.After(now) {
			e.step(t)
		}
	}
	e.live = slices.DeleteFunc(e.live, func(t *Task) bool { return t.LastStatus == "STOPPED" })
	e.converge()
}

// step takes a task that is due to its next state.
func (e *ECS) step(t *Task) {
	t.due = time.Time{}
	switch {
	case t.LastStatus == "DEPROVISIONING":
		e.stopped(t)
	case t.DesiredStatus == "STOPPED" && t.ended != nil:
		e.deprovision(t)
	case t.DesiredStatus == "STOPPED":
		e.stopContainers(t)
	case t.LastStatus == "PROVISIONING":
		e.up(t, "PENDING")
		e.start(t)
	case t.LastStatus == "PENDING" && t.ofService():
		e.up(t, "ACTIVATING")
		e.dueIn(t, e.Pace.Activating)
	default:
		e.up(t, "RUNNING")
		e.settle(t)
	}
}

func (e *ECS) dueIn(t *Task, d time.Duration) { t.due = e.Now().Add(d) }

// provision makes a new task go on by itself when there is a runner.
func (e *ECS) provision(t *Task) {
	if e.Runner == nil {
		return
	}
	if slow, forever := e.slowed(t); !forever {
		e.dueIn(t, e.Pace.Provisioning+slow)
	}
}

func (e *ECS) start(t *Task) {
	arn, copied, since := t.TaskArn, t.copy(), e.Now()
	t.launched = true
	e.queue = append(e.queue, func() {
		e.Runner.Start(copied, func() { e.started(arn, since) }, func(how Ended) { e.End(arn, how) })
	})
}

// started is the runner saying that the containers run.
func (e *ECS) started(arn string, since time.Time) {
	defer e.enter()()
	t, ok := e.tasks[arn]
	if !ok || t.LastStatus != "PENDING" || t.DesiredStatus == "STOPPED" {
		return
	}
	t.due = since.Add(e.Pace.Pending)
	if now := e.Now(); t.due.Before(now) {
		t.due = now
	}
}

// settle lets a task that was over before it was RUNNING go on to its end.
func (e *ECS) settle(t *Task) {
	if t.ended != nil {
		e.finish(t, *t.ended)
	}
}

// up brings a task to a status on its way up.
func (e *ECS) up(t *Task, status string) {
	now := e.touch(t)
	t.LastStatus = status
	switch status {
	case "PENDING":
		t.PullStartedAt, t.Connectivity, t.ConnectivityAt = &now, "CONNECTED", &now
		t.attachments("ATTACHED")
	case "ACTIVATING", "RUNNING":
		if t.PullStoppedAt == nil {
			t.PullStoppedAt = &now
		}
		for i := range t.Containers {
			t.Containers[i].LastStatus = "RUNNING"
		}
	}
	if status == "RUNNING" {
		t.StartedAt = &now
		e.startedWell(t)
	}
	e.changed(t)
}

func (e *ECS) touch(t *Task) stamp {
	now := stamp{e.Now()}
	t.Version++
	t.UpdatedAt = &now
	return now
}

// Move brings a task to a status on its way up: PENDING, ACTIVATING or RUNNING. A task that was asked to stop stays.
func (e *ECS) Move(arn, status string) (Task, bool) {
	defer e.enter()()
	t, ok := e.tasks[arn]
	if !ok || t.DesiredStatus == "STOPPED" {
		return Task{}, false
	}
	e.up(t, status)
	return t.copy(), true
}
