package rollout

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

// The size of the picture, in its own units.
const (
	wide, high = 1000.0, 260.0
	headroom   = 1.08
	marks      = 5
)

// view is what the page shows.
type view struct {
	Plan        Plan
	Rollout     Rollout
	Least, Most int
	Bands       []band
	LeastAt     float64
	MostAt      float64
	Times       []mark
}

// band is one kind of task over time, on top of those before it.
type band struct{ Name, Class, Points string }

type mark struct {
	At    float64
	Label string
}

// Page writes a rollout as one HTML page that needs nothing else: how many tasks of each kind there are over time,
// between the limits, and the steps.
func Page(out io.Writer, p Plan, r Rollout) error {
	page, err := template.New("page").Funcs(template.FuncMap{"clock": clock}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	v := view{Plan: p, Rollout: r}
	v.Least, v.Most = p.Limits()
	top := float64(max(1, v.Most)) * headroom
	end := max(1, r.Seconds*headroom)
	v.LeastAt, v.MostAt = high*(1-float64(v.Least)/top), high*(1-float64(v.Most)/top)
	v.Bands = bands(r.Steps, end, top)
	for i := range marks {
		at := float64(i) / (marks - 1)
		v.Times = append(v.Times, mark{wide * at, clock(end * at)})
	}
	if err := page.Execute(out, v); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// bands stack what serves below what does not.
func bands(steps []Step, end, top float64) []band {
	kinds := []struct {
		name, class string
		n           func(Step) int
	}{
		{"new, serving", "new", func(s Step) int { return s.NewRunning }},
		{"old, serving", "old", func(s Step) int { return s.OldRunning }},
		{"starting", "starting", func(s Step) int { return s.Starting }},
		{"stopping", "stopping", func(s Step) int { return s.Stopping }},
	}
	below := make([]float64, len(steps))
	var out []band
	for _, k := range kinds {
		above := make([]float64, len(steps))
		for i, s := range steps {
			above[i] = below[i] + float64(k.n(s))
		}
		out = append(out, band{k.name, k.class, outline(steps, below, above, end, top)})
		below = above
	}
	return out
}

// outline goes along the upper edge of a band, and back along the lower one. Each step lasts until the next.
func outline(steps []Step, below, above []float64, end, top float64) string {
	var forth, back strings.Builder
	point := func(b *strings.Builder, at, n float64) { fmt.Fprintf(b, "%.1f,%.1f ", at/end*wide, high*(1-n/top)) }
	for i, s := range steps {
		until := end
		if i+1 < len(steps) {
			until = steps[i+1].At
		}
		point(&forth, s.At, above[i])
		point(&forth, until, above[i])
	}
	for i := len(steps) - 1; i >= 0; i-- {
		until := end
		if i+1 < len(steps) {
			until = steps[i+1].At
		}
		point(&back, until, below[i])
		point(&back, steps[i].At, below[i])
	}
	return forth.String() + back.String()
}

// clock is a number of seconds for people.
func clock(seconds float64) string {
	return (time.Duration(seconds*10) * (time.Second / 10)).Round(time.Second / 10).String()
}
