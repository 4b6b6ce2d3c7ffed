package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
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
	if json.Unmarshal([]byte(body), &asked) != nil {
		return job{work: standard}, nil
	}
	if asked.Work == nil {
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

// hooks logs a line for each message.
func hooks(log *slog.Logger) worker.Hooks {
	return worker.Hooks{Finished: func(m worker.Message, took time.Duration, err error) {
		log.Info("worked", "message", m.ID, "receives", m.Receives, "seconds", took.Seconds(), "done", err == nil)
	}}
}

// readOptions reads the environment and names every mistake.
func readOptions(getenv func(string) string) (worker.Options, error) {
	o := worker.Options{URL: getenv("WORK_QUEUE_URL")}
	var problems []error
	duration := func(name string, v *time.Duration) {
		d, err := time.ParseDuration(getenv(name))
		if getenv(name) == "" {
			return
		}
		if err != nil || d <= 0 {
			problems = append(problems, fmt.Errorf("%s is %q: want a duration such as 5s", name, getenv(name)))
		}
		*v = d
	}
	standard := defaultWork
	duration("WORK_DURATION", &standard)
	duration("WORK_STOP_TIMEOUT", &o.StopTimeout)
	o.Handle = handler(standard)
	if o.URL == "" {
		problems = append(problems, errors.New("WORK_QUEUE_URL is not set"))
	}
	if text := getenv("WORK_CONCURRENCY"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			problems = append(problems, fmt.Errorf("WORK_CONCURRENCY is %q: want a number above zero", text))
		}
		o.Concurrency = n
	}
	switch text := getenv("WORK_PROTECTION"); text {
	case "", "on":
	case "off":
		o.Protection = worker.Unprotected
	default:
		problems = append(problems, fmt.Errorf("WORK_PROTECTION is %q: want on or off", text))
	}
	return o, container.Problems(problems)
}
