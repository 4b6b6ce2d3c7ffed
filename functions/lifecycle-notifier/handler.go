package main

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"slipway/functions/internal/delivery"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// runs is the part of the orchestrator that settles runs.
type runs interface {
	Observe(ctx context.Context, t run.Task) error
	ObserveService(ctx context.Context, a event.ServiceAction) error
	ObserveDeployment(ctx context.Context, d event.DeploymentChange) error
	Resend(ctx context.Context, u event.Unsent) error
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

func newHandler(r runs, env config.Environment, queue *sqs.SQS, metrics *telemetry.Metrics, log *slog.Logger) *handler {
	bury := func(ctx context.Context, d sqs.DeadLetter) error {
		return queue.SendDeadLetter(ctx, env.LifecycleDeadLetterQueueURL, d)
	}
	return &handler{
		runs: r, log: log, metrics: metrics,
		desk: delivery.Desk{Function: function, MaxReceives: env.MaxReceives, Send: bury, Log: log},
	}
}

// work is what one message tells of. Of is what it is about: what is of the same is taken in in order.
type work struct {
	delivery.Parcel
	of      string
	order   int64
	do      func(context.Context) error
	ignored bool // an event of a kind that is not handled
	foreign bool // an event of another account
}

// answer is what a direct invocation gets.
type answer struct {
	Observed    int  `json:"observed"` // changes of tasks, services and deployments taken in
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
	h.metrics.Emit(function, map[telemetry.Metric]int{telemetry.Ticks: 1})
	if err != nil {
		h.log.ErrorContext(ctx, "not everything owed was done", "error", err)
	}
	return err
}

func (h *handler) batch(ctx context.Context, messages []event.Message) delivery.Answer {
	all := make([]*work, len(messages))
	for i, m := range messages {
		all[i] = h.read(ctx, m)
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
	w := h.read(ctx, m)
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
	if w.do != nil {
		out.Observed = 1
	}
	if w.ignored || w.foreign {
		out.Ignored = 1
	}
	return out, nil
}

// read decodes a message and decides what it tells of.
func (h *handler) read(ctx context.Context, m event.Message) *work {
	w := &work{Parcel: delivery.Parcel{Message: m}}
	e, err := event.Decode([]byte(m.Body))
	if err != nil {
		w.Add(err)
		return w
	}
	account := ""
	switch e := e.(type) {
	case event.TaskChange:
		account = event.AccountOf(e.Task.Cluster)
		w.of, w.order, w.do = e.Task.ARN, e.Task.Version, func(ctx context.Context) error { return h.runs.Observe(ctx, e.Task) }
	case event.ServiceAction:
		account = event.AccountOf(e.Cluster)
		w.of, w.order, w.do = e.Service, e.At.UnixNano(), func(ctx context.Context) error { return h.runs.ObserveService(ctx, e) }
	case event.DeploymentChange:
		account = event.AccountOf(e.Service)
		w.of, w.order, w.do = e.Service, e.At.UnixNano(), func(ctx context.Context) error { return h.runs.ObserveDeployment(ctx, e) }
	case event.Unsent:
		w.of, w.do = e.Incident, func(ctx context.Context) error { return h.runs.Resend(ctx, e) }
	default:
		w.ignored = true
	}
	if own := ownAccount(ctx); own != "" && account != "" && account != own {
		w.foreign, w.do = true, nil
	}
	return w
}

// stand-ins are the accounts that the SAM CLI, emulators and AWS's documentation write where there is none.
var standIns = []string{"000000000000", "012345678912", "111122223333", "123456789012"}

// ownAccount is the account that the function runs in, or empty when nobody says: off AWS a function has the account of
// whatever runs it, and the events have theirs.
func ownAccount(ctx context.Context) string {
	c, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return ""
	}
	own := event.AccountOf(c.InvokedFunctionArn)
	if slices.Contains(standIns, own) {
		return ""
	}
	return own
}

// act lets the orchestrator take in every change: those of one task or service in their order, those of different ones
// at once. It stops in time to answer.
func (h *handler) act(ctx context.Context, all []*work) {
	ctx, cancel := delivery.KeepMargin(ctx)
	defer cancel()
	by := map[string][]*work{}
	for _, w := range all {
		if w.do != nil {
			by[w.of] = append(by[w.of], w)
		}
	}
	var wait sync.WaitGroup
	for _, changes := range by {
		slices.SortStableFunc(changes, func(a, b *work) int { return cmp.Compare(a.order, b.order) })
		wait.Go(func() {
			for _, w := range changes {
				w.Add(w.do(ctx))
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
		case w.foreign:
			counts[telemetry.EventsForeign]++
		case w.ignored:
			counts[telemetry.EventsIgnored]++
		default:
			counts[telemetry.TasksObserved]++
		}
	}
	h.metrics.Emit(function, counts)
	h.log.InfoContext(ctx, "messages handled", "messages", len(all), "observed", counts[telemetry.TasksObserved],
		"ignored", counts[telemetry.EventsIgnored], "foreign", counts[telemetry.EventsForeign],
		"returned", counts[telemetry.EventsReturned], "deadLetters", counts[telemetry.DeadLetters])
}
