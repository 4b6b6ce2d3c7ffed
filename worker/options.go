package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The defaults and bounds of Options.
const (
	DefaultConcurrency = 10
	DefaultVisibility  = time.Minute
	DefaultWait        = 10 * time.Second
	DefaultRest        = 5 * time.Second
	DefaultStopTimeout = 25 * time.Second // ECS kills a container 30 seconds after SIGTERM, unless it is told otherwise
	DefaultProtection  = 15 * time.Minute

	longestWait       = 20 * time.Second // of a long poll
	longestVisibility = 12 * time.Hour   // from the receipt on; nothing extends it
	extendableFor     = longestVisibility - 10*time.Second
	shortestProtect   = time.Minute
	longestProtect    = 48 * time.Hour
)

// SQS is the part of *sqs.Client that a worker needs.
type SQS interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(context.Context, *sqs.DeleteMessageInput, ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
	ChangeMessageVisibility(context.Context, *sqs.ChangeMessageVisibilityInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
}

// Handler works on one message. The message is deleted when it returns nil, and comes again otherwise; a panic counts
// as an error. Its context ends, with the cause ErrStopping, when the stop timeout has passed, and with ErrLost when the
// message may be visible to others. It must return soon after that.
type Handler func(ctx context.Context, m Message) error

// Options say what a worker works on, and how. Queue, URL and Handle are needed; a zero value elsewhere means the
// default.
type Options struct {
	Queue  SQS
	URL    string
	Handle Handler

	// Concurrency is how many messages are worked on at once.
	Concurrency int
	// Visibility is how long a message stays invisible after the last sign of life of the worker that has it: the time
	// until it comes again when a worker is killed. It is extended long before it ends. At least 3 seconds.
	Visibility time.Duration
	// Wait is how long a poll waits for a message, up to 20 seconds. A worker that is told to stop waits for its poll.
	Wait time.Duration
	// Rest is how long a worker without work stays unprotected between two polls.
	Rest time.Duration
	// StopTimeout is how long work may go on after Run's context has ended. Keep it five seconds under the container's
	// stopTimeout.
	StopTimeout time.Duration
	// RetryAfter is how long a message that failed stays invisible. Nil: a second, doubled with each receipt, up to
	// five minutes.
	RetryAfter func(Message) time.Duration

	// Protection protects the task from scale-in. Nil: the ECS agent's endpoint when $ECS_AGENT_URI is set, else
	// Unprotected. A task that belongs to no service cannot be protected, and needs Unprotected.
	Protection Protection
	// ProtectFor is how long one request protects the task, in whole minutes from one minute to 48 hours.
	ProtectFor time.Duration

	Hooks Hooks
	Log   *slog.Logger // nil: slog.Default()
}

// Hooks are called, each if it is set, when something is worth counting. They must return at once, and may be called
// from several goroutines.
type Hooks struct {
	// Polled is called after each ReceiveMessage with how many messages came.
	Polled func(messages int, err error)
	// Finished is called after the work on a message, with how long it took.
	Finished func(m Message, took time.Duration, err error)
	// Deleted is called after each DeleteMessage.
	Deleted func(m Message, err error)
	// Extended is called after each extension of a message's visibility.
	Extended func(m Message, err error)
	// Returned is called for each message that was given back unfinished or unworked.
	Returned func(m Message, err error)
	// Protected is called after each request to protect the task (on) or to release it.
	Protected func(on bool, err error)
}

// normal fills in the defaults and names every mistake.
func normal(o Options) (Options, error) {
	setDefault(&o.Concurrency, DefaultConcurrency)
	setDefault(&o.Visibility, DefaultVisibility)
	setDefault(&o.Wait, DefaultWait)
	setDefault(&o.Rest, DefaultRest)
	setDefault(&o.StopTimeout, DefaultStopTimeout)
	setDefault(&o.ProtectFor, DefaultProtection)
	if o.RetryAfter == nil {
		o.RetryAfter = retryAfter
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Hooks = complete(o.Hooks)
	return o, check(o)
}

func setDefault[T int | time.Duration](v *T, standard T) {
	if *v == 0 {
		*v = standard
	}
}

func check(o Options) error {
	var problems []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	demand(o.Queue != nil, "Queue is not set")
	demand(o.URL != "", "URL is not set")
	demand(o.Handle != nil, "Handle is not set")
	demand(o.Concurrency > 0, "Concurrency is %d: want one or more", o.Concurrency)
	demand(o.Visibility >= 3*time.Second && o.Visibility <= longestVisibility, "Visibility is %v: want 3s to 12h", o.Visibility)
	demand(o.Wait >= time.Second && o.Wait <= longestWait, "Wait is %v: want 1s to 20s", o.Wait)
	demand(o.Rest > 0, "Rest is %v: want more than zero", o.Rest)
	demand(o.StopTimeout > 0, "StopTimeout is %v: want more than zero", o.StopTimeout)
	demand(o.ProtectFor >= shortestProtect && o.ProtectFor <= longestProtect, "ProtectFor is %v: want 1m to 48h", o.ProtectFor)
	return errors.Join(problems...)
}

// complete gives every hook that is not set a function that does nothing.
func complete(h Hooks) Hooks {
	if h.Polled == nil {
		h.Polled = func(int, error) {}
	}
	if h.Finished == nil {
		h.Finished = func(Message, time.Duration, error) {}
	}
	for _, f := range []*func(Message, error){&h.Deleted, &h.Extended, &h.Returned} {
		if *f == nil {
			*f = func(Message, error) {}
		}
	}
	if h.Protected == nil {
		h.Protected = func(bool, error) {}
	}
	return h
}

// retryAfter is a second, doubled with each receipt, up to five minutes.
func retryAfter(m Message) time.Duration {
	return min(5*time.Minute, time.Second<<min(max(m.Receives-1, 0), 10))
}
