package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"slipway/internal/cloud/ecs"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// queues tells how much there is to do.
type queues interface {
	Depth(ctx context.Context, queueURL string) (sqs.Depth, error)
}

// services is where the work is done.
type services interface {
	Service(ctx context.Context, cluster, name string) (ecs.Service, error)
	SetDesired(ctx context.Context, cluster, name string, n int) error
}

// leases lets one of many follow a service at a time.
type leases interface {
	Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error)
	Release(ctx context.Context, name, holder string) error
}

// memories keep what a scaler remembers from one minute to the next.
type memories interface {
	Scaler(ctx context.Context, name string) (run.ScalerState, error)
	SaveScaler(ctx context.Context, s run.ScalerState) (run.ScalerState, error)
}

// function is the name of this function in logs and leases.
const function = "sqs-scaler"

const (
	// every is how long the function waits between two looks while there is work.
	every = 5 * time.Second
	// window is how long one tick goes on looking: the next one comes after a minute.
	window = 55 * time.Second
	// margin is what one look may take: none begins later than this before the end of the invocation.
	margin = 3 * time.Second
)

type handler struct {
	scalers  []config.Scaler
	leases   leases
	memories memories
	queues   queues
	services services
	metrics  *telemetry.Metrics
	log      *slog.Logger
}

// answer tells of each scaler, in the order of the configuration.
type answer struct {
	Scalers []followed `json:"scalers"`
}

// followed is what became of one scaler: its last desired count, and how often it was looked at. Busy says that another
// invocation follows it.
type followed struct {
	Name    string `json:"name"`
	Desired int    `json:"desired"`
	Reason  string `json:"reason,omitempty"`
	Looks   int    `json:"looks"`
	Changes int    `json:"changes"`
	Busy    bool   `json:"busy,omitempty"`
	Error   string `json:"error,omitempty"`
}

// handle follows every scaler at once, until each of them is at rest or the minute is over. It fails when the last look
// at one of them failed, after all others have been followed.
func (h *handler) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	if _, ok := event.ParseTick(payload); !ok {
		return nil, errors.New("read the payload: it is not a tick")
	}
	until := time.Now().Add(window)
	if deadline, bounded := ctx.Deadline(); bounded && deadline.Add(-margin).Before(until) {
		until = deadline.Add(-margin)
	}
	out := answer{Scalers: make([]followed, len(h.scalers))}
	problems := make([]error, len(h.scalers))
	var wait sync.WaitGroup
	for i, s := range h.scalers {
		wait.Go(func() { out.Scalers[i], problems[i] = h.follow(ctx, s, until) })
	}
	wait.Wait()
	return out, errors.Join(problems...)
}

// follow looks at a scaler, again and again while there is work, until the given time.
func (h *handler) follow(ctx context.Context, s config.Scaler, until time.Time) (followed, error) {
	f := followed{Name: s.Name}
	lease, holder := function+"/"+s.Name, rand.Text()
	got, err := h.leases.Acquire(ctx, lease, holder, time.Now(), time.Until(until)+margin)
	if err != nil {
		return f, h.failed(ctx, &f, fmt.Errorf("take the lease of scaler %s: %w", s.Name, err))
	}
	if !got {
		f.Busy = true
		h.log.InfoContext(ctx, "another invocation follows the scaler", "scaler", s.Name)
		return f, nil
	}
	defer func() {
		if err := h.leases.Release(ctx, lease, holder); err != nil {
			h.log.WarnContext(ctx, "lease not released", "scaler", s.Name, "error", err) // it expires by itself
		}
	}()
	m := h.recall(ctx, s.Name)
	err = h.keepLooking(ctx, s, &f, m, until)
	h.store(ctx, m)
	return f, err
}

// keepLooking ends when the scaler is at rest or the time is over. A look that failed is repeated, unless no repetition
// can help; the error is that of the last one.
func (h *handler) keepLooking(ctx context.Context, s config.Scaler, f *followed, m *memory, until time.Time) error {
	for {
		rest, err := h.look(ctx, s, f, m)
		if err != nil {
			err = h.failed(ctx, f, err)
		}
		if err == nil && rest || err != nil && !run.Retryable(err) || !sleep(ctx, every, until) {
			return err
		}
		f.Error = ""
	}
}

func (h *handler) failed(ctx context.Context, f *followed, err error) error {
	f.Error = err.Error()
	h.log.ErrorContext(ctx, "scaler not followed", "scaler", f.Name, "error", err)
	return err
}

// sleep waits, and reports false at once when the wait would end after the given time, or when the context ends.
func sleep(ctx context.Context, d time.Duration, until time.Time) bool {
	if time.Until(until) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
