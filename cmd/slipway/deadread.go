package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"slipway/internal/cloud/sqs"
)

const (
	// hiddenFor is how long a dead letter that is read is hidden from others, if it is not given back before.
	hiddenFor = 2 * time.Minute
	// readFor is how long reading goes on: those received first must still be hidden at the end.
	readFor = 90 * time.Second
	// emptyRounds is how many empty answers in a row end the reading of a queue that should hold more.
	emptyRounds = 3
	// longPoll is how long a queue is waited for that should hold more.
	longPoll = 2 * time.Second
	// giveBack bounds how long giving back takes after an interrupt.
	giveBack = 10 * time.Second
)

// taker is shown each message once. Keep says that it goes back, more that another one is wanted.
type taker func(m sqs.Received) (keep, more bool, err error)

// reader reads a queue without taking anything away.
type reader struct {
	queues  *sqs.SQS
	url     string
	now     func() time.Time
	poll    time.Duration
	until   time.Time
	expects int // how many messages SQS says that there are
	seen    map[string]bool
	held    []string // handles of what goes back
	stopped bool     // the taker wants no more
}

func (d *deployed) newReader(url string) *reader {
	return &reader{queues: d.queues, url: url, now: d.now, poll: d.poll, until: d.now().Add(readFor), seen: map[string]bool{}}
}

// each shows the messages of the queue to f, until f wants no more. What is kept goes back at the end, also after an
// error or an interrupt.
func (r *reader) each(ctx context.Context, f taker) (err error) {
	depth, err := r.queues.Depth(ctx, r.url)
	if err != nil {
		return err
	}
	r.expects = depth.Visible + depth.InFlight
	defer func() { err = errors.Join(err, r.release(ctx)) }()
	for empty := 0; !r.enough(empty); {
		messages, err := r.queues.Receive(ctx, r.url, hiddenFor, r.wait(empty))
		if err != nil {
			return err
		}
		if empty++; len(messages) > 0 {
			empty = 0
		}
		if err := r.show(messages, f); err != nil {
			return err
		}
	}
	return nil
}

// wait is how long the next answer may take: longer when there should be something, and nothing came.
func (r *reader) wait(empty int) time.Duration {
	if empty > 0 && r.partial() {
		return longPoll
	}
	return r.poll
}

// partial reports whether there is more than was seen.
func (r *reader) partial() bool { return len(r.seen) < r.expects }

func (r *reader) enough(empty int) bool {
	return r.stopped || !r.now().Before(r.until) || empty == emptyRounds || empty > 0 && !r.partial()
}

func (r *reader) show(messages []sqs.Received, f taker) (err error) {
	for _, m := range messages {
		keep := true
		if !r.seen[m.ID] && !r.stopped {
			r.seen[m.ID] = true
			var more bool
			keep, more, err = f(m)
			r.stopped = !more || err != nil
		}
		if keep {
			r.held = append(r.held, m.Handle)
		}
	}
	return err
}

func (r *reader) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBack)
	defer cancel()
	return r.queues.Release(ctx, r.url, r.held)
}

// redrive sends dead letters back to their queues.
type redrive struct {
	*deployed
	flags   lettersFlags
	wanted  []string // IDs that were not found yet; with --all none
	agreed  bool
	partial bool
	answers []redriven
}

func (r *redrive) run(ctx context.Context) error {
	urls, err := r.lettersOf(r.flags)
	if err != nil {
		return err
	}
	for _, url := range urls {
		to, err := r.sourceOf(url, r.flags)
		if err != nil {
			return err
		}
		if err := r.queue(ctx, url, to); err != nil {
			return err
		}
	}
	for _, id := range r.wanted {
		r.answers = append(r.answers, redriven{ID: id, Why: notFound(id).Error()})
	}
	return nil
}

// queue sends back the dead letters of one queue.
func (r *redrive) queue(ctx context.Context, url, to string) error {
	if !r.flags.all && len(r.wanted) == 0 {
		return nil
	}
	read := r.newReader(url)
	err := read.each(ctx, func(m sqs.Received) (keep, more bool, err error) {
		if !r.picks(url, m) {
			return true, true, nil
		}
		if err := r.allowed(); err != nil {
			return true, false, err
		}
		sent, err := r.send(ctx, url, to, m)
		r.answers = append(r.answers, redriven{m.ID, url, to, sent, reasonOf(err)})
		return !sent || r.flags.dryRun, r.flags.all || len(r.wanted) > 0, nil
	})
	r.partial = r.partial || r.flags.all && read.partial()
	return err
}

// complete reports whether everything that was asked for was sent.
func (r *redrive) complete() bool {
	return !r.partial && !slices.ContainsFunc(r.answers, func(a redriven) bool { return !a.Done })
}

func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// picks reports whether a message is among those to send.
func (r *redrive) picks(url string, m sqs.Received) bool {
	if r.flags.all {
		return r.flags.reason == "" || letterOf(url, m).Reason == r.flags.reason
	}
	i := slices.Index(r.wanted, m.ID)
	if i < 0 {
		return false
	}
	r.wanted = slices.Delete(r.wanted, i, i+1)
	return true
}

// allowed asks before the hundred and first message.
func (r *redrive) allowed() error {
	if r.flags.dryRun || r.agreed || len(r.answers) < maxUnasked {
		return nil
	}
	err := r.deployed.agreed("send back more than 100 dead letters", r.flags.yes)
	r.agreed = err == nil
	return err
}

// send sends the body to the source queue, then deletes the dead letter. When only the deletion fails, the message is
// there twice, which does no harm.
func (r *redrive) send(ctx context.Context, url, to string, m sqs.Received) (bool, error) {
	if r.flags.dryRun {
		return true, nil
	}
	if err := r.queues.Send(ctx, to, m.Body, nil); err != nil {
		return false, err
	}
	return true, r.queues.Delete(context.WithoutCancel(ctx), url, m.Handle)
}
