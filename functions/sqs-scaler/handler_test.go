package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/fake"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// world is queues and services in memory.
type world struct {
	memories fake.Scalers
	leases   fake.Ledger
	lines    bytes.Buffer

	mu       sync.Mutex // protects following fields
	depth    map[string]sqs.Depth
	broken   map[string]error // by queue or service
	services map[string]ecs.Service
	updates  int
	reads    int
	onRead   func(w *world) // called with the lock held
	lost     error          // the answer of SetDesired, after its effect
}

func (w *world) Depth(_ context.Context, url string) (sqs.Depth, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	if w.onRead != nil {
		w.onRead(w)
	}
	return w.depth[url], w.broken[url]
}

func (w *world) Service(_ context.Context, _, name string) (ecs.Service, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.services[name], w.broken[name]
}

func (w *world) SetDesired(_ context.Context, _, name string, n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.updates++
	s := w.services[name]
	s.Desired, s.Running = n, n
	w.services[name] = s
	return w.lost
}

func (w *world) handler(scalers ...config.Scaler) *handler {
	return &handler{
		scalers: scalers, leases: &w.leases, memories: &w.memories, queues: w, services: w,
		log:     slog.New(slog.NewJSONHandler(&w.lines, nil)),
		metrics: telemetry.NewMetrics(&bytes.Buffer{}, "example", time.Now),
	}
}

func newWorld() *world {
	return &world{
		depth: map[string]sqs.Depth{}, broken: map[string]error{},
		services: map[string]ecs.Service{"worker": {Active: true}, "other": {Active: true}},
	}
}

var (
	orders = config.Scaler{Name: "orders", Queues: []string{"q1", "q2"}, Cluster: "work", Service: "worker", Max: 5, MessagesPerTask: 10}
	other  = config.Scaler{Name: "other", Queues: []string{"q3"}, Cluster: "work", Service: "other", Max: 5, MessagesPerTask: 10}
)

func tick(t *testing.T, h *handler) ([]followed, error) {
	t.Helper()
	out, err := h.handle(t.Context(), []byte(`{}`))
	a, ok := out.(answer)
	if !ok {
		t.Fatalf("answer = %+v, %v", out, err)
	}
	return a.Scalers, err
}

func TestAtRestItReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start := newWorld(), time.Now()
		got, err := tick(t, w.handler(orders))
		if err != nil || got[0].Looks != 1 || w.updates != 0 || time.Since(start) != 0 {
			t.Errorf("followed = %+v, %v after %s with %d updates", got, err, time.Since(start), w.updates)
		}
	})
}

func TestABacklogIsFollowedForTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start := newWorld(), time.Now()
		w.depth["q1"], w.depth["q2"] = sqs.Depth{Visible: 100}, sqs.Depth{Visible: 100, InFlight: 10}
		got, err := tick(t, w.handler(orders))
		if err != nil || got[0].Desired < 2 || w.updates == 0 || got[0].Changes != w.updates {
			t.Errorf("followed = %+v, %v with %d updates, want some tasks", got, err, w.updates)
		}
		if d := time.Since(start); got[0].Looks != 12 || d != 55*time.Second {
			t.Errorf("%d looks in %s, want one every 5 s for 55 s", got[0].Looks, d)
		}
		if n := strings.Count(w.lines.String(), "scaling decided"); n != got[0].Looks {
			t.Errorf("%d lines for %d decisions", n, got[0].Looks)
		}
	})
}

// minutes is a tick each minute until the time is over or the scaler rests at its minimum. It returns the last answer.
func minutes(t *testing.T, w *world, h *handler, most int, s config.Scaler) followed {
	t.Helper()
	var f followed
	for range most {
		began := time.Now()
		got, err := tick(t, h)
		if err != nil {
			t.Fatal(err)
		}
		if f = got[0]; f.Looks == 1 && w.services[s.Service].Desired == s.Min {
			return f
		}
		time.Sleep(time.Minute - time.Since(began)) // of the test's own clock
	}
	return f
}

func TestItGoesUpAndBackToZeroWithinMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start, most := newWorld(), time.Now(), 0
		w.depth["q1"] = sqs.Depth{Visible: 300}
		w.onRead = func(w *world) {
			most = max(most, w.services["worker"].Desired)
			if time.Since(start) >= 90*time.Second {
				w.depth["q1"] = sqs.Depth{}
			}
		}
		f := minutes(t, w, w.handler(orders), 12, orders)
		if most < 3 || w.services["worker"].Desired != 0 || f.Looks != 1 {
			t.Errorf("%d tasks at most, then %d, %+v after %s; want several, none, and rest", most, w.services["worker"].Desired, f, time.Since(start))
		}
	})
}

func TestItRemembersFromMinuteToMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.depth["q1"] = sqs.Depth{Visible: 1}
		if _, err := tick(t, w.handler(orders)); err != nil {
			t.Fatal(err)
		}
		w.depth["q1"] = sqs.Depth{}
		got, err := tick(t, w.handler(orders)) // another instance
		if err != nil || got[0].Desired != 1 || got[0].Looks == 1 {
			t.Errorf("followed = %+v, %v; want the task to stay warm, since there was a message just now", got, err)
		}
	})
}

func TestWithoutItsMemoryItDecidesAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.depth["q1"] = sqs.Depth{Visible: 1}
		w.memories.Fault = func(string, bool) error { return errors.New("away") }
		if got, err := tick(t, w.handler(orders)); err != nil || got[0].Desired != 1 {
			t.Errorf("followed = %+v, %v, want one task", got, err)
		}
	})
}

func TestALostAnswerChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.depth["q1"], w.lost = sqs.Depth{Visible: 1}, &run.Error{Kind: run.Unavailable, Err: errors.New("timeout")}
		got, err := tick(t, w.handler(orders))
		if err != nil || got[0].Desired != 1 || w.updates != 1 {
			t.Errorf("followed = %+v, %v with %d updates; want one, which was found done", got, err, w.updates)
		}
	})
}

func TestAKilledWorkersMessageIsWorkedOnAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start := newWorld(), time.Now()
		w.depth["q1"] = sqs.Depth{InFlight: 1}
		w.services["worker"] = ecs.Service{Active: true, Desired: 1, Running: 1}
		w.onRead = func(w *world) {
			switch d := time.Since(start); {
			case d >= 3*time.Minute: // done
				w.depth["q1"] = sqs.Depth{}
			case d >= 2*time.Minute: // its visibility has ended, and another worker has it
				w.depth["q1"] = sqs.Depth{InFlight: 1}
			case d >= time.Minute: // the task is killed, and ECS replaces it
				w.depth["q1"] = sqs.Depth{Visible: 1}
			}
			if w.services["worker"].Desired < 1 && time.Since(start) < 3*time.Minute {
				t.Errorf("no task wanted after %s", time.Since(start))
			}
		}
		minutes(t, w, w.handler(orders), 15, orders)
		if w.services["worker"].Desired != 0 {
			t.Errorf("%d tasks in the end, want none", w.services["worker"].Desired)
		}
	})
}

func TestAWorkerThatFailsIsNotScaledToTheMaximumForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.depth["q1"] = sqs.Depth{Visible: 5000}
		for range 45 {
			if _, err := tick(t, w.handler(orders)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second) // of the test's own clock
		}
		idleOnly := orders
		idleOnly.ScaleIn = "protected"
		got := minutes(t, w, w.handler(idleOnly), 45, orders)
		if got.Reason != "queue-not-moving" || got.Desired != 1 {
			t.Errorf("followed = %+v, want one task and the reason", got)
		}
	})
}

func TestItStopsBeforeItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.depth["q1"] = sqs.Depth{Visible: 1}
		ctx, cancel := context.WithTimeout(t.Context(), 28*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := w.handler(orders).handle(ctx, []byte(`{}`)); err != nil || time.Since(start) != 25*time.Second {
			t.Errorf("ended after %s, %v; want 25 s of 28", time.Since(start), err)
		}
	})
}

func TestAnUnreadableQueueHoldsItsScalerAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.services["worker"] = ecs.Service{Active: true, Desired: 4}
		w.broken["q2"] = errors.New("away")
		w.depth["q3"] = sqs.Depth{Visible: 1}
		got, err := tick(t, w.handler(orders, other))
		if err == nil || got[0].Error == "" || w.services["worker"].Desired != 4 {
			t.Errorf("followed = %+v, %v; want an error, and the service left at 4", got[0], err)
		}
		if got[1].Desired != 1 || w.services["other"].Desired != 1 {
			t.Errorf("followed = %+v, want one task", got[1])
		}
	})
}

func TestAFaultThatPassesIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.depth["q1"], w.broken["q2"] = sqs.Depth{Visible: 1}, errors.New("away")
		w.onRead = func(w *world) {
			if w.reads == 3 {
				delete(w.broken, "q2")
			}
		}
		if got, err := tick(t, w.handler(orders)); err != nil || got[0].Desired != 1 || got[0].Error != "" {
			t.Errorf("followed = %+v, %v, want one task in the end", got[0], err)
		}
	})
}

func TestAServiceThatIsNotThereIsNotAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start := newWorld(), time.Now()
		w.services["worker"] = ecs.Service{}
		_, err := tick(t, w.handler(orders))
		if run.ReasonOf(err) != "service-inactive" || time.Since(start) != 0 {
			t.Errorf("error = %v after %s, want service-inactive at once", err, time.Since(start))
		}
	})
}

func TestAScalerThatAnotherFollowsIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		h := w.handler(orders)
		w.depth["q1"] = sqs.Depth{Visible: 1}
		var wait sync.WaitGroup
		defer wait.Wait()
		wait.Go(func() { _, _ = h.handle(t.Context(), []byte(`{}`)) })
		time.Sleep(time.Second) // of the test's own clock
		if got, err := tick(t, h); err != nil || !got[0].Busy || got[0].Looks != 0 {
			t.Errorf("followed = %+v, %v, want busy", got[0], err)
		}
	})
}
