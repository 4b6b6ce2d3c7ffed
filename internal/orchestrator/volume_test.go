package orchestrator_test

import (
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// flood is a world in which one call in ten fails.
type flood struct {
	*world
	mu     sync.Mutex // protects following field
	chance *rand.Rand
	calm   atomic.Bool
}

func newFlood(t *testing.T) *flood {
	plain, bounded, gathered := images(), images(), images()
	plain.Name, bounded.Name, gathered.Name = "plain", "bounded", "gathered"
	plain.Retry = run.Retry{Attempts: 3, ExitCodes: []int{75}}
	bounded.Concurrency.Max = 300
	gathered.Batch = &run.Batch{MaxObjects: 100}
	f := &flood{world: newWorld(t, plain, bounded, gathered), chance: rand.New(rand.NewSource(1))}
	f.ledger.Fault = func(call string, after bool) error {
		if f.unlucky(20) { // before and after: one in ten
			return fmt.Errorf("%s (after: %t): the network is down", call, after)
		}
		return nil
	}
	f.ecs.Fault = func(operation string) *fake.Fault {
		if !f.unlucky(10) {
			return nil
		}
		return &fake.Fault{Error: &fake.ECSError{Message: "lost"}, Afterwards: operation == "RunTask" && f.unlucky(2)}
	}
	return f
}

func (f *flood) unlucky(in int) bool {
	if f.calm.Load() {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.chance.Intn(in) == 0
}

// deliveries is every object, one to three times, in any order, in batches of ten.
func (f *flood) deliveries(objects int) [][]orchestrator.Want {
	var all []orchestrator.Want
	for i := range objects {
		w := want([]string{"plain", "bounded", "gathered"}[i%3], fmt.Sprintf("k%05d", i))
		for range 1 + f.chance.Intn(3) {
			all = append(all, w)
		}
	}
	f.chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var batches [][]orchestrator.Want
	for ; len(all) > 0; all = all[min(10, len(all)):] {
		batches = append(batches, all[:min(10, len(all))])
	}
	return batches
}

// pour admits every delivery by several functions at once. What fails is delivered again.
func (f *flood) pour(t *testing.T, batches [][]orchestrator.Want) {
	work := make(chan []orchestrator.Want, len(batches))
	for _, b := range batches {
		work <- b
	}
	close(work)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			o := f.function(false)
			for b := range work {
				for len(b) > 0 {
					var again []orchestrator.Want
					for i, a := range o.Admit(t.Context(), b) {
						if a.Err != nil {
							again = append(again, b[i])
						}
					}
					b = again
				}
			}
		})
	}
	all.Wait()
}

// finishAll ends every task, one in fifty with a code that is tried again, and tells of it once or twice.
func (f *flood) finishAll(t *testing.T, round int) {
	o := f.function(true)
	for i, task := range f.active() {
		code := 0
		if (i+round)%50 == 0 {
			code = 75
		}
		f.ecs.Move(task.TaskArn, run.StatusRunning)
		f.ecs.End(task.TaskArn, fake.Ended{StopCode: "EssentialContainerExited", Exits: map[string]int{"main": code}})
		stopped, _ := f.ecs.Task(task.TaskArn)
		for range 1 + i%2 {
			_ = o.Observe(t.Context(), stopped.Words()) // unlucky: delivered again, or found by a tick
		}
	}
}

// TestTenThousandObjects: each delivered one to three times in random order, with one call in ten failing.
func TestTenThousandObjects(t *testing.T) {
	const objects = 10_000
	f := newFlood(t)
	f.pour(t, f.deliveries(objects))
	for round := 0; ; round++ {
		if round == 300 {
			t.Fatal("the runs do not come to an end")
		}
		f.finishAll(t, round)
		f.wait(time.Minute)
		_, _ = f.function(false).Tick(t.Context())
		_ = f.function(true).Flush(t.Context())
		if done(f.ledger.All()) {
			break
		}
		if round == 100 {
			f.calm.Store(true) // what cannot end with faults ends without
		}
	}
	f.assertWhole(t, objects)
}

func done(runs []run.Run) bool {
	for _, r := range runs {
		if r.Open() {
			return false
		}
	}
	return true
}

func (f *flood) assertWhole(t *testing.T, objects int) {
	t.Helper()
	states, seen := map[run.State]int{}, map[string]bool{}
	for _, r := range f.ledger.All() {
		if o := r.Input.Object; o != nil {
			states[r.State]++
			if seen[o.Key] {
				t.Errorf("object %s has two runs", o.Key)
			}
			seen[o.Key] = true
		}
	}
	if len(seen) != objects || states[run.Succeeded]+states[run.Failed] != objects {
		t.Errorf("%d objects have runs, in %v; want %d, all final", len(seen), states, objects)
	}
	attempts := map[string]bool{}
	for _, task := range f.ecs.All() {
		if attempts[task.StartedBy] {
			t.Errorf("two tasks for %s", task.StartedBy)
		}
		attempts[task.StartedBy] = true
	}
	f.calm.Store(true)
	jobs, err := f.ledger.Jobs(t.Context())
	for _, j := range jobs {
		if err != nil || j.Active != 0 {
			t.Errorf("job %s still counts %d active runs, %v", j.Name, j.Active, err)
		}
	}
}

// TestTheFastPathIsTwoWrites counts the calls to the table from an object to its task.
func TestTheFastPathIsTwoWrites(t *testing.T) {
	bounded, latest := images(), images()
	bounded.Concurrency.Max, latest.LatestOnly = 5, true
	for name, job := range map[string]run.Job{"without a maximum": images(), "with a maximum": bounded, "with latestOnly": latest} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, job)
			var calls []string
			w.ledger.Fault = func(call string, after bool) error {
				if !after {
					calls = append(calls, call)
				}
				return nil
			}
			if got := w.admit(want("images", "a")); got[0].Result != orchestrator.Started {
				t.Fatalf("admission = %+v", got[0])
			}
			if len(calls) > 2 {
				t.Errorf("calls = %v, want two at most", calls)
			}
		})
	}
}
