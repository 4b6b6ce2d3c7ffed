package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/upstream"
)

// LogGroups is CloudWatch Logs.
type LogGroups interface {
	CreateLogStream(ctx context.Context, group, stream string, createGroup bool) error
	PutLogEvents(ctx context.Context, group, stream string, lines []upstream.LogEvent) error
}

// AWSLogs sends output where the awslogs options of a container say. Without that driver the output goes nowhere, as
// on Fargate.
type AWSLogs struct{ Groups LogGroups }

// Open makes the stream PREFIX/CONTAINER/TASK. A group that is not there stops the task from starting.
func (l AWSLogs) Open(ctx context.Context, t fake.Task, c fake.ContainerDefinition) (io.WriteCloser, error) {
	conf := c.LogConfiguration
	if conf == nil || conf.LogDriver != "awslogs" {
		return nowhere{}, nil
	}
	group, prefix := conf.Options["awslogs-group"], conf.Options["awslogs-stream-prefix"]
	stream := prefix + "/" + c.Name + "/" + t.ID()
	if err := l.Groups.CreateLogStream(ctx, group, stream, conf.Options["awslogs-create-group"] == "true"); err != nil {
		return nil, &StartError{fmt.Sprintf("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: %v : exit status 1", err)}
	}
	s := &shipper{groups: l.Groups, group: group, stream: stream, stop: make(chan struct{}), done: make(chan struct{})}
	go s.work()
	return s, nil
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// How often lines are sent, and how many of what length at once.
const (
	shipEvery = 300 * time.Millisecond
	shipBytes = 1_000_000 // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
	shipLines = 5000
	maxLine   = 200_000
	keepLines = 100_000 // a container is never slowed down: beyond this, its oldest lines go
)

// shipper cuts output into lines and sends them now and then.
type shipper struct {
	groups        LogGroups
	group, stream string
	stop, done    chan struct{}
	err           error

	mu    sync.Mutex // protects following fields
	rest  []byte
	lines []upstream.LogEvent
}

// Write takes output. It never fails: a container does not notice where its output goes.
func (s *shipper) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest = append(s.rest, p...)
	for {
		i := bytes.IndexByte(s.rest, '\n')
		if i < 0 && len(s.rest) < maxLine {
			return len(p), nil
		}
		line, next := i, i+1
		if i < 0 || i > maxLine {
			line, next = maxLine, maxLine
		}
		s.add(s.rest[:line])
		s.rest = s.rest[next:]
	}
}

func (s *shipper) add(line []byte) {
	if len(line) == 0 {
		return
	}
	if len(s.lines) >= keepLines {
		s.lines = s.lines[1:]
	}
	s.lines = append(s.lines, upstream.Line(time.Now(), string(bytes.ToValidUTF8(line, []byte("\uFFFD")))))
}

// Close sends what is left.
func (s *shipper) Close() error {
	s.mu.Lock()
	s.add(s.rest)
	s.rest = nil
	s.mu.Unlock()
	close(s.stop)
	<-s.done
	return s.err
}

func (s *shipper) work() {
	defer close(s.done)
	t := time.NewTicker(shipEvery)
	defer t.Stop()
	for {
		select {
		case <-s.stop:
			s.err = s.ship()
			return
		case <-t.C:
			_ = s.ship() // what was not taken is sent again
		}
	}
}

// ship sends all lines there are.
func (s *shipper) ship() error {
	for {
		lines := s.batch()
		n := len(lines)
		if n == 0 {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := s.groups.PutLogEvents(ctx, s.group, s.stream, lines)
		cancel()
		if err != nil {
			return errors.Join(fmt.Errorf("send %d lines to %s", n, s.group), err)
		}
		s.mu.Lock()
		s.lines = s.lines[min(n, len(s.lines)):]
		s.mu.Unlock()
	}
}

// batch is the oldest lines, as many as one call takes.
func (s *shipper) batch() []upstream.LogEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, size := 0, 0
	for n < min(len(s.lines), shipLines) && (n == 0 || size+len(s.lines[n].Message) < shipBytes) {
		size += len(s.lines[n].Message) + perLine
		n++
	}
	return s.lines[:n:n]
}

// perLine is what CloudWatch Logs adds to the size of each line, in bytes.
const perLine = 26
