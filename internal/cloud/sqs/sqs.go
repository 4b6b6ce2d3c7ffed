package sqs

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/cloud/refusal"
	"slipway/internal/run"
)

// The IAM actions that each use of this package needs on the queue.
var (
	SendActions  = []string{"sqs:SendMessage"}
	DepthActions = []string{"sqs:GetQueueAttributes"}
	PeekActions  = []string{"sqs:ChangeMessageVisibility", "sqs:ReceiveMessage"}
)

// permanent are the codes that no retry can help.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
var permanent = refusal.Codes{
	"AWS.SimpleQueueService.NonExistentQueue": "no-such-queue",
	"QueueDoesNotExist":                       "no-such-queue",
	"InvalidMessageContents":                  "message-refused",
	"InvalidParameterValue":                   "message-refused", // among others, a message that is too large
	"InvalidAttributeName":                    "message-refused",
	"UnsupportedOperation":                    "message-refused",
}

// SQS is Amazon SQS in one region. It may be used by several goroutines at once.
type SQS struct {
	client *sqs.Client
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *SQS {
	return &SQS{sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = endpoint })}
}

// Send sends a message, with its attributes as text.
func (s *SQS) Send(ctx context.Context, queueURL, body string, attributes map[string]string) error {
	in := &sqs.SendMessageInput{QueueUrl: &queueURL, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{}}
	for name, value := range attributes {
		in.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	_, err := s.client.SendMessage(ctx, in)
	return refusal.Of("send a message to "+queueURL, err, permanent)
}

// Depth is how many messages a queue holds, as far as SQS knows: its counts are approximate.
type Depth struct {
	Visible  int // can be received
	InFlight int // have been received, and neither deleted nor given back
	Delayed  int // cannot be received yet
}

// Depth reads the counts of a queue. A count that SQS does not give, or that is no count, is an error.
func (s *SQS) Depth(ctx context.Context, queueURL string) (Depth, error) {
	names := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}
	out, err := s.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queueURL, AttributeNames: names})
	if err != nil {
		return Depth{}, refusal.Of("read the attributes of "+queueURL, err, permanent)
	}
	var d Depth
	for i, into := range []*int{&d.Visible, &d.InFlight, &d.Delayed} {
		if *into, err = count(out.Attributes, string(names[i])); err != nil {
			return Depth{}, &run.Error{Kind: run.Unavailable, Reason: "unknown-depth", Err: fmt.Errorf("read the attributes of %s: %w", queueURL, err)}
		}
	}
	return d, nil
}

func count(attributes map[string]string, name string) (int, error) {
	value, ok := attributes[name]
	if !ok {
		return 0, fmt.Errorf("there is no %s", name)
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is %q", name, value)
	}
	return n, nil
}
