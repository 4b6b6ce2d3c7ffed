package simulate

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
)

//go:embed page.html
var pageText string

// Page writes comparisons as one HTML page that needs nothing else.
func Page(out io.Writer, s Settings, all []Comparison) error {
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	view := struct {
		Target float64
		Tests  []section
	}{Target: s.Target}
	for _, c := range all {
		view.Tests = append(view.Tests, section{c, charts(c, s)})
	}
	if err := page.Execute(out, view); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

type section struct {
	Comparison
	Charts []chart
}

// chart is one quantity over time, a line for each policy.
type chart struct {
	Title string
	Lines []curve
	Marks []mark // on the axis of values
	Hours []mark // on the axis of time
	Limit []mark // the target, where it is one of the values
	top   float64
}

type curve struct {
	Policy, Color string
	Shown         bool
	Points        string
}

type mark struct {
	At    float64
	Label string
}

// The size of a chart, in its own units.
const (
	wide, high = 1000.0, 200.0
	ticks      = 4
	headroom   = 1.05
	tolerated  = 4.0 // values beyond this many times the shipped policy's highest are cut off
)

var colors = map[string]string{
	NameShipped: "#0b6e4f", nameHinted: "#58b09c", "keda-1": "#c47f17", "keda-6": "#e8590c", "target-tracking": "#a61e4d",
	"step-scaling": "#7048e8", "copilot": "#d6336c", "buildkite": "#1c7ed6", nameFixed: "#868e96", nameClairvoyant: "#212529",
}

// shown are the policies whose lines are there before anybody has chosen.
var shown = map[string]bool{NameShipped: true, "keda-6": true, "buildkite": true, nameClairvoyant: true}

func charts(c Comparison, s Settings) []chart {
	waits := draw(c, "Longest wait of messages begun, in seconds", func(m Moment) float64 { return m.Wait }, s.Target)
	waits.Limit = []mark{{high * (1 - s.Target/waits.top), "target"}}
	return []chart{
		draw(c, "Tasks running", func(m Moment) float64 { return float64(m.Running) }, 1),
		draw(c, "Messages in the queue or at work", func(m Moment) float64 { return float64(m.Queue) }, 1),
		waits,
	}
}

func draw(c Comparison, title string, value func(Moment) float64, least float64) chart {
	top, end := least, c.Seconds
	for _, r := range c.Policies {
		most := 0.0
		for _, m := range r.Timeline {
			most = max(most, value(m))
		}
		if shown[r.Policy] || !hasShipped(c) {
			top = max(top, min(most, tolerated*highest(c, value, least)))
		}
	}
	top *= headroom
	out := chart{Title: title, top: top}
	for _, r := range c.Policies {
		var points strings.Builder
		for _, m := range r.Timeline {
			if m.At <= end {
				fmt.Fprintf(&points, "%.1f,%.1f ", m.At/end*wide, high*(1-min(value(m)/top, 1)))
			}
		}
		out.Lines = append(out.Lines, curve{r.Policy, colors[r.Policy], shown[r.Policy] || !hasShipped(c), points.String()})
	}
	for i := range ticks + 1 {
		part := float64(i) / ticks
		out.Marks = append(out.Marks, mark{high * (1 - part), fmt.Sprintf("%.0f", top*part)})
		out.Hours = append(out.Hours, mark{wide * part, clock(end * part)})
	}
	return out
}

// highest is the highest value of the shipped policy, or of all when it is not among them.
func highest(c Comparison, value func(Moment) float64, least float64) float64 {
	for _, r := range c.Policies {
		if r.Policy == NameShipped || !hasShipped(c) {
			for _, m := range r.Timeline {
				least = max(least, value(m))
			}
		}
	}
	return least
}

func hasShipped(c Comparison) bool {
	return slices.ContainsFunc(c.Policies, func(r Report) bool { return r.Policy == NameShipped })
}

// clock is a number of seconds for people.
func clock(seconds float64) string {
	switch {
	case seconds < 7200:
		return fmt.Sprintf("%.0f min", seconds/60)
	case seconds < 3*86400:
		return fmt.Sprintf("%.1f h", seconds/3600)
	}
	return fmt.Sprintf("%.1f d", seconds/86400)
}
