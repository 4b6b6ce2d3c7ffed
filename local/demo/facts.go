package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"slipway/local/internal/inbox"
	"slipway/local/internal/observe"
)

// facts are what was seen from outside up to now.
type facts struct {
	now     time.Time
	objects []seen
	reports []string // keys in the results bucket that were written since the demonstration began
	service service
	work    observe.Depth
	dead    []observe.Letter // that were not there at the beginning
}

// seen is what was seen of one object.
type seen struct {
	object
	tasks     []observe.Task
	described *observe.Description
	thumbnail int // bytes
	mails     []inbox.Mail
}

// service is what was seen of the worker service.
type service struct {
	desired, running int
	changes          []change // of desired and running, oldest first
}

type change struct {
	at               time.Time
	desired, running int
}

// peak is the most tasks that were seen to run.
func (s service) peak() int {
	most := 0
	for _, c := range s.changes {
		most = max(most, c.running)
	}
	return most
}

var deadLetters = []string{"WorkDeadLetterQueueUrl", "LaunchDeadLetterQueueUrl", "LifecycleDeadLetterQueueUrl"}

// watcher gathers facts.
type watcher struct {
	see     *observe.Observer
	since   time.Time
	old     map[string]bool // the mails and dead letters that were there before, by ID
	changes []change
}

// newWatcher remembers what was there before the demonstration.
func newWatcher(ctx context.Context, see *observe.Observer, since time.Time) (*watcher, error) {
	w := &watcher{see: see, since: since, old: map[string]bool{}}
	for _, queue := range deadLetters {
		letters, err := see.Letters(ctx, queue)
		if err != nil {
			return nil, err
		}
		for _, l := range letters {
			w.old[l.ID] = true
		}
	}
	mails, err := see.Mails(ctx)
	for _, m := range mails {
		w.old[m.ID] = true
	}
	return w, err
}

// look gathers the facts of this moment.
func (w *watcher) look(ctx context.Context, objects []object) (facts, error) {
	f := facts{now: time.Now()}
	err := errors.Join(w.lookAtObjects(ctx, objects, &f), w.lookAtService(ctx, &f), w.lookAtQueues(ctx, &f))
	if err != nil {
		return f, err
	}
	f.reports, err = w.see.Results(ctx, reports, w.since)
	return f, err
}

func (w *watcher) lookAtObjects(ctx context.Context, objects []object, f *facts) error {
	tasks, err := w.see.Tasks(ctx)
	if err != nil {
		return err
	}
	mails, err := w.see.Mails(ctx)
	if err != nil {
		return err
	}
	for _, o := range objects {
		s := seen{object: o}
		for _, t := range tasks {
			if t.Environment["S3_KEY"] == o.key {
				s.tasks = append(s.tasks, t)
			}
		}
		for _, m := range mails {
			if !w.old[m.ID] && strings.Contains(m.Text, o.key) {
				s.mails = append(s.mails, m)
			}
		}
		if err := w.lookAtResults(ctx, &s); err != nil {
			return err
		}
		f.objects = append(f.objects, s)
	}
	return nil
}

func (w *watcher) lookAtResults(ctx context.Context, s *seen) error {
	var err error
	if s.described, err = w.see.Description(ctx, s.key); err != nil || s.described == nil || s.described.Thumbnail == nil {
		return err
	}
	content, err := w.see.Result(ctx, s.described.Thumbnail.Key)
	s.thumbnail = len(content)
	return err
}

func (w *watcher) lookAtService(ctx context.Context, f *facts) error {
	desired, running, err := w.see.Record.Service(ctx)
	if err != nil {
		return err
	}
	if n := len(w.changes); n == 0 || w.changes[n-1].desired != desired || w.changes[n-1].running != running {
		w.changes = append(w.changes, change{f.now, desired, running})
	}
	f.service = service{desired, running, w.changes}
	return nil
}

func (w *watcher) lookAtQueues(ctx context.Context, f *facts) error {
	var err error
	if f.work, err = w.see.Queue(ctx, "WorkQueueUrl"); err != nil {
		return err
	}
	for _, queue := range deadLetters {
		letters, err := w.see.Letters(ctx, queue)
		if err != nil {
			return err
		}
		f.dead = append(f.dead, slices.DeleteFunc(letters, func(l observe.Letter) bool { return w.old[l.ID] })...)
	}
	return nil
}

// reports is where the scheduled job writes, in the results bucket.
const reports = "reports/"
