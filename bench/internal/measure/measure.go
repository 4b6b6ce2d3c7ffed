package measure

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Series are the figures of one contender, one for each round.
type Series []float64

// Min is the smallest figure.
func (s Series) Min() float64 { return slices.Min(s) }

// Max is the largest figure.
func (s Series) Max() float64 { return slices.Max(s) }

// Median is the middle figure, of an even number the lower one.
func (s Series) Median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[(len(sorted)-1)/2]
}

// Over are the ratios to another contender, round by round.
func (s Series) Over(other Series) Series {
	out := make(Series, 0, len(s))
	for i := range min(len(s), len(other)) {
		out = append(out, s[i]/other[i])
	}
	return out
}

// Spread is minimum, median and maximum.
func (s Series) Spread(decimals int) string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.*f / %.*f / %.*f", decimals, s.Min(), decimals, s.Median(), decimals, s.Max())
}

// Percentile is the smallest figure that at least so many percent of all do not exceed.
func (s Series) Percentile(p float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[max(0, int(math.Ceil(p/100*float64(len(sorted))))-1)]
}

// Percentiles are the 50th, the 90th and the 99th, and the maximum.
func (s Series) Percentiles(decimals int) string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.*f / %.*f / %.*f / %.*f", decimals, s.Percentile(50), decimals, s.Percentile(90), decimals, s.Percentile(99), decimals, s.Max())
}

// Goal is a figure that is to be at most, or at least, a limit.
type Goal struct {
	What    string  `json:"what"`
	Got     float64 `json:"got"`
	Limit   float64 `json:"limit"`
	AtLeast bool    `json:"atLeast,omitempty"`
}

// Met reports whether the goal is reached.
func (g Goal) Met() bool {
	if g.AtLeast {
		return g.Got >= g.Limit
	}
	return g.Got <= g.Limit
}

// Table is one table of the page of benchmarks.
type Table struct {
	Title   string            `json:"title"`
	Note    string            `json:"note,omitempty"`
	Columns []string          `json:"columns"`
	Rows    [][]string        `json:"rows"`
	Goals   []Goal            `json:"goals,omitempty"`
	Raw     map[string]Series `json:"raw,omitempty"`
}

// Write writes the table in Markdown, and then which of its goals are reached.
func (t Table) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", t.Title)
	if t.Note != "" {
		fmt.Fprintf(&b, "%s\n\n", t.Note)
	}
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.Columns)
	line(slices.Repeat([]string{"---"}, len(t.Columns)))
	for _, row := range t.Rows {
		line(row)
	}
	for i, g := range t.Goals {
		if i == 0 {
			b.WriteString("\n")
		}
		sign, verdict := "≤", "reached"
		if g.AtLeast {
			sign = "≥"
		}
		if !g.Met() {
			verdict = "**not reached**"
		}
		fmt.Fprintf(&b, "- %s: %.3g, goal %s %.3g: %s\n", g.What, g.Got, sign, g.Limit, verdict)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
