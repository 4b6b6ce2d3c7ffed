package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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
	mu       sync.Mutex // protects following fields
	depth    map[string]sqs.Depth
	broken   map[string]error // by queue or service
	services map[string]ecs.Service
	updates  int
	reads    int
	onRead   func(w *world) // called with the lock held
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
	return nil
}

func (w *world) handler(scalers ...config.Scaler) *handler {
	return &handler{
		scalers: scalers, leases: &fake.Ledger{}, queues: w, services: w, log: slog.New(slog.DiscardHandler),
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
		w.depth["q1"], w.depth["q2"] = sqs.Depth{Visible: 11}, sqs.Depth{InFlight: 10}
		got, err := tick(t, w.handler(orders))
		if err != nil || got[0].Desired != 3 || w.updates != 1 || got[0].Changes != 1 {
			t.Errorf("followed = %+v, %v with %d updates, want 3 tasks by one update", got, err, w.updates)
		}
		if d := time.Since(start); got[0].Looks != 11 || d != 50*time.Second {
			t.Errorf("%d looks in %s, want one every 5 s for 50 s", got[0].Looks, d)
		}
	})
}

func TestItFollowsUpAndDownWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		start := time.Now()
		w.depth["q1"] = sqs.Depth{Visible: 30}
		w.onRead = func(w *world) {
			if time.Since(start) >= 20*time.Second {
				w.depth["q1"] = sqs.Depth{}
			}
		}
		got, err := tick(t, w.handler(orders))
		if err != nil || got[0].Desired != 0 || w.updates != 2 || time.Since(start) != 20*time.Second {
			t.Errorf("followed = %+v, %v after %s with %d updates; want up to 3 and back to 0 in 20 s", got, err, time.Since(start), w.updates)
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
		if _, err := w.handler(orders).handle(ctx, []byte(`{}`)); err != nil || time.Since(start) != 20*time.Second {
			t.Errorf("ended after %s, %v; want 20 s of 28", time.Since(start), err)
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
