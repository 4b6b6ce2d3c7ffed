package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/cloud/refusal"
)

// RedriveActions are the IAM actions for whoever reads dead letters and sends them back: the command line, no function.
var RedriveActions = []string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"}

// Received is a message that was received and not deleted yet. Handle is for this receive alone.
type Received struct {
	ID         string
	Handle     string
	Body       string
	Attributes map[string]string // of the message, as text
	SentAt     time.Time
}

// atOnce is how many messages SQS takes or gives in one call.
const atOnce = 10

// Receive receives up to ten messages, and waits so many seconds for the first: SQS asks all its servers only then.
// Others do not see the messages until the time of hidden has passed, or Release gives them back.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func (s *SQS) Receive(ctx context.Context, queueURL string, hidden, wait time.Duration) ([]Received, error) {
	out, err := s.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &queueURL, MaxNumberOfMessages: atOnce, VisibilityTimeout: int32(hidden / time.Second), //nolint:gosec // a few minutes
		WaitTimeSeconds:             int32(wait / time.Second), //nolint:gosec // a few seconds
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
	})
	if err != nil {
		return nil, refusal.Of("receive messages of "+queueURL, err, permanent)
	}
	var received []Received
	for _, m := range out.Messages {
		r := Received{ID: aws.ToString(m.MessageId), Handle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body), Attributes: map[string]string{}}
		for name, a := range m.MessageAttributes {
			r.Attributes[name] = aws.ToString(a.StringValue)
		}
		if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
			r.SentAt = time.UnixMilli(ms).UTC()
		}
		received = append(received, r)
	}
	return received, nil
}

// Release gives messages back, so that others see them at once. One that cannot be given back is seen when its time is
// over.
func (s *SQS) Release(ctx context.Context, queueURL string, handles []string) error {
	var problems []error
	for part := range slices.Chunk(handles, atOnce) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &queueURL}
		for i, handle := range part {
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &handle})
		}
		out, err := s.client.ChangeMessageVisibilityBatch(ctx, in)
		if err != nil {
			problems = append(problems, refusal.Of("give messages back to "+queueURL, err, permanent))
			continue
		}
		for _, f := range out.Failed {
			problems = append(problems, fmt.Errorf("give a message back to %s: %s: %s", queueURL, aws.ToString(f.Code), aws.ToString(f.Message)))
		}
	}
	return errors.Join(problems...)
}

// Delete deletes a message that was received.
func (s *SQS) Delete(ctx context.Context, queueURL, handle string) error {
	_, err := s.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &queueURL, ReceiptHandle: &handle})
	return refusal.Of("delete a message of "+queueURL, err, permanent)
}
