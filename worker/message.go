package worker

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Message is one message of the queue.
type Message struct {
	ID       string
	Body     string
	Group    string    // of a FIFO queue, or of a fair queue; else empty
	Receives int       // how often it was received, this time included; zero when SQS did not say
	SentAt   time.Time // zero when SQS did not say
	Raw      types.Message
}

func messageOf(raw types.Message) Message {
	m := Message{ID: aws.ToString(raw.MessageId), Body: aws.ToString(raw.Body), Raw: raw}
	m.Group = raw.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]
	if n, err := strconv.Atoi(raw.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]); err == nil {
		m.Receives = n
	}
	if ms, err := strconv.ParseInt(raw.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		m.SentAt = time.UnixMilli(ms).UTC()
	}
	return m
}
