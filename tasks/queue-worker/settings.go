package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"slipway/tasks/internal/container"
	"slipway/worker"
)

// grace is longer than the worker takes to end by itself.
const grace = 5 * time.Minute

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
	duration("WORK_WAIT", &o.Wait)
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
