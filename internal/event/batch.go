package event

import (
	"encoding/json"
	"time"
)

// Message is one message of an SQS batch.
type Message struct {
	ID   string
	Body string
	// Receives is how often the message has been received, this time included; zero when the batch does not say.
	Receives int
	// FirstReceived is when that was for the first time; zero when the batch does not say.
	FirstReceived time.Time
}

type sqsRecord struct {
	Source     text   `json:"eventSource"`
	MessageID  string `json:"messageId"`
	Body       string `json:"body"`
	Attributes struct {
		Receives      integer `json:"ApproximateReceiveCount"`
		FirstReceived instant `json:"ApproximateFirstReceiveTimestamp"`
	} `json:"attributes"`
}

const sqsSource = "aws:sqs"

// Batch returns the messages of an SQS batch. It returns false when the payload is something else.
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
func Batch(payload []byte) ([]Message, bool) {
	var batch struct {
		Records []sqsRecord `json:"Records"`
	}
	if err := json.Unmarshal(payload, &batch); err != nil || len(batch.Records) == 0 {
		return nil, false
	}
	messages := make([]Message, 0, len(batch.Records))
	for _, r := range batch.Records {
		if r.Source != sqsSource || r.MessageID == "" {
			return nil, false // not an answerable batch: without its ID a message cannot be given back
		}
		messages = append(messages, Message{
			ID: r.MessageID, Body: r.Body,
			Receives: int(r.Attributes.Receives.orZero()), FirstReceived: time.Time(r.Attributes.FirstReceived),
		})
	}
	return messages, true
}
