package logs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"slipway/internal/cloud/refusal"
)

// Actions are the IAM actions that this package needs on the streams of a log group.
var Actions = []string{"logs:GetLogEvents"}

// permanent are the codes that no retry can help.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
var permanent = refusal.Codes{
	"ResourceNotFoundException": "no-such-log",
	"AccessDeniedException":     "log-denied",
	"InvalidParameterException": "log-refused",
}

// Logs is CloudWatch Logs in one region. It may be used by several goroutines at once.
type Logs struct {
	client *cloudwatchlogs.Client
}

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *Logs {
	return &Logs{cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) { o.BaseEndpoint = endpoint })}
}

// Tail returns the last lines of a stream, at most that many events.
func (l *Logs) Tail(ctx context.Context, group, stream string, events int) ([]string, error) {
	out, err := l.client.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream, StartFromHead: aws.Bool(false),
		Limit: aws.Int32(int32(events)), //nolint:gosec // slipway.yaml bounds it
	})
	if err != nil {
		return nil, refusal.Of("read the log "+group+" "+stream, err, permanent)
	}
	var lines []string
	for _, e := range out.Events {
		for line := range strings.Lines(aws.ToString(e.Message)) {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	return lines, nil
}
