package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"slipway/functions/internal/delivery"
	"slipway/internal/cloud/sqs"
	"slipway/internal/event"
	"slipway/internal/run"
)

var (
	never      = run.Never("key-encoding", errors.New("bad key"))
	later      = &run.Error{Kind: run.Unavailable, Reason: "ThrottlingException", Err: errors.New("slow down")}
	errTooLate = fmt.Errorf("claim: %w", context.DeadlineExceeded)
)

func parcel(id string, receives int, problems ...error) delivery.Parcel {
	p := delivery.Parcel{Message: event.Message{ID: id, Body: "body of " + id, Receives: receives}}
	for _, err := range problems {
		p.Add(err)
	}
	return p
}

func TestDecide(t *testing.T) {
	const maxReceives = 5
	for name, tc := range map[string]struct {
		parcel delivery.Parcel
		want   delivery.Fate
	}{
		"nothing wrong is done":                           {parcel("m", 1, nil), delivery.Done},
		"nothing wrong is done at last":                   {parcel("m", 9), delivery.Done},
		"what never can is given up at once":              {parcel("m", 1, never), delivery.GivenUp},
		"what may later goes back":                        {parcel("m", 3, later), delivery.GoBack},
		"an error that nobody decided on goes back":       {parcel("m", 1, errors.New("?")), delivery.GoBack},
		"both go back, to become one dead letter":         {parcel("m", 1, never, later), delivery.GoBack},
		"given up on the last receive but one":            {parcel("m", 4, later), delivery.GivenUp},
		"given up on the last receive":                    {parcel("m", 5, later), delivery.GivenUp},
		"both are given up on the last receive but one":   {parcel("m", 4, later, never), delivery.GivenUp},
		"what ran out of time goes back on the last one":  {parcel("m", 4, errTooLate), delivery.GoBack},
		"a batch that does not say how often it was read": {parcel("m", 0, later), delivery.GoBack},
	} {
		t.Run(name, func(t *testing.T) {
			if got := delivery.Decide(tc.parcel, maxReceives); got != tc.want {
				t.Errorf("fate = %s, want %s", got, tc.want)
			}
		})
	}
}

func TestSettleSendsWhatIsGivenUp(t *testing.T) {
	sent := make(chan sqs.DeadLetter, 9)
	desk := delivery.Desk{Function: "f", MaxReceives: 3, Log: slog.New(slog.DiscardHandler), Send: func(_ context.Context, d sqs.DeadLetter) error {
		if d.MessageID == "unsendable" {
			return errors.New("the queue is away")
		}
		sent <- d
		return nil
	}}
	parcels := []delivery.Parcel{parcel("good", 1), parcel("bad", 1, never), parcel("unsendable", 1, never), parcel("slow", 1, later)}
	parcels[1].Message.FirstReceived = time.Unix(1, 0)
	fates := desk.Settle(t.Context(), parcels)
	answer, err := json.Marshal(delivery.AnswerTo(parcels, fates))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"batchItemFailures":[{"itemIdentifier":"unsendable"},{"itemIdentifier":"slow"}]}`; string(answer) != want {
		t.Errorf("answer = %s, want %s", answer, want)
	}
	close(sent)
	want := sqs.DeadLetter{
		Body: "body of bad", Reason: "key-encoding", Detail: "bad key", Function: "f", MessageID: "bad", Receives: 1, FirstReceived: time.Unix(1, 0),
	}
	if got := <-sent; got != want {
		t.Errorf("dead letter = %+v, want %+v", got, want)
	}
	if more, open := <-sent; open {
		t.Errorf("another dead letter: %+v", more)
	}
}

func TestTheAnswerIsNeverNull(t *testing.T) {
	got, err := json.Marshal(delivery.AnswerTo(nil, nil))
	if want := `{"batchItemFailures":[]}`; err != nil || string(got) != want {
		t.Errorf("answer = %s, %v, want %s", got, err, want)
	}
}

func TestSettleDirect(t *testing.T) {
	sendable := delivery.Desk{Log: slog.New(slog.DiscardHandler), Send: func(context.Context, sqs.DeadLetter) error { return nil }}
	unsendable := sendable
	unsendable.Send = func(context.Context, sqs.DeadLetter) error { return errors.New("the queue is away") }
	for name, tc := range map[string]struct {
		desk   delivery.Desk
		parcel delivery.Parcel
		buried bool
		fails  bool
	}{
		"nothing wrong": {sendable, parcel("", 0), false, false},
		"what may later is the caller's to repeat": {sendable, parcel("", 0, later, never), false, true},
		"what never can is a dead letter":          {sendable, parcel("", 0, never), true, false},
		"a dead letter that cannot be sent":        {unsendable, parcel("", 0, never), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			buried, err := tc.desk.SettleDirect(t.Context(), tc.parcel)
			if buried != tc.buried || (err != nil) != tc.fails {
				t.Errorf("SettleDirect = %v, %v", buried, err)
			}
		})
	}
}
