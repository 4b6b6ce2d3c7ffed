package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/local/internal/stack"
)

const (
	// burst is how many messages are sent: more than one task works off within a minute, for all that the scaler knows.
	burst  = 400
	atOnce = 10 // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
)

// sendBurst sends messages that take a worker two seconds each.
func sendBurst(ctx context.Context, r stack.Record) error {
	client := sqs.NewFromConfig(r.AWS())
	for i := 0; i < burst; i += atOnce {
		in := &sqs.SendMessageBatchInput{QueueUrl: aws.String(r.Outputs["WorkQueueUrl"])}
		for n := range atOnce {
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
				Id: aws.String(fmt.Sprintf("m%d", i+n)), MessageBody: aws.String(`{"work":"2s"}`),
			})
		}
		answer, err := client.SendMessageBatch(ctx, in)
		if err != nil {
			return fmt.Errorf("send messages to the work queue: %w", err)
		}
		if len(answer.Failed) > 0 {
			return fmt.Errorf("send messages to the work queue: %d refused", len(answer.Failed)) //nolint:err113 // for a person
		}
	}
	return nil
}
