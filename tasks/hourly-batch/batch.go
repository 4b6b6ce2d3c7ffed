package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway/tasks/internal/result"
)

const (
	// reportsFolder is where reports are, which are no results.
	reportsFolder = "reports/"
	// readers is how many descriptions are read at once.
	readers = 16
)

// file is one object of the results bucket.
type file struct {
	key  string
	size int64 // bytes
	at   time.Time
}

// store is the results bucket.
type store interface {
	// list calls each with every file of the bucket.
	list(ctx context.Context, each func(file)) error
	// get returns the content of a file, or errGone.
	get(ctx context.Context, key string) ([]byte, error)
	put(ctx context.Context, key, contentType string, content []byte) error
}

var errGone = errors.New("the file is gone")

// batch makes reports.
type batch struct {
	store store
	log   *slog.Logger
}

// run gathers what came in the interval and writes the report.
func (b *batch) run(ctx context.Context, s settings) error {
	files, err := b.find(ctx, s)
	if err != nil {
		return fmt.Errorf("list bucket %s: %w", s.bucket, err)
	}
	entries, unreadable, err := b.read(ctx, files)
	if err != nil {
		return fmt.Errorf("read descriptions in bucket %s: %w", s.bucket, err)
	}
	r := newReport(s, entries, files, unreadable)
	if err := b.write(ctx, s, r); err != nil {
		return fmt.Errorf("write report %s: %w", s.key(""), err)
	}
	b.log.InfoContext(ctx, "reported", "key", s.key(".json"), "objects", r.Objects, "bytes", r.Bytes, "unreadable", r.Unreadable.Count)
	return nil
}

// find lists the files that came in the interval, in order.
func (b *batch) find(ctx context.Context, s settings) ([]file, error) {
	var files []file
	err := b.store.list(ctx, func(f file) {
		if !strings.HasPrefix(f.key, reportsFolder) && !f.at.Before(s.from) && f.at.Before(s.to) {
			files = append(files, f)
		}
	})
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.key, b.key)) })
	return files, err
}

// entry is a description and when S3 got it.
type entry struct {
	result.Description
	at time.Time
}

// read reads the descriptions among the files, in their order, and returns the keys of those that are none. A file that
// is gone by now is left out.
func (b *batch) read(ctx context.Context, files []file) ([]entry, []string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := make([]*entry, len(files))
	bad := make([]bool, len(files))
	next := make(chan int)
	var busy sync.WaitGroup
	for range readers {
		busy.Go(func() {
			for i := range next {
				var err error
				if found[i], bad[i], err = b.describe(ctx, files[i]); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i, f := range files {
		if result.IsDescription(f.key) && ctx.Err() == nil {
			next <- i
		}
	}
	close(next)
	busy.Wait()
	return collect(found), keysOf(files, bad), context.Cause(ctx)
}

func collect(found []*entry) []entry {
	var entries []entry
	for _, e := range found {
		if e != nil {
			entries = append(entries, *e)
		}
	}
	return entries
}

func keysOf(files []file, chosen []bool) []string {
	var keys []string
	for i, f := range files {
		if chosen[i] {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// describe reads one description. It returns true for a file that is none.
func (b *batch) describe(ctx context.Context, f file) (*entry, bool, error) {
	text, err := b.store.get(ctx, f.key)
	switch {
	case errors.Is(err, errGone):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("read %q: %w", f.key, err)
	}
	e := &entry{at: f.at}
	if !parse(text, &e.Description) {
		return nil, true, nil
	}
	return e, false, nil
}

func parse(text []byte, d *result.Description) bool {
	return json.Unmarshal(text, d) == nil && d.Key != ""
}

// write stores the page and then the numbers, which mark the report as done.
func (b *batch) write(ctx context.Context, s settings, r report) error {
	var page bytes.Buffer
	if err := render(&page, r); err != nil {
		return err
	}
	if err := b.store.put(ctx, s.key(".html"), "text/html; charset=utf-8", page.Bytes()); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	return b.store.put(ctx, s.key(".json"), "application/json", append(text, '\n'))
}
