package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"slipway/tasks/internal/container"
	"slipway/worker"
)

// defaultWork is how long the work on a message takes that does not say.
const defaultWork = 200 * time.Millisecond

// job is what a message asks for.
type job struct {
	work time.Duration
	fail bool
}

// jobOf reads a body. Whatever is not a job is work of the default length; a job that cannot be done as it is written
// is an error, so that it ends in the dead-letter queue.
func jobOf(body string, standard time.Duration) (job, error) {
	var asked struct {
		Work *string `json:"work"`
		Fail bool    `json:"fail"`
	}
	notJSON := json.Unmarshal([]byte(body), &asked)
	switch {
	case notJSON != nil:
		return job{work: standard}, nil //nolint:nilerr // it is a text, then
	case asked.Work == nil:
		return job{standard, asked.Fail}, nil
	}
	d, err := time.ParseDuration(*asked.Work)
	if err != nil || d < 0 {
		return job{}, fmt.Errorf("work is %q: want a duration such as 500ms", *asked.Work)
	}
	return job{d, asked.Fail}, nil
}

var errAsked = errors.New("the message asks to fail")

// handler works on messages by waiting.
func handler(standard time.Duration) worker.Handler {
	return func(ctx context.Context, m worker.Message) error {
		j, err := jobOf(m.Body, standard)
		if err != nil {
			return err
		}
		if err := container.Pause(ctx, j.work); err != nil {
			return err
		}
		if j.fail {
			return errAsked
		}
		return nil
	}
}
