package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// delivery is one message that was received, from its receipt until it was deleted or given back.
type delivery struct {
	w        *Worker
	m        Message
	received time.Time
	ctx      context.Context //nolint:containedctx // the handler's, for one message
	cancel   context.CancelCauseFunc
	finish   chan struct{} // closed when the message needs no more time
	beating  sync.WaitGroup
}

// start works on what came in one poll: in order within a group of a FIFO queue, else all at once. What comes after
// ctx has ended goes back.
func (w *Worker) start(ctx, work context.Context, messages []types.Message, busy *sync.WaitGroup) {
	w.work.Add(int64(len(messages)))
	for _, chain := range w.chains(work, messages) {
		busy.Go(func() {
			defer w.leave(len(chain))
			defer w.work.Add(-int64(len(chain)))
			if ctx.Err() != nil {
				giveBack(chain)
				return
			}
			workOff(chain)
		})
	}
}

// chains puts messages that must be worked on one after the other together.
func (w *Worker) chains(work context.Context, messages []types.Message) [][]*delivery {
	var chains [][]*delivery
	groups := map[string]int{}
	for _, raw := range messages {
		d := w.deliver(work, messageOf(raw))
		if at, known := groups[d.m.Group]; w.fifo && known {
			chains[at] = append(chains[at], d)
			continue
		}
		groups[d.m.Group] = len(chains)
		chains = append(chains, []*delivery{d})
	}
	return chains
}

func (w *Worker) deliver(work context.Context, m Message) *delivery {
	d := &delivery{w: w, m: m, received: time.Now(), finish: make(chan struct{})}
	d.ctx, d.cancel = context.WithCancelCause(work)
	d.beating.Go(func() { d.beat(work) })
	return d
}

// workOff works on messages in order, and gives back those that come after one that failed.
func workOff(chain []*delivery) {
	for i, d := range chain {
		if !d.handle() {
			giveBack(chain[i+1:])
			return
		}
	}
}

func giveBack(chain []*delivery) {
	for _, d := range chain {
		d.end()
		d.giveBack(0)
	}
}

// handle works on one message, and reports whether it is done and gone.
func (d *delivery) handle() bool {
	began := time.Now()
	err := d.call()
	cause := context.Cause(d.ctx)
	d.end()
	d.w.o.Hooks.Finished(d.m, time.Since(began), err)
	if err == nil {
		return d.delete()
	}
	d.w.o.Log.Warn("message failed", "message", d.m.ID, "receives", d.m.Receives, "error", err)
	switch {
	case errors.Is(cause, ErrStopping):
		d.giveBack(0)
	case cause == nil: // with any other, somebody else may have it
		d.giveBack(max(0, min(d.w.o.RetryAfter(d.m), extendableFor-time.Since(d.received))))
	}
	return false
}

func (d *delivery) call() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := context.Cause(d.ctx); err != nil {
		return err
	}
	return d.w.o.Handle(d.ctx, d.m)
}

// end stops the heartbeat. No extension comes after it, which could undo that the message was given back.
func (d *delivery) end() {
	close(d.finish)
	d.beating.Wait()
	d.cancel(nil)
}

func (d *delivery) delete() bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), callTimeout)
	defer cancel()
	_, err := d.w.o.Queue.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &d.w.o.URL, ReceiptHandle: d.m.Raw.ReceiptHandle})
	d.w.o.Hooks.Deleted(d.m, err)
	if err != nil {
		d.w.o.Log.Warn("cannot delete message, it will come again", "message", d.m.ID, "error", err)
	}
	return err == nil
}

// giveBack makes the message visible to others after the wait. When that fails, it becomes visible by itself.
func (d *delivery) giveBack(after time.Duration) {
	err := d.change(after)
	d.w.o.Hooks.Returned(d.m, err)
	if err != nil {
		d.w.o.Log.Warn("cannot give message back, it becomes visible by itself", "message", d.m.ID, "error", err)
	}
}

func (d *delivery) change(visibility time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), callTimeout)
	defer cancel()
	_, err := d.w.o.Queue.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &d.w.o.URL, ReceiptHandle: d.m.Raw.ReceiptHandle, VisibilityTimeout: seconds(visibility),
	})
	return err
}

// beat extends the visibility of the message after each third of it, until the delivery ends. An extension that failed
// is tried again soon. When the visibility ends nevertheless, the handler is told.
func (d *delivery) beat(work context.Context) {
	visibility := d.w.o.Visibility
	until := d.received.Add(visibility)
	timer := time.NewTimer(visibility / 3)
	defer timer.Stop()
	for {
		select {
		case <-d.finish:
			return
		case <-work.Done():
			return
		case <-timer.C:
		}
		asked := time.Now()
		if !asked.Before(until) {
			d.cancel(ErrLost)
			return
		}
		next := visibility / 12
		if lasts := min(visibility, d.received.Add(extendableFor).Sub(asked)); d.extend(lasts) {
			until, next = asked.Add(lasts), visibility/3
		}
		timer.Reset(max(0, min(next, time.Until(until))))
	}
}

func (d *delivery) extend(lasts time.Duration) bool {
	if lasts < time.Second {
		return false
	}
	err := d.change(lasts)
	d.w.o.Hooks.Extended(d.m, err)
	if err != nil {
		d.w.o.Log.Warn("cannot extend visibility", "message", d.m.ID, "error", err)
	}
	return err == nil
}
