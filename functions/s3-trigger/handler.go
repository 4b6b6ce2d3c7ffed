package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"sync"
	"time"

	"slipway/functions/internal/delivery"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/match"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// runs is the part of the orchestrator that starts runs.
type runs interface {
	Admit(ctx context.Context, wants []orchestrator.Want) []orchestrator.Admission
	LaunchQueued(ctx context.Context, job string) error
}

// function is the name of this function in logs, metrics and dead letters.
const function = "s3-trigger"

// instances is how many of this function run at once: the MaximumConcurrency of its event source in template.yaml.
// With the function scheduler as one more they share the quota of RunTask.
const instances = 4

type handler struct {
	jobs    []run.Job
	runs    runs
	desk    delivery.Desk
	metrics *telemetry.Metrics
	log     *slog.Logger
}

func newHandler(jobs []run.Job, r runs, env config.Environment, queue *sqs.SQS, log *slog.Logger) *handler {
	bury := func(ctx context.Context, d sqs.DeadLetter) error {
		return queue.SendDeadLetter(ctx, env.LaunchDeadLetterQueueURL, d)
	}
	return &handler{
		jobs: jobs, runs: r, log: log, metrics: telemetry.NewMetrics(os.Stdout, env.Stack, time.Now),
		desk: delivery.Desk{Function: function, MaxReceives: env.MaxReceives, Send: bury, Log: log},
	}
}

// work is what one message asks for, and what became of it.
type work struct {
	delivery.Parcel
	wants     []orchestrator.Want
	nudge     string // a job whose queued runs can be launched
	unmatched int    // objects that no job wants
	ignored   int    // events of a kind that is not handled
	admitted  []orchestrator.Admission
}

// answer is what a direct invocation gets.
type answer struct {
	Runs        []startedRun `json:"runs"`
	Ignored     int          `json:"ignored"` // events and objects that nobody wants
	DeadLetters int          `json:"deadLetters,omitempty"`
}

type startedRun struct {
	ID     run.ID              `json:"id"`
	Job    string              `json:"job"`
	Result orchestrator.Result `json:"result"`
}

// handle takes a batch of the launch queue, or one event.
func (h *handler) handle(ctx context.Context, payload json.RawMessage) (any, error) {
	messages, batched := event.Batch(payload)
	if !batched {
		messages = []event.Message{{Body: string(payload)}}
	}
	all := make([]*work, len(messages))
	for i, m := range messages {
		all[i] = h.read(m)
	}
	h.act(ctx, all)
	if !batched {
		return h.answerDirect(ctx, all[0])
	}
	parcels := make([]delivery.Parcel, len(all))
	for i, w := range all {
		parcels[i] = w.Parcel
	}
	fates := h.desk.Settle(ctx, parcels)
	h.report(ctx, all, fates)
	return delivery.AnswerTo(parcels, fates), nil
}

// read decodes a message and decides what it asks for.
func (h *handler) read(m event.Message) *work {
	w := &work{Parcel: delivery.Parcel{Message: m}}
	e, err := event.Decode([]byte(m.Body))
	if err != nil {
		w.Add(err)
		return w
	}
	switch e := e.(type) {
	case event.Objects:
		w.ignored = e.Ignored
		for _, err := range e.Bad {
			w.Add(err)
		}
		for _, c := range e.Created {
			h.match(w, c)
		}
	case event.Nudge:
		w.nudge = e.Job
	default:
		w.ignored = 1
	}
	return w
}

// match adds a want for each job that a created object is for.
func (h *handler) match(w *work, c event.Created) {
	wanted := false
	for _, v := range match.Match(h.jobs, c.Object) {
		if v.Matched {
			wanted = true
			w.wants = append(w.wants, orchestrator.Want{Job: v.Job, Trigger: run.ByObject, Input: run.Input{Object: &c.Object}, At: c.At})
		}
	}
	if !wanted {
		w.unmatched++
	}
}

// act admits what all messages want at once, beside the nudges, and stops in time to answer.
func (h *handler) act(ctx context.Context, all []*work) {
	ctx, cancel := delivery.KeepMargin(ctx)
	defer cancel()
	nudged := map[string][]*work{}
	for _, w := range all {
		if w.nudge != "" {
			nudged[w.nudge] = append(nudged[w.nudge], w)
		}
	}
	var wait sync.WaitGroup
	for job, messages := range nudged {
		wait.Go(func() {
			err := h.runs.LaunchQueued(ctx, job)
			for _, w := range messages {
				w.Add(err)
			}
		})
	}
	h.admit(ctx, all)
	wait.Wait()
}

func (h *handler) admit(ctx context.Context, all []*work) {
	var wants []orchestrator.Want
	var asked []*work // the message of each want
	for _, w := range all {
		for _, want := range w.wants {
			wants, asked = append(wants, want), append(asked, w)
		}
	}
	if len(wants) == 0 {
		return
	}
	for i, a := range h.runs.Admit(ctx, wants) {
		if a.Err == nil {
			asked[i].admitted = append(asked[i].admitted, a)
		}
		asked[i].Add(a.Err)
	}
}

func (h *handler) answerDirect(ctx context.Context, w *work) (any, error) {
	buried, err := h.desk.SettleDirect(ctx, w.Parcel)
	out := answer{Runs: []startedRun{}, Ignored: w.ignored + w.unmatched}
	for _, a := range w.admitted {
		out.Runs = append(out.Runs, startedRun{a.ID, a.Job, a.Result})
	}
	fate := delivery.Done
	if buried {
		out.DeadLetters, fate = 1, delivery.GivenUp
	}
	h.report(ctx, []*work{w}, []delivery.Fate{fate})
	if err != nil {
		return nil, err
	}
	return out, nil
}
