package simulate

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Comparison is what a load did to each policy. Times are in seconds.
type Comparison struct {
	Title           string   `json:"title"`
	Messages        int      `json:"messages"`
	Seconds         float64  `json:"seconds"`
	BareTaskSeconds float64  `json:"bareTaskSeconds"`
	Policies        []Report `json:"policies"`
}

// Report is what became of a load under one policy.
type Report struct {
	Policy string `json:"policy"`
	Line   bool   `json:"line,omitempty"` // only to measure by
	// LatePercent is the share of messages that waited longer than the target; AvoidablyLatePercent of those only that
	// were in time for the clairvoyant.
	LatePercent          float64  `json:"latePercent"`
	AvoidablyLatePercent float64  `json:"avoidablyLatePercent"`
	P50                  float64  `json:"p50"`
	P95                  float64  `json:"p95"`
	P99                  float64  `json:"p99"`
	Longest              float64  `json:"longest"`
	TaskSeconds          float64  `json:"taskSeconds"`
	OverBare             float64  `json:"overBare"`        // task-seconds over the bare work
	OverClairvoyant      float64  `json:"overClairvoyant"` // task-seconds over the clairvoyant's
	Cost                 float64  `json:"cost"`            // in dollars
	Started              int      `json:"started"`         // tasks
	Killed               int      `json:"killed"`          // messages whose task was stopped while it worked on them
	Updates              int      `json:"updates"`         // of the desired count
	Looks                int      `json:"looks"`
	Timeline             []Moment `json:"-"`
}

func report(o, clear Outcome, s Settings, bare, price float64, line bool) Report {
	sorted := slices.Clone(o.Waits)
	slices.Sort(sorted)
	n := float64(max(len(sorted), 1))
	avoidable := 0
	for i, w := range o.Waits {
		if float64(w) > s.Target && float64(clear.Waits[i]) <= s.Target {
			avoidable++
		}
	}
	return Report{
		Policy: o.Name, Line: line, LatePercent: 100 * float64(o.late(s.Target)) / n, AvoidablyLatePercent: 100 * float64(avoidable) / n,
		P50: quantile(sorted, 0.5), P95: quantile(sorted, 0.95), P99: quantile(sorted, 0.99), Longest: quantile(sorted, 1),
		TaskSeconds: o.TaskSeconds, OverBare: ratio(o.TaskSeconds, bare), OverClairvoyant: ratio(o.TaskSeconds, clear.TaskSeconds),
		Cost: o.TaskSeconds * price, Started: o.Started, Killed: o.Killed, Updates: o.Updates, Looks: o.Looks, Timeline: o.Timeline,
	}
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

func quantile(sorted []float32, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)])
}

// Table prints a comparison for people.
func (c Comparison) Table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) } // Flush tells of errors
	line("policy\tlate %%\tavoidably %%\tp50 s\tp95 s\tp99 s\ttask-seconds\tover work\tover clairvoyant\tcost $\tstarted\tkilled\t\n")
	for _, r := range c.Policies {
		line("%s\t%.3f\t%.3f\t%.1f\t%.1f\t%.1f\t%.0f\t%.2f\t%.2f\t%.2f\t%d\t%d\t\n", r.Policy, r.LatePercent, r.AvoidablyLatePercent,
			r.P50, r.P95, r.P99, r.TaskSeconds, r.OverBare, r.OverClairvoyant, r.Cost, r.Started, r.Killed)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// Against is how the shipped policy stands to the others: the cheapest of those that are as seldom late, and the one
// that is the least often late.
func (c Comparison) Against(name string) (cheapest, punctual *Report) {
	i := slices.IndexFunc(c.Policies, func(r Report) bool { return r.Policy == name })
	if i < 0 {
		return nil, nil
	}
	for k := range c.Policies {
		r := &c.Policies[k]
		if r.Line || r.Policy == NameShipped || r.Policy == nameHinted {
			continue
		}
		if punctual == nil || r.LatePercent < punctual.LatePercent {
			punctual = r
		}
		if r.LatePercent <= c.Policies[i].LatePercent && (cheapest == nil || r.TaskSeconds < cheapest.TaskSeconds) {
			cheapest = r
		}
	}
	return cheapest, punctual
}
