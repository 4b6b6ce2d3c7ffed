package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/cloud/refusal"
)

// LookActions are the IAM actions of a person who looks what is wrong: of no function.
var LookActions = []string{"sqs:GetQueueAttributes", "sqs:GetQueueUrl"}

// Queue is how a queue is set up.
type Queue struct {
	Visibility  time.Duration
	DeadLetters string // the ARN of its dead-letter queue; empty: it has none
}

// Queue reads how a queue is set up. Found is false when there is none.
func (s *SQS) Queue(ctx context.Context, queueURL string) (q Queue, found bool, err error) {
	names := []types.QueueAttributeName{types.QueueAttributeNameVisibilityTimeout, types.QueueAttributeNameRedrivePolicy}
	out, err := s.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queueURL, AttributeNames: names})
	var gone *types.QueueDoesNotExist
	if errors.As(err, &gone) {
		return q, false, nil
	}
	if err != nil {
		return q, false, refusal.Of("read the attributes of "+queueURL, err, permanent)
	}
	seconds, err := strconv.Atoi(out.Attributes[string(types.QueueAttributeNameVisibilityTimeout)])
	if err != nil {
		return q, false, fmt.Errorf("read the attributes of %s: its visibility timeout is no number", queueURL) //nolint:err113 // for a person
	}
	q.Visibility = time.Duration(seconds) * time.Second
	if text := out.Attributes[string(types.QueueAttributeNameRedrivePolicy)]; text != "" {
		var policy struct{ DeadLetterTargetArn string }
		if err := json.Unmarshal([]byte(text), &policy); err != nil {
			return q, false, fmt.Errorf("read the redrive policy of %s: %w", queueURL, err)
		}
		q.DeadLetters = policy.DeadLetterTargetArn
	}
	return q, true, nil
}

// URL is the URL of a queue by name, as SQS knows it.
func (s *SQS) URL(ctx context.Context, name, account string) (string, error) {
	out, err := s.client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name, QueueOwnerAWSAccountId: &account})
	if err != nil {
		return "", refusal.Of("find queue "+name, err, permanent)
	}
	return aws.ToString(out.QueueUrl), nil
}
