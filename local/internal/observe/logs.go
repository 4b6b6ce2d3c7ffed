package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// Line is one line of a function's log.
type Line struct {
	At     time.Time
	Text   string
	Fields map[string]any // of a JSON line
}

// Logs returns the lines that a function, by its name in the template, has written since a time.
func (o *Observer) Logs(ctx context.Context, function string, since time.Time) ([]Line, error) {
	group, err := o.logGroup(ctx, function)
	if err != nil {
		return nil, err
	}
	client := cloudwatchlogs.NewFromConfig(o.Record.AWS())
	var lines []Line
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(client, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &group, StartTime: aws.Int64(since.UnixMilli()),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the log of %s: %w", function, err)
		}
		for _, e := range page.Events {
			for text := range strings.Lines(aws.ToString(e.Message)) {
				lines = append(lines, lineOf(time.UnixMilli(aws.ToInt64(e.Timestamp)), text))
			}
		}
	}
	return lines, nil
}

// logGroup is the group that the template makes for the function, else the one that Lambda does.
func (o *Observer) logGroup(ctx context.Context, function string) (string, error) {
	all, err := o.Record.Resources(ctx)
	if err != nil {
		return "", err
	}
	name := strings.TrimSuffix(function, "Function")
	var physical string
	for _, s := range all {
		if s.Type == "AWS::Logs::LogGroup" && strings.HasPrefix(s.LogicalID, name) {
			return s.PhysicalID, nil
		}
		if s.LogicalID == function {
			physical = s.PhysicalID
		}
	}
	return "/aws/lambda/" + physical, nil
}

func lineOf(at time.Time, text string) Line {
	l := Line{At: at, Text: strings.TrimSpace(text)}
	_ = json.Unmarshal([]byte(l.Text), &l.Fields) // a line that is not JSON has no fields
	if text, ok := l.Fields["timestamp"].(string); ok {
		if written, err := time.Parse(time.RFC3339, text); err == nil {
			l.At = written // the emulator has the lines of an invocation only when it ends
		}
	}
	return l
}
