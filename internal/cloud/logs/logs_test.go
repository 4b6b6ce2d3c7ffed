package logs_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"slipway/internal/cloud/logs"
	"slipway/internal/emulator"
	"slipway/internal/run"
)

func TestTail(t *testing.T) {
	cfg, url := emulator.Config(t)
	client := cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) { o.BaseEndpoint = url })
	group, stream := aws.String("/ecs/"+t.Name()), aws.String("task/main/0123")
	if _, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream}); err != nil {
		t.Fatal(err)
	}
	var events []types.InputLogEvent
	for k, line := range []string{"one", "two\nand a half\n", "three"} {
		events = append(events, types.InputLogEvent{Message: aws.String(line), Timestamp: aws.Int64(time.Now().UnixMilli() + int64(k))})
	}
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events}
	if _, err := client.PutLogEvents(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	l := logs.New(cfg, url)
	got, err := l.Tail(t.Context(), *group, *stream, 2)
	if want := []string{"two", "and a half", "three"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Tail = %q, %v, want %q", got, err, want)
	}
	if _, err := l.Tail(t.Context(), *group, "task/main/none", 2); err == nil || run.Retryable(err) || run.ReasonOf(err) != "no-such-log" {
		t.Errorf("a stream that is not there: %v", err)
	}
}
