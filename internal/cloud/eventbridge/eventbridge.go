package eventbridge

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"slipway/internal/cloud/refusal"
)

// Actions are the IAM actions that this package needs on the default event bus.
var Actions = []string{"events:PutEvents"}

// permanent are the codes that no retry can help, of the call and of an entry.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
var permanent = refusal.Codes{
	"InvalidArgument":                     "event-refused",
	"MalformedDetail":                     "event-refused",
	"NotAuthorizedForSourceException":     "event-refused",
	"NotAuthorizedForDetailTypeException": "event-refused",
	"ValidationException":                 "event-refused",
	"ResourceNotFoundException":           "no-such-bus",
}

// EventBridge is the default event bus in one region. It may be used by several goroutines at once.
type EventBridge struct {
	client *eventbridge.Client
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *EventBridge {
	return &EventBridge{eventbridge.NewFromConfig(cfg, func(o *eventbridge.Options) { o.BaseEndpoint = endpoint })}
}

// Entry is one event. Detail is a JSON object.
type Entry struct {
	Source     string
	DetailType string
	Detail     string
	Resources  []string // ARNs
}

// Put puts one event on the bus.
func (e *EventBridge) Put(ctx context.Context, entry Entry) error {
	out, err := e.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		Source: &entry.Source, DetailType: &entry.DetailType, Detail: &entry.Detail, Resources: entry.Resources,
	}}})
	if err == nil {
		err = refused(out)
	}
	return refusal.Of("put the event "+entry.DetailType, err, permanent)
}

// refused is why the entry was not taken, or nil.
func refused(out *eventbridge.PutEventsOutput) error {
	for _, entry := range out.Entries {
		if code := aws.ToString(entry.ErrorCode); code != "" {
			return &smithy.GenericAPIError{Code: code, Message: aws.ToString(entry.ErrorMessage)}
		}
	}
	if out.FailedEntryCount > 0 || len(out.Entries) != 1 {
		return &smithy.GenericAPIError{
			Code: "InternalFailure", Message: fmt.Sprintf("%d entries failed, %d were answered", out.FailedEntryCount, len(out.Entries)),
		}
	}
	return nil
}
