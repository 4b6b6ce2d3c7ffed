package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"slipway/internal/cloud/sqs"
	"slipway/internal/event"
	"slipway/internal/run"
)

// Parcel is a message with what went wrong with it. Never holds what can never succeed, Later what may succeed when
// the message comes again.
type Parcel struct {
	Message event.Message
	Never   []error
	Later   []error
}

// Add sorts an error in; nil is none.
func (p *Parcel) Add(err error) {
	switch {
	case err == nil:
	case run.Retryable(err):
		p.Later = append(p.Later, err)
	default:
		p.Never = append(p.Never, err)
	}
}

// Fate is what becomes of a message.
type Fate string

// The fates of a message.
const (
	Done    Fate = "done"
	GoBack  Fate = "back"        // to its queue, to be tried again
	GivenUp Fate = "dead-letter" // to the dead-letter queue, with its reason
)

// Decide is the fate of a message. What may succeed later goes back first, even when a part of the message never can:
// so a message becomes one dead letter, not one each time. On the last receive but one it is given up, since SQS would
// do so after the last one without a reason. A message that only ran out of time goes back even then: nobody knows
// what is wrong with it.
func Decide(p Parcel, maxReceives int) Fate {
	switch {
	case len(p.Later)+len(p.Never) == 0:
		return Done
	case len(p.Later) == 0:
		return GivenUp
	case p.Message.Receives < maxReceives-1 || p.outOfTime():
		return GoBack
	}
	return GivenUp
}

func (p Parcel) outOfTime() bool {
	for _, err := range p.Later {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return true
		}
	}
	return false
}

// Letter is the dead letter of a message: the message as it was received, with the reason of what can never succeed,
// or else of what kept failing.
func Letter(function string, p Parcel) sqs.DeadLetter {
	problems := append(append([]error(nil), p.Never...), p.Later...)
	return sqs.DeadLetter{
		Body: p.Message.Body, Reason: run.ReasonOf(problems[0]), Detail: errors.Join(problems...).Error(), Function: function,
		MessageID: p.Message.ID, Receives: p.Message.Receives, FirstReceived: p.Message.FirstReceived,
	}
}

// Desk settles the messages of one function.
type Desk struct {
	Function    string
	MaxReceives int // the maxReceiveCount of the queue
	Send        func(context.Context, sqs.DeadLetter) error
	Log         *slog.Logger
}

// Settle sends the dead letters, and returns the fate of each parcel in their order. A dead letter that cannot be sent
// makes its message go back.
func (d Desk) Settle(ctx context.Context, parcels []Parcel) []Fate {
	fates := make([]Fate, len(parcels))
	var wait sync.WaitGroup
	for i, p := range parcels {
		wait.Go(func() { fates[i] = d.settle(ctx, p, Decide(p, d.MaxReceives)) })
	}
	wait.Wait()
	return fates
}

func (d Desk) settle(ctx context.Context, p Parcel, fate Fate) Fate {
	if fate == Done {
		return fate
	}
	letter := Letter(d.Function, p)
	if fate == GivenUp {
		if err := d.Send(ctx, letter); err != nil {
			d.Log.ErrorContext(ctx, "dead letter not sent", "messageId", p.Message.ID, "reason", letter.Reason, "error", err)
			return GoBack
		}
	}
	d.Log.WarnContext(ctx, "message not done", "messageId", p.Message.ID, "fate", fate, "reason", letter.Reason,
		"receives", p.Message.Receives, "error", letter.Detail)
	return fate
}

// SettleDirect settles the one message of an invocation that came through no queue. What may succeed later is an
// error: whoever invoked the function tries again. It reports whether a dead letter was sent.
func (d Desk) SettleDirect(ctx context.Context, p Parcel) (bool, error) {
	if len(p.Later) > 0 {
		return false, errors.Join(p.Later...)
	}
	if len(p.Never) == 0 {
		return false, nil
	}
	if d.settle(ctx, p, GivenUp) != GivenUp {
		return false, fmt.Errorf("send the dead letter of: %w", errors.Join(p.Never...))
	}
	return true, nil
}

// Answer is what Lambda wants of a function that reads a queue. A list that is null would fail the whole batch.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
type Answer struct {
	Failures []Failure `json:"batchItemFailures"`
}

// Failure names a message that goes back to its queue.
type Failure struct {
	ID string `json:"itemIdentifier"`
}

// AnswerTo is the answer for a batch.
func AnswerTo(parcels []Parcel, fates []Fate) Answer {
	a := Answer{Failures: []Failure{}}
	for i, p := range parcels {
		if fates[i] == GoBack {
			a.Failures = append(a.Failures, Failure{p.Message.ID})
		}
	}
	return a
}

// margin is the time that is kept for dead letters and the answer.
const margin = 2 * time.Second

// KeepMargin is a context that ends in time to send dead letters and to answer.
func KeepMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-margin))
}
