package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/ledger"
	"slipway/internal/run"
	"slipway/local/internal/observe"
	"slipway/local/internal/picture"
	"slipway/local/internal/screen"
	"slipway/local/internal/stack"
)

const (
	// job is the one of slipway.yaml that wants the objects.
	job = "objects"
	// patience is how long runs may take to end after the last upload.
	patience = 15 * time.Minute
	// damagedEvery is how often one of the objects is damaged, so that its run fails: not before the mail about the last
	// one has come, since a failure of the same kind would wait for the digest.
	damagedEvery = 5 * time.Second
	// mailEvery is how exactly it is known when a mail came.
	mailEvery = 100 * time.Millisecond
	endEvery  = 3 * time.Second
)

// load is one rate on one stack.
type load struct {
	record        stack.Record
	rate          float64
	screen        *screen.Screen
	bucket        string
	prefix        string
	stored        *s3.Client
	runs          *ledger.Ledger
	good, damaged []byte

	mu       sync.Mutex // of journeys
	journeys map[string]*journey
}

func newLoad(r stack.Record, rate float64, s *screen.Screen) *load {
	return &load{
		record: r, rate: rate, screen: s, bucket: r.Outputs["UploadsBucketName"], prefix: fmt.Sprintf("incoming/load-%g-%d/", rate, time.Now().Unix()),
		stored: r.S3(), runs: ledger.New(r.AWS(), aws.String(r.Endpoint()), r.Outputs["RunsTableName"]), journeys: map[string]*journey{},
	}
}

// measure uploads at the rate, waits until every run has ended, and reads from the ledger what became of them.
func (l *load) measure(ctx context.Context, lasts time.Duration) (figures, error) {
	var errGood, errDamaged error
	l.good, errGood = picture.Make(picture.PNG, 32, 24, 1)
	l.damaged, errDamaged = picture.Corrupt(picture.PNG, 1)
	if err := errors.Join(errGood, errDamaged); err != nil {
		return figures{}, err
	}
	began := time.Now()
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	var failures sync.WaitGroup
	var failed error
	failures.Go(func() { failed = l.fail(over, began.Add(lasts)) })
	err := l.upload(ctx, began, lasts)
	f := figures{Rate: l.rate, Uploading: time.Since(began).Seconds()}
	if err == nil {
		err = l.drain(ctx, began)
	}
	if err != nil {
		cancel()
	}
	failures.Wait()
	if err := errors.Join(err, failed); err != nil {
		return f, err
	}
	return f, l.read(ctx, began, &f)
}

// upload puts an object each time that one is due, whatever became of the others.
func (l *load) upload(ctx context.Context, began time.Time, lasts time.Duration) error {
	n := int(l.rate*lasts.Seconds() + 0.5)
	l.screen.Print("%d uploads, %g a second", n, l.rate)
	errs := make([]error, n)
	var wait sync.WaitGroup
	defer wait.Wait()
	for i := range n {
		due := began.Add(time.Duration(float64(i) / l.rate * float64(time.Second)))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Until(due)):
		}
		wait.Go(func() { _, errs[i] = l.put(ctx, fmt.Sprintf("%s%05d.png", l.prefix, i), l.good) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

func (l *load) put(ctx context.Context, key string, content []byte) (*journey, error) {
	j := &journey{key: key, began: time.Now()}
	l.mu.Lock()
	l.journeys[key] = j
	l.mu.Unlock()
	_, err := l.stored.PutObject(ctx, &s3.PutObjectInput{Bucket: &l.bucket, Key: &key, Body: bytes.NewReader(content)})
	if err != nil {
		return nil, fmt.Errorf("upload %s: %w", key, err)
	}
	return j, nil
}

// fail uploads damaged objects beside the others, until the given time, and waits for the mail about each.
func (l *load) fail(ctx context.Context, until time.Time) error {
	see := observe.New(l.record)
	for i := 0; time.Now().Before(until); i++ {
		next := time.After(damagedEvery)
		if err := l.record.ForgetIncidents(ctx); err != nil {
			return err
		}
		j, err := l.put(ctx, fmt.Sprintf("%sdamaged-%03d.png", l.prefix, i), l.damaged)
		if err != nil {
			return err
		}
		if err := l.awaitMail(ctx, see, j); err != nil {
			return err
		}
		<-next
	}
	return nil
}

func (l *load) awaitMail(ctx context.Context, see *observe.Observer, j *journey) error {
	for end := time.Now().Add(patience); ; {
		mails, err := see.Mails(ctx)
		if err != nil {
			return err
		}
		for _, m := range mails {
			if strings.Contains(m.Text, j.key) {
				l.mu.Lock()
				defer l.mu.Unlock()
				j.mailedAt = time.Now()
				return nil
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("no mail about %s came within %s", j.key, patience) //nolint:err113 // for a person
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(mailEvery):
		}
	}
}

// drain waits until as many runs have ended as objects were uploaded.
func (l *load) drain(ctx context.Context, began time.Time) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		l.mu.Lock()
		uploads := len(l.journeys)
		l.mu.Unlock()
		ended, err := l.runs.List(ctx, ledger.Query{
			Job: job, Object: l.bucket + "/" + l.prefix + "*", Since: began.Add(-time.Second), States: []run.State{run.Succeeded, run.Failed, run.Cancelled, run.Skipped},
		})
		if err != nil {
			return err
		}
		l.screen.Print("%d of %d runs have ended after %.0f s", len(ended), uploads, time.Since(began).Seconds())
		if len(ended) == uploads {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(endEvery):
		}
	}
	return nil // those that have not are counted
}

// read looks every upload up in the ledger.
func (l *load) read(ctx context.Context, began time.Time, f *figures) error {
	listed, err := l.runs.List(ctx, ledger.Query{Job: job, Object: l.bucket + "/" + l.prefix + "*", Since: began.Add(-time.Second)})
	if err != nil {
		return err
	}
	ids := make([]run.ID, len(listed))
	for i, one := range listed {
		ids[i] = one.ID
	}
	runs, err := l.runs.Runs(ctx, ids)
	if err != nil {
		return err
	}
	byKey := map[string]*run.Run{}
	for i := range runs {
		byKey[runs[i].Input.Object.Key] = &runs[i]
		if end := runs[i].EndedAt; !end.IsZero() {
			f.Draining = max(f.Draining, end.Sub(began).Seconds())
		}
	}
	for key, j := range l.journeys {
		f.add(*j, byKey[key])
	}
	return nil
}
