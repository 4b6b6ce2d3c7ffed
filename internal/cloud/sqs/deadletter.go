package sqs

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/internal/cloud/refusal"
)

// DeadLetter is a message that can never succeed, or has failed too often.
type DeadLetter struct {
	Body          string    // as it was received, so that it can be sent again
	Reason        string    // a stable word
	Detail        string    // for a person
	Function      string    // which function gave it up
	MessageID     string    // of the message as it was received; empty for one that came in no message
	Receives      int       // how often it was received; zero: not known
	FirstReceived time.Time // zero: not known
}

// The names of the message attributes of a dead letter. A dead letter without them was moved by SQS itself, after the
// function crashed or ran out of time on it.
const (
	AttributeReason        = "Reason"
	AttributeDetail        = "Detail"
	AttributeFunction      = "Function"
	AttributeMessageID     = "MessageId"
	AttributeReceives      = "Receives"
	AttributeFirstReceived = "FirstReceived"
)

// maxAttribute is how many bytes of one attribute are sent: a message with all its attributes may have 256 KiB.
const maxAttribute = 1024

// SendDeadLetter puts a dead letter into a queue, with what is known about it as message attributes.
func (s *SQS) SendDeadLetter(ctx context.Context, queueURL string, d DeadLetter) error {
	attributes := map[string]string{
		AttributeReason: d.Reason, AttributeDetail: d.Detail, AttributeFunction: d.Function, AttributeMessageID: d.MessageID,
	}
	if d.Receives > 0 {
		attributes[AttributeReceives] = strconv.Itoa(d.Receives)
	}
	if !d.FirstReceived.IsZero() {
		attributes[AttributeFirstReceived] = d.FirstReceived.UTC().Format(time.RFC3339)
	}
	for name, value := range attributes {
		if attributes[name] = sendable(value); attributes[name] == "" {
			delete(attributes, name) // SQS refuses an attribute without a value
		}
	}
	return s.Send(ctx, queueURL, d.Body, attributes)
}

// sendable is text of which SQS takes every character, cut to maxAttribute bytes.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func sendable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r >= 0xFFFE && r <= 0xFFFF {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) <= maxAttribute {
		return s
	}
	n := maxAttribute
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Peek returns a message of a dead-letter queue and leaves it there for others to receive. It returns the empty letter
// when SQS shows none.
func (s *SQS) Peek(ctx context.Context, queueURL string) (DeadLetter, error) {
	out, err := s.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &queueURL, MaxNumberOfMessages: 1, VisibilityTimeout: 5, MessageAttributeNames: []string{"All"},
	})
	if err != nil || len(out.Messages) == 0 {
		return DeadLetter{}, refusal.Of("look into "+queueURL, err, permanent)
	}
	m := out.Messages[0]
	_, err = s.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &queueURL, ReceiptHandle: m.ReceiptHandle})
	if err != nil {
		return DeadLetter{}, refusal.Of("give back a message of "+queueURL, err, permanent)
	}
	attribute := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
	return DeadLetter{
		Body: aws.ToString(m.Body), Reason: attribute(AttributeReason), Detail: attribute(AttributeDetail),
		Function: attribute(AttributeFunction), MessageID: attribute(AttributeMessageID),
	}, nil
}
