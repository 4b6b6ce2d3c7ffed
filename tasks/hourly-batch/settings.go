package main

import (
	"errors"
	"fmt"
	"time"

	"slipway/tasks/internal/container"
)

// settings is what the environment says.
type settings struct {
	bucket    string    // RESULTS_BUCKET
	job       string    // SLIPWAY_JOB, or hourly-batch
	from, to  time.Time // SLIPWAY_INTERVAL_START, else an hour before SLIPWAY_INTERVAL_END, which is not part of it
	scheduled time.Time // SLIPWAY_SCHEDULED_TIME, or the end of the interval
}

// key is where the report is stored, with the given extension.
func (s settings) key(extension string) string {
	return reportsFolder + s.job + "/" + s.scheduled.UTC().Format(time.RFC3339) + extension
}

// readSettings reads everything at once and names every mistake.
func readSettings(getenv func(string) string, now time.Time) (settings, error) {
	hour := now.UTC().Truncate(time.Hour)
	s := settings{bucket: getenv("RESULTS_BUCKET"), job: getenv("SLIPWAY_JOB"), from: hour.Add(-time.Hour), to: hour}
	var problems []error
	instant := func(name string, v *time.Time) bool {
		text := getenv(name)
		if text == "" {
			return false
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s is %q: want a time such as 2026-01-31T10:00:00Z", name, text))
		}
		*v = at.UTC()
		return err == nil
	}
	start, end := instant("SLIPWAY_INTERVAL_START", &s.from), instant("SLIPWAY_INTERVAL_END", &s.to)
	if end && !start {
		s.from = s.to.Add(-time.Hour)
	}
	s.scheduled = s.to
	instant("SLIPWAY_SCHEDULED_TIME", &s.scheduled)
	if s.bucket == "" {
		problems = append(problems, errors.New("RESULTS_BUCKET is not set"))
	}
	if s.job == "" {
		s.job = "hourly-batch"
	}
	switch {
	case len(problems) > 0:
	case start && !end:
		problems = append(problems, errors.New("SLIPWAY_INTERVAL_START is set without SLIPWAY_INTERVAL_END"))
	case !s.from.Before(s.to):
		problems = append(problems, fmt.Errorf("the interval from %s to %s is empty", s.from.Format(time.RFC3339), s.to.Format(time.RFC3339)))
	}
	return s, container.Problems(problems)
}
