package orchestrator_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// slow is ECS with the time that RunTask takes, and counts what it was asked.
type slow struct {
	fake.Tasks
	calls, throttled atomic.Int64
}

func (s *slow) Run(ctx context.Context, req run.TaskRequest) run.Launched {
	s.calls.Add(1)
	time.Sleep(100*time.Millisecond + rand.N(300*time.Millisecond))
	l := s.Tasks.Run(ctx, req)
	if l.Err != nil && l.Err.Code == "ThrottlingException" {
		s.throttled.Add(1)
	}
	return l
}

// burst is what came of a burst of objects.
type burst struct {
	launched  int           // by the instances that were given the objects
	left      int           // in the queue, for the ticks
	took      time.Duration // to launch them
	calls     int64
	throttled int64
}

// share is the part of the quota that was used: a second's calls at once, and then as many each second.
func (b burst) share() float64 {
	return float64(b.launched) / (orchestrator.RunTaskQuota * (b.took.Seconds() + 1))
}

func (b burst) throttledShare() float64 { return float64(b.throttled) / float64(b.calls) }

func (b burst) String() string {
	return fmt.Sprintf("%d tasks in %s: %.1f %% of the quota, %.1f %% of %d calls throttled, %d left to a tick",
		b.launched, b.took.Round(time.Second), 100*b.share(), 100*b.throttledShare(), b.calls, b.left)
}

// instances are functions that launch what they are given, behind an ECS that enforces the quota.
type instances struct {
	t      *testing.T
	ledger *fake.Ledger
	ecs    *fake.ECS
	tasks  *slow
	pace   func() *orchestrator.Pace
}

func (i *instances) function() *orchestrator.Orchestrator {
	return orchestrator.New(orchestrator.Options{Stack: "stack", Jobs: []run.Job{images()}, Ledger: i.ledger, Tasks: i.tasks, Pace: i.pace()})
}

// batches are wants for that many objects, ten at a time, as the queue gives them.
func batches(objects int) <-chan []orchestrator.Want {
	out := make(chan []orchestrator.Want, objects/10)
	for i := 0; i < objects; i += 10 {
		var batch []orchestrator.Want
		for n := i; n < i+10; n++ {
			batch = append(batch, want("images", fmt.Sprintf("key-%d", n)))
		}
		out <- batch
	}
	close(out)
	return out
}

// work is one instance until there is nothing left.
func (i *instances) work(queue <-chan []orchestrator.Want) {
	o := i.function()
	for batch := range queue {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		for _, a := range o.Admit(ctx, batch) {
			if a.Err != nil {
				i.t.Errorf("admitting %s: %v", a.ID, a.Err)
			}
		}
		cancel()
	}
}

// launchBurst admits objects in n instances at once; what they leave in the queue, ticks launch. It is called in a
// bubble of synctest.
func launchBurst(t *testing.T, objects, n int, pace func() *orchestrator.Pace) burst {
	t.Helper()
	ecs := newWorld(t).ecs
	ecs.Now, ecs.Quota, ecs.Fault = time.Now, true, nil
	i := &instances{t: t, ledger: &fake.Ledger{}, ecs: ecs, tasks: &slow{Tasks: fake.Tasks{ECS: ecs}}, pace: pace}
	began, queue := time.Now(), batches(objects)
	var working sync.WaitGroup
	for range n {
		working.Go(func() { i.work(queue) })
	}
	working.Wait()
	out := burst{calls: i.tasks.calls.Load(), throttled: i.tasks.throttled.Load()}
	for _, task := range ecs.All() {
		out.launched++
		out.took = max(out.took, task.CreatedAt.Sub(began))
	}
	out.left = objects - out.launched
	for scheduler, minutes := i.function(), 0; len(ecs.All()) < objects && minutes < 10; minutes++ {
		time.Sleep(time.Minute)
		if _, err := scheduler.Tick(context.Background()); err != nil {
			t.Errorf("tick: %v", err)
		}
	}
	i.check(objects)
	return out
}

// check demands a run and a task for each object, and no second one.
func (i *instances) check(objects int) {
	i.t.Helper()
	seen := map[string]bool{}
	for _, task := range i.ecs.All() {
		seen[task.StartedBy] = true
	}
	runs, tasks := len(i.ledger.All()), len(i.ecs.All())
	if len(seen) != objects || tasks != objects || runs != objects {
		i.t.Errorf("%d runs, %d tasks, %d attempts with a task; want %d of each", runs, tasks, len(seen), objects)
	}
}

// shares is for how many instances the functions are configured: those of s3-trigger and the scheduler.
const shares = 5

// TestABurstUsesTheQuota prints the figures with -v, those of fixed shares for comparison.
func TestABurstUsesTheQuota(t *testing.T) {
	fixed := func() *orchestrator.Pace { return orchestrator.NewPace(orchestrator.RunTaskQuota/shares, 1, nil) }
	adaptive := func() *orchestrator.Pace { return orchestrator.NewPace(orchestrator.RunTaskQuota, shares, nil) }
	for _, n := range []int{1, 2, 4, 5} {
		t.Run(fmt.Sprintf("%d of %d instances", n, shares), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := launchBurst(t, 2000, n, adaptive)
				t.Logf("adaptive: %s", got)
				if got.share() < 0.95 || got.throttledShare() > 0.04 || got.left > 0 {
					t.Errorf("%s; want at least 95 %% of the quota, at most 4 %% throttled and next to nothing left", got)
				}
			})
			if testing.Verbose() {
				synctest.Test(t, func(t *testing.T) { t.Logf("fixed:    %s", launchBurst(t, 2000, n, fixed)) })
			}
		})
	}
}

// TestAPaceBeginsAnewAfterAPause lets one instance find the whole quota, which may not be its own a minute later.
func TestAPaceBeginsAnewAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := orchestrator.NewPace(orchestrator.RunTaskQuota, shares, nil)
		calls := func(n int) time.Duration {
			began := time.Now()
			for range n {
				if err := p.Wait(t.Context(), time.Now()); err != nil {
					t.Fatal(err)
				}
				p.Told(false)
			}
			return time.Since(began)
		}
		calls(500)
		if took := calls(100); took > 100*time.Second/orchestrator.RunTaskQuota+time.Second {
			t.Errorf("100 calls took %s, want the whole quota to be used by now", took)
		}
		time.Sleep(time.Minute)
		calls(1)
		p.Told(true) // so that it does not climb at once
		if took := calls(40); took < 8*time.Second {
			t.Errorf("after a pause 40 calls took %s, want about the fair share of 4 a second", took)
		}
	})
}

func TestAPaceGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := orchestrator.NewPace(1, 1, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var late atomic.Int64
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				if p.Wait(ctx, time.Now()) != nil {
					late.Add(1)
				}
			})
		}
		began := time.Now()
		callers.Wait()
		if took := time.Since(began); took > 2*time.Second || late.Load() < 7 {
			t.Errorf("%d of 10 gave up after %s, want those whose turn does not come in time", late.Load(), took)
		}
	})
}
