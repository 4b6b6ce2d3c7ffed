package simulate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Trace is a recording of arrivals: single times, or counts for each interval. Times are in seconds from the first.
type Trace struct {
	Times    []float64
	Counts   []float64 // nil: each time is one arrival
	Interval float64   // of the counts
}

var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02"}

// ReadTrace reads a CSV: a column of times, and, when the header calls the second column value, count, requests or
// messages or there is no header and a second column of numbers, the arrivals from that time until the next. Times are
// RFC 3339, date and time with a space, or numbers of seconds.
func ReadTrace(in io.Reader) (Trace, error) {
	var t Trace
	lines := bufio.NewScanner(in)
	counts, first, number := false, 0.0, 0
	for lines.Scan() {
		number++
		fields := strings.Split(strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")), ",")
		if fields[0] == "" {
			continue
		}
		at, err := moment(fields[0])
		if err != nil && number == 1 {
			counts = len(fields) > 1 && isCount(fields[1])
			continue
		}
		if err != nil {
			return t, fmt.Errorf("read line %d of the trace: %w", number, err)
		}
		if number == 1 {
			counts = len(fields) > 1
		}
		if len(t.Times) == 0 {
			first = at
		}
		t.Times = append(t.Times, at-first)
		if err := t.count(counts, fields); err != nil {
			return t, fmt.Errorf("read line %d of the trace: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return t, fmt.Errorf("read the trace: %w", err)
	}
	return t.check()
}

func (t *Trace) count(counts bool, fields []string) error {
	if !counts {
		return nil
	}
	if len(fields) < 2 {
		return errors.New("the count is missing")
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(fields[1]), 64)
	if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return fmt.Errorf("%q is not a count", fields[1])
	}
	t.Counts = append(t.Counts, n)
	return nil
}

// check puts the times in order and finds the interval: the median of the steps.
func (t Trace) check() (Trace, error) {
	if len(t.Times) == 0 {
		return t, errors.New("read the trace: there is no arrival in it")
	}
	if t.Counts == nil {
		sort.Float64s(t.Times)
		return t, nil
	}
	if len(t.Times) < 2 || !sort.Float64sAreSorted(t.Times) {
		return t, errors.New("read the trace: counts need two lines or more, in the order of time")
	}
	steps := make([]float64, 0, len(t.Times))
	for i := 1; i < len(t.Times); i++ {
		steps = append(steps, t.Times[i]-t.Times[i-1])
	}
	sort.Float64s(steps)
	t.Interval = steps[len(steps)/2]
	if t.Interval <= 0 {
		return t, errors.New("read the trace: most lines have the time of the line before")
	}
	return t, nil
}

func isCount(header string) bool {
	switch strings.ToLower(strings.TrimSpace(header)) {
	case "value", "count", "counts", "requests", "messages", "arrivals":
		return true
	}
	return false
}

func moment(text string) (float64, error) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
		return n, nil
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return float64(at.UnixNano()) / 1e9, nil
		}
	}
	return 0, fmt.Errorf("%q is not a time, as in 2027-01-31T23:00:00Z, or a number of seconds", text)
}

// Length is how many seconds the trace covers.
func (t Trace) Length() float64 { return t.Times[len(t.Times)-1] - t.Times[0] + t.Interval }

// Window is the part of the trace that begins after so many seconds and lasts so many; zero: to its end.
func (t Trace) Window(from, lasts float64) Trace {
	to := math.Inf(1)
	if lasts > 0 {
		to = from + lasts
	}
	out := Trace{Interval: t.Interval}
	for i, at := range t.Times {
		if at < from || at >= to {
			continue
		}
		out.Times = append(out.Times, at-from)
		if t.Counts != nil {
			out.Counts = append(out.Counts, t.Counts[i])
		}
	}
	return out
}

// Busiest is where the window of so many seconds with the most arrivals begins.
func (t Trace) Busiest(lasts float64) float64 {
	best, from, sum, first := -1.0, 0.0, 0.0, 0
	for i, at := range t.Times {
		sum += t.weight(i)
		for t.Times[first] <= at-lasts {
			sum -= t.weight(first)
			first++
		}
		if sum > best {
			best, from = sum, t.Times[first]
		}
	}
	return from
}

func (t Trace) weight(i int) float64 {
	if t.Counts == nil {
		return 1
	}
	return t.Counts[i]
}

// Arrivals draws times with the shape of the trace and so many a second on the mean; zero: as many as were recorded.
// Arrivals of an interval are spread over it at random; single times are repeated or left out at random, repetitions
// within a second.
func (t Trace) Arrivals(perSecond float64, seed uint64) (arrivals []float64, end float64) {
	r := random(seed, "trace")
	end = t.Times[len(t.Times)-1] + max(t.Interval, 1)
	total := 0.0
	for i := range t.Times {
		total += t.weight(i)
	}
	scale := 1.0
	if perSecond > 0 && total > 0 {
		scale = perSecond * end / total
	}
	spread := t.Interval
	if t.Counts == nil {
		spread = 1
	}
	for i, at := range t.Times {
		want := t.weight(i) * scale
		n := int(want)
		if r.Float64() < want-float64(n) {
			n++
		}
		for k := range n {
			if k == 0 && t.Counts == nil {
				arrivals = append(arrivals, at)
				continue
			}
			arrivals = append(arrivals, at+spread*r.Float64())
		}
	}
	sort.Float64s(arrivals)
	return arrivals, end
}
