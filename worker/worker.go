package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrStopping is the cause of a handler's context that ended because the stop timeout has passed.
	ErrStopping = errors.New("worker: the stop timeout has passed")
	// ErrLost is the cause of a handler's context that ended because its message may be visible to others.
	ErrLost = errors.New("worker: the message may be visible to others")
	// ErrUnfinished is what Run returns when handlers did not return soon after their context had ended.
	ErrUnfinished = errors.New("worker: handlers went on after the stop timeout")
)

const (
	// lastWords is how long handlers may take to return after their context has ended.
	lastWords = 3 * time.Second
	// callTimeout bounds one call that changes or deletes a message, with the SDK's retries.
	callTimeout = 5 * time.Second
)

// Worker works off one queue. Use New to make one.
type Worker struct {
	o     Options
	fifo  bool
	guard *guard
	slots chan struct{} // holds one for each message in work, and for each that may come
	work  atomic.Int64  // messages in work
}

// New returns a worker, or an error that names every mistake in the options.
func New(o Options) (*Worker, error) {
	o, err := normal(o)
	if err != nil {
		return nil, fmt.Errorf("worker: wrong options: %w", err)
	}
	if o.Protection == nil {
		if o.Protection, err = FromEnvironment(); err != nil {
			return nil, err
		}
	}
	return &Worker{
		o: o, fifo: strings.HasSuffix(o.URL, ".fifo"), // a fair queue has groups, too, but no order
		guard: &guard{protection: o.Protection, lasts: o.ProtectFor, told: o.Hooks.Protected},
		slots: make(chan struct{}, o.Concurrency),
	}, nil
}

// Run works until ctx ends, and then until what is in work has ended or was given back, which takes no longer than the
// stop timeout and three seconds. It returns nil then, and earlier an error that no waiting helps against, such as a
// queue that does not exist or a right that is missing. It must not be called twice.
func (w *Worker) Run(ctx context.Context) error {
	work, abandon := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abandon(nil)
	polling, stopPolling := context.WithCancel(ctx)
	defer stopPolling()
	context.AfterFunc(polling, func() { time.AfterFunc(w.o.StopTimeout, func() { abandon(ErrStopping) }) })
	go w.guard.renew(work)

	var busy sync.WaitGroup
	err := w.poll(polling, work, &busy)
	stopPolling()
	left := w.drain(work, &busy)
	w.guard.release(context.WithoutCancel(ctx))
	return errors.Join(err, left)
}

func (w *Worker) idle() bool { return w.work.Load() == 0 }

// drain waits for what is in work.
func (w *Worker) drain(work context.Context, busy *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { busy.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-work.Done():
	}
	select {
	case <-done:
		return nil
	case <-time.After(lastWords):
		return fmt.Errorf("%w: %d messages", ErrUnfinished, w.work.Load())
	}
}
