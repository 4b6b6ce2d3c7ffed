package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

const (
	// batch is how many messages SQS hands out at most at once.
	batch = 10
	// The waits after trouble, doubled each time.
	firstPause   = time.Second
	longestPause = 20 * time.Second
	// betweenPolls keeps a queue that does not wait from being asked all the time.
	betweenPolls = time.Second
)

// poll receives until ctx ends. What it receives is worked on under the context work.
func (w *Worker) poll(ctx, work context.Context, busy *sync.WaitGroup) error {
	troubles := 0
	for {
		free := w.room(ctx)
		if free == 0 {
			return nil
		}
		began := time.Now()
		messages, err := w.receive(ctx, work, free)
		w.leave(free - len(messages))
		switch {
		case permanent(err):
			return fmt.Errorf("worker: receive from %s: %w", w.o.URL, err)
		case err != nil:
			troubles++
			w.o.Log.WarnContext(ctx, "cannot receive", "queue", w.o.URL, "error", err, "times", troubles)
			pause(ctx, afterTrouble(troubles))
		case len(messages) == 0:
			troubles = 0
			w.rest(ctx, time.Since(began))
		default:
			troubles = 0
			w.start(ctx, work, messages, busy)
		}
	}
}

// room waits until a message can be worked on, and takes the slots of as many as one poll may bring. It returns zero
// when ctx has ended.
func (w *Worker) room(ctx context.Context) int {
	if ctx.Err() != nil {
		return 0
	}
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	for n := 1; n < batch; n++ {
		select {
		case w.slots <- struct{}{}:
		default:
			return n
		}
	}
	return batch
}

// leave gives slots back.
func (w *Worker) leave(n int) {
	for range n {
		<-w.slots
	}
}

// receive protects the task and polls once. The poll goes on when ctx ends, since SQS may have handed out messages for
// it that would otherwise be invisible to all for a while.
func (w *Worker) receive(ctx, work context.Context, n int) ([]types.Message, error) {
	if err := w.guard.take(ctx); err != nil {
		return nil, fmt.Errorf("not protected from scale-in: %w", err)
	}
	if ctx.Err() != nil {
		return nil, nil
	}
	work, cancel := context.WithTimeout(work, w.o.Wait+callTimeout)
	defer cancel()
	out, err := w.o.Queue.ReceiveMessage(work, &sqs.ReceiveMessageInput{
		QueueUrl: &w.o.URL, MaxNumberOfMessages: int32(n), //nolint:gosec // at most 10
		WaitTimeSeconds: seconds(w.o.Wait), VisibilityTimeout: seconds(w.o.Visibility),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		w.o.Hooks.Polled(0, err)
		return nil, err
	}
	w.o.Hooks.Polled(len(out.Messages), nil)
	return out.Messages, nil
}

// rest follows an empty poll. A worker without work lets go of its protection for a moment.
func (w *Worker) rest(ctx context.Context, polled time.Duration) {
	if w.idle() {
		w.guard.release(ctx)
		pause(ctx, w.o.Rest)
		return
	}
	pause(ctx, betweenPolls-polled)
}

// permanent reports whether waiting does not help: the queue is not there, or the right to it.
func permanent(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "AccessDenied", "AccessDeniedException",
		"InvalidAddress", "InvalidSecurity", "UnsupportedOperation", "KmsAccessDenied", "KmsNotFound", "KmsDisabled":
		return true
	}
	return false
}

// afterTrouble is how long to wait after the n-th trouble in a row, with jitter so that workers do not come together.
func afterTrouble(n int) time.Duration {
	limit := min(longestPause, firstPause<<min(n-1, 10))
	return limit/2 + rand.N(limit/2)
}

// pause waits, or returns when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func seconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) } //nolint:gosec // at most 12 hours
