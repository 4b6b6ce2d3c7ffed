package main

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

const (
	// listed is how many objects a list of a report shows.
	listed = 10
	// mostBars is how many bars the chart over time has at most.
	mostBars = 120
)

// report is what is stored. It says nothing of the run that made it, so that the same input gives the same report.
type report struct {
	Job           string    `json:"job"`
	ScheduledTime time.Time `json:"scheduledTime"`
	From          time.Time `json:"from"`
	To            time.Time `json:"to"` // not part of the interval

	Objects     int        `json:"objects"` // processed in the interval
	Bytes       int64      `json:"bytes"`   // of these objects
	ResultFiles int        `json:"resultFiles"`
	ResultBytes int64      `json:"resultBytes"`
	Formats     []format   `json:"formats"`
	StepSeconds int        `json:"stepSeconds"` // how long one of Times is
	Times       []slot     `json:"times"`
	Largest     []item     `json:"largest"`
	Slowest     []item     `json:"slowest"`
	Unreadable  unreadable `json:"unreadable"`
}

type format struct {
	Format  string `json:"format"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`
}

type slot struct {
	At      time.Time `json:"at"`
	Objects int       `json:"objects"`
}

type item struct {
	Bucket    string  `json:"bucket"`
	Key       string  `json:"key"`
	VersionID string  `json:"versionId,omitempty"`
	Format    string  `json:"format"`
	Bytes     int64   `json:"bytes"`
	Seconds   float64 `json:"seconds"` // that it took to process
}

// unreadable is the descriptions that are none.
type unreadable struct {
	Count int      `json:"count"`
	Keys  []string `json:"keys"` // the first of them
}

func newReport(s settings, entries []entry, files []file, bad []string) report {
	r := report{
		Job: s.job, ScheduledTime: s.scheduled, From: s.from, To: s.to,
		Objects: len(entries), ResultFiles: len(files),
		Formats: formatsOf(entries), Unreadable: unreadable{len(bad), append([]string{}, bad[:min(len(bad), listed)]...)},
	}
	for _, f := range files {
		r.ResultBytes += f.size
	}
	for _, f := range r.Formats {
		r.Bytes += f.Bytes
	}
	step := stepOf(s.to.Sub(s.from))
	r.StepSeconds, r.Times = int(step/time.Second), timesOf(s, step, entries)
	r.Largest = top(entries, func(a, b item) int { return cmp.Compare(b.Bytes, a.Bytes) })
	r.Slowest = top(entries, func(a, b item) int { return cmp.Compare(b.Seconds, a.Seconds) })
	return r
}

func formatsOf(entries []entry) []format {
	at := map[string]int{}
	formats := []format{}
	for _, e := range entries {
		i, known := at[e.Format]
		if !known {
			i = len(formats)
			at[e.Format] = i
			formats = append(formats, format{Format: e.Format})
		}
		formats[i].Objects++
		formats[i].Bytes += e.Size
	}
	slices.SortFunc(formats, func(a, b format) int {
		return cmp.Or(cmp.Compare(b.Objects, a.Objects), strings.Compare(a.Format, b.Format))
	})
	return formats
}

// stepOf is the length of a bar: a minute, unless that makes too many.
func stepOf(interval time.Duration) time.Duration {
	for _, step := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		if interval <= mostBars*step {
			return step
		}
	}
	day := 24 * time.Hour
	return day * ((interval + mostBars*day - 1) / (mostBars * day))
}

func timesOf(s settings, step time.Duration, entries []entry) []slot {
	var times []slot
	for at := s.from; at.Before(s.to); at = at.Add(step) {
		times = append(times, slot{At: at})
	}
	for _, e := range entries {
		times[e.at.Sub(s.from)/step].Objects++
	}
	return times
}

// top is the first objects in an order, and among equals by key.
func top(entries []entry, order func(a, b item) int) []item {
	items := make([]item, 0, len(entries))
	for _, e := range entries {
		items = append(items, item{e.Bucket, e.Key, e.VersionID, e.Format, e.Size, e.ProcessingSeconds})
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(order(a, b), strings.Compare(a.Bucket, b.Bucket), strings.Compare(a.Key, b.Key))
	})
	return items[:min(len(items), listed)]
}
