package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"slipway/functions/internal/delivery"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// runs is the part of the orchestrator that settles runs.
type runs interface {
	Observe(ctx context.Context, t run.Task) error
	Flush(ctx context.Context) error
}

// function is the name of this function in logs, metrics and dead letters.
const function = "lifecycle-notifier"

type handler struct {
	runs    runs
	desk    delivery.Desk
	metrics *telemetry.Metrics
	log     *slog.Logger
}

func newHandler(r runs, env config.Environment, queue *sqs.SQS, log *slog.Logger) *handler {
	bury := func(ctx context.Context, d sqs.DeadLetter) error {
		return queue.SendDeadLetter(ctx, env.LifecycleDeadLetterQueueURL, d)
	}
	return &handler{
		runs: r, log: log, metrics: telemetry.NewMetrics(os.Stdout, env.Stack, time.Now),
		desk: delivery.Desk{Function: function, MaxReceives: env.MaxReceives, Send: bury, Log: log},
	}
}

// watched are the services whose failing tasks somebody is told of: those that a scaler follows.
func watched(scalers []config.Scaler) []orchestrator.Service {
	var out []orchestrator.Service
	for _, s := range scalers {
		out = append(out, orchestrator.Service{Cluster: s.Cluster, Name: s.Service})
	}
	return out
}

// work is what one message tells of. Task is nil when it is no task's change.
type work struct {
	delivery.Parcel
	task    *run.Task
	ignored bool // an event of a kind that is not handled
}

// answer is what a direct invocation gets.
type answer struct {
	Observed    int  `json:"observed"` // task changes taken in
	Ignored     int  `json:"ignored"`  // events that nobody handles
	DeadLetters int  `json:"deadLetters,omitempty"`
	Flushed     bool `json:"flushed,omitempty"` // a tick: what was owed has been done
}

// handle takes a batch of the lifecycle queue, one event, or a tick.
func (h *handler) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	messages, batched := event.Batch(payload)
	if batched {
		return h.batch(ctx, messages), nil
	}
	if _, tick := event.ParseTick(payload); tick {
		if err := h.flush(ctx); err != nil {
			return nil, err
		}
		return answer{Flushed: true}, nil
	}
	return h.direct(ctx, event.Message{Body: string(payload)})
}

func (h *handler) flush(ctx context.Context) error {
	err := h.runs.Flush(ctx)
	h.metrics.Emit("Function", function, map[telemetry.Metric]int{telemetry.Ticks: 1})
	if err != nil {
		h.log.ErrorContext(ctx, "not everything owed was done", "error", err)
	}
	return err
}

func (h *handler) batch(ctx context.Context, messages []event.Message) delivery.Answer {
	all := make([]*work, len(messages))
	for i, m := range messages {
		all[i] = read(m)
	}
	h.act(ctx, all)
	parcels := make([]delivery.Parcel, len(all))
	for i, w := range all {
		parcels[i] = w.Parcel
	}
	fates := h.desk.Settle(ctx, parcels)
	h.report(ctx, all, fates)
	return delivery.AnswerTo(parcels, fates)
}

func (h *handler) direct(ctx context.Context, m event.Message) (any, error) {
	w := read(m)
	h.act(ctx, []*work{w})
	buried, err := h.desk.SettleDirect(ctx, w.Parcel)
	fate, out := delivery.Done, answer{}
	if buried {
		fate, out.DeadLetters = delivery.GivenUp, 1
	}
	h.report(ctx, []*work{w}, []delivery.Fate{fate})
	if err != nil {
		return nil, err
	}
	if w.task != nil {
		out.Observed = 1
	}
	if w.ignored {
		out.Ignored = 1
	}
	return out, nil
}

// read decodes a message and decides what it tells of.
func read(m event.Message) *work {
	w := &work{Parcel: delivery.Parcel{Message: m}}
	e, err := event.Decode([]byte(m.Body))
	if err != nil {
		w.Add(err)
		return w
	}
	if change, ok := e.(event.TaskChange); ok {
		w.task = &change.Task
		return w
	}
	w.ignored = true
	return w
}

// act lets the orchestrator take in every task's changes: those of one task in the order of their versions, those of
// different tasks at once. It stops in time to answer.
func (h *handler) act(ctx context.Context, all []*work) {
	ctx, cancel := delivery.KeepMargin(ctx)
	defer cancel()
	byTask := map[string][]*work{}
	for _, w := range all {
		if w.task != nil {
			byTask[w.task.ARN] = append(byTask[w.task.ARN], w)
		}
	}
	var wait sync.WaitGroup
	for _, changes := range byTask {
		slices.SortStableFunc(changes, func(a, b *work) int { return cmp.Compare(a.task.Version, b.task.Version) })
		wait.Go(func() {
			for _, w := range changes {
				w.Add(h.runs.Observe(ctx, *w.task))
			}
		})
	}
	wait.Wait()
}

// report logs one line about the messages and counts what became of them.
func (h *handler) report(ctx context.Context, all []*work, fates []delivery.Fate) {
	counts := map[telemetry.Metric]int{}
	for i, w := range all {
		switch {
		case fates[i] == delivery.GoBack:
			counts[telemetry.EventsReturned]++
		case fates[i] == delivery.GivenUp:
			counts[telemetry.DeadLetters]++
		case w.ignored:
			counts[telemetry.EventsIgnored]++
		default:
			counts[telemetry.TasksObserved]++
		}
	}
	h.metrics.Emit("Function", function, counts)
	h.log.InfoContext(ctx, "messages handled", "messages", len(all), "tasks", counts[telemetry.TasksObserved],
		"ignored", counts[telemetry.EventsIgnored], "returned", counts[telemetry.EventsReturned], "deadLetters", counts[telemetry.DeadLetters])
}
