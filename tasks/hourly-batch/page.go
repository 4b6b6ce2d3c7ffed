package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"time"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"bytes": bytesText, "seconds": secondsText, "clock": clockText, "span": spanText,
}).Parse(pageText))

// The charts, in the units of their drawing.
const (
	chartWidth  = 720.0
	chartHeight = 160.0
	rowHeight   = 28.0
	labelWidth  = 90.0
	countWidth  = 150.0
)

// bar is one bar of a chart, with what it shows.
type bar struct {
	X, Y, W, H float64
	TextX      float64
	Label      string
	Count      int
	Bytes      int64
}

// view is what the page shows.
type view struct {
	report
	Width, Height, FormatsHeight float64
	TimeBars, FormatBars         []bar
	Most                         int
}

func render(w io.Writer, r report) error {
	v := view{report: r, Width: chartWidth, Height: chartHeight, FormatsHeight: rowHeight * float64(len(r.Formats))}
	for _, t := range r.Times {
		v.Most = max(v.Most, t.Objects)
	}
	v.TimeBars, v.FormatBars = timeBars(r.Times, v.Most), formatBars(r.Formats)
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("render report: %w", err)
	}
	return nil
}

func timeBars(times []slot, most int) []bar {
	bars := make([]bar, 0, len(times))
	width := chartWidth / float64(max(1, len(times)))
	for i, t := range times {
		h := chartHeight * float64(t.Objects) / float64(max(1, most))
		bars = append(bars, bar{X: float64(i) * width, Y: chartHeight - h, W: width * 0.8, H: h, Label: clockText(t.At), Count: t.Objects})
	}
	return bars
}

func formatBars(formats []format) []bar {
	bars := make([]bar, 0, len(formats))
	for i, f := range formats {
		w := (chartWidth - labelWidth - countWidth) * float64(f.Objects) / float64(max(1, formats[0].Objects))
		bars = append(bars, bar{X: labelWidth, Y: float64(i) * rowHeight, W: w, H: rowHeight * 0.7, TextX: labelWidth + w + 8, Label: f.Format, Count: f.Objects, Bytes: f.Bytes})
	}
	return bars
}

func clockText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

func secondsText(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) + " s" }

func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, names := float64(n)/unit, "KMGTP"
	for value >= unit && len(names) > 1 {
		value, names = value/unit, names[1:]
	}
	return fmt.Sprintf("%.1f %ciB", value, names[0])
}

// spanText is a number of seconds in the largest unit that it is whole in.
func spanText(seconds int) string {
	for _, unit := range []struct {
		seconds int
		name    string
	}{{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}} {
		switch n := seconds / unit.seconds; {
		case seconds%unit.seconds != 0:
		case n == 1:
			return unit.name
		default:
			return strconv.Itoa(n) + " " + unit.name + "s"
		}
	}
	return ""
}
