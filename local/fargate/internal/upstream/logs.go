package upstream

import (
	"context"
	"errors"
	"time"
)

const logsTarget = "Logs_20140328."

// LogEvent is one line.
type LogEvent struct {
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
	Message   string `json:"message"`
}

// Line is a log event of now.
func Line(at time.Time, message string) LogEvent { return LogEvent{at.UnixMilli(), message} }

// CreateLogStream makes a stream, and its group if that is asked for. One that exists is no error.
func (c *Client) CreateLogStream(ctx context.Context, group, stream string, createGroup bool) error {
	if createGroup {
		if err := ifNew(c.call(ctx, "logs", logsTarget+"CreateLogGroup", map[string]any{"logGroupName": group}, nil)); err != nil {
			return err
		}
	}
	return ifNew(c.call(ctx, "logs", logsTarget+"CreateLogStream", map[string]any{"logGroupName": group, "logStreamName": stream}, nil))
}

func ifNew(err error) error {
	var refused *Error
	if errors.As(err, &refused) && refused.Code == "ResourceAlreadyExistsException" {
		return nil
	}
	return err
}

// PutLogEvents appends lines to a stream, oldest first.
func (c *Client) PutLogEvents(ctx context.Context, group, stream string, lines []LogEvent) error {
	return c.call(ctx, "logs", logsTarget+"PutLogEvents", map[string]any{"logGroupName": group, "logStreamName": stream, "logEvents": lines}, nil)
}
