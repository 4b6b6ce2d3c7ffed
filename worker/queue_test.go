package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queue is SQS in memory, as far as a worker can tell: visibility, receipts, groups, long polls. It runs on the clock
// of the test.
type queue struct {
	fifo bool

	mu       sync.Mutex
	messages []*message
	arrived  chan struct{}
	polls    int
	waiting  int // polls under way

	receiveFails, changeFails, deleteFails func() error
	before                                 func() // called before each ReceiveMessage
}

type message struct {
	id, body, group string
	handle          string
	receives        int
	hidden          time.Time
	received        []time.Time
	deleted         bool
}

func newQueue(bodies ...string) *queue {
	q := &queue{arrived: make(chan struct{})}
	q.send("", bodies...)
	return q
}

func (q *queue) send(group string, bodies ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, body := range bodies {
		q.messages = append(q.messages, &message{id: fmt.Sprintf("m%d", len(q.messages)+1), body: body, group: group})
	}
	close(q.arrived)
	q.arrived = make(chan struct{})
}

// with runs f while nobody else looks.
func (q *queue) with(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
}

func (q *queue) find(body string) message {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		if m.body == body {
			return *m
		}
	}
	panic("no message " + body)
}

// left counts messages that are visible, in flight, and deleted.
func (q *queue) left() (visible, hidden, deleted int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		switch {
		case m.deleted:
			deleted++
		case time.Now().Before(m.hidden):
			hidden++
		default:
			visible++
		}
	}
	return visible, hidden, deleted
}

func (q *queue) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if q.before != nil {
		q.before()
	}
	if q.receiveFails != nil {
		if err := q.receiveFails(); err != nil {
			return nil, err
		}
	}
	q.with(func() { q.polls++; q.waiting++ })
	defer q.with(func() { q.waiting-- })
	end := time.After(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		got, arrived, next := q.take(in)
		if len(got) > 0 {
			return &sqs.ReceiveMessageOutput{Messages: got}, nil
		}
		select {
		case <-arrived:
		case <-next:
		case <-end:
			return &sqs.ReceiveMessageOutput{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take hands out what is visible, and says when to look again.
func (q *queue) take(in *sqs.ReceiveMessageInput) ([]types.Message, <-chan struct{}, <-chan time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []types.Message
	var next <-chan time.Time
	now, locked := time.Now(), map[string]bool{}
	for _, m := range q.messages {
		if q.fifo && !m.deleted && now.Before(m.hidden) {
			locked[m.group] = true
		}
	}
	for _, m := range q.messages {
		switch {
		case m.deleted || q.fifo && locked[m.group]:
		case now.Before(m.hidden):
			next = time.After(m.hidden.Sub(now))
		case len(out) < int(in.MaxNumberOfMessages):
			out = append(out, m.hand(now, in.VisibilityTimeout))
		}
	}
	if next == nil {
		next = time.After(time.Second)
	}
	return out, q.arrived, next
}

func (m *message) hand(now time.Time, visibility int32) types.Message {
	m.receives++
	m.received = append(m.received, now)
	m.hidden = now.Add(time.Duration(visibility) * time.Second)
	m.handle = m.id + "/" + strconv.Itoa(m.receives)
	attributes := map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.receives), "SentTimestamp": "1767225600000"}
	if m.group != "" {
		attributes["MessageGroupId"] = m.group
	}
	return types.Message{MessageId: aws.String(m.id), Body: aws.String(m.body), ReceiptHandle: aws.String(m.handle), Attributes: attributes}
}

var errHandle = errors.New("the receipt handle is out of date, or the message is not in flight")

func (q *queue) inFlight(handle string) (*message, error) {
	at := slices.IndexFunc(q.messages, func(m *message) bool { return m.handle == handle && !m.deleted })
	if at < 0 || !time.Now().Before(q.messages[at].hidden) {
		return nil, errHandle
	}
	return q.messages[at], nil
}

func (q *queue) DeleteMessage(_ context.Context, in *sqs.DeleteMessageInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error) {
	if q.deleteFails != nil {
		if err := q.deleteFails(); err != nil {
			return nil, err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	m, err := q.inFlight(*in.ReceiptHandle)
	if err == nil {
		m.deleted = true
	}
	return &sqs.DeleteMessageOutput{}, err
}

func (q *queue) ChangeMessageVisibility(_ context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	if q.changeFails != nil {
		if err := q.changeFails(); err != nil {
			return nil, err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	m, err := q.inFlight(*in.ReceiptHandle)
	if err != nil {
		return nil, err
	}
	hidden := time.Now().Add(time.Duration(in.VisibilityTimeout) * time.Second)
	if hidden.Sub(m.received[len(m.received)-1]) > 12*time.Hour {
		return nil, errors.New("total visibility timeout beyond 12 hours")
	}
	m.hidden = hidden
	close(q.arrived)
	q.arrived = make(chan struct{})
	return &sqs.ChangeMessageVisibilityOutput{}, nil
}

// task is a task of a service as the agent protects it.
type task struct {
	mu       sync.Mutex
	refuse   error
	until    time.Time
	protects []time.Time
	releases []time.Time
}

func (k *task) Protect(_ context.Context, lasts time.Duration) (time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.protects = append(k.protects, time.Now())
	if k.refuse != nil {
		return time.Time{}, k.refuse
	}
	k.until = time.Now().Add(lasts)
	return k.until, nil
}

func (k *task) Release(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.releases = append(k.releases, time.Now())
	k.until = time.Time{}
	return nil
}

func (k *task) set(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refuse = err
}

func (k *task) protected() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Before(k.until)
}

func (k *task) counts() (protects, releases int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.protects), len(k.releases)
}

// log keeps what handlers did, in order.
type log struct {
	mu    sync.Mutex
	lines []string
	now   int // handlers at work
	most  int
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *log) enter() (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now++
	l.most = max(l.most, l.now)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.now--
	}
}

func (l *log) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}
