package simulate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Contender is a policy by name.
type Contender struct {
	Name string
	make func(Settings) Scaler
	// Line says that it is none to choose, only a line to measure by.
	Line bool
}

// The names of the lines to measure by.
const (
	nameFixed       = "fixed"
	nameClairvoyant = "clairvoyant"
	// NameShipped is the policy of this project, which learns the service time, and nameHinted the same when told.
	NameShipped = "slipway"
	nameHinted  = "slipway-hinted"
)

// Contenders lists every policy: the shipped one, the rules of others, and the lines.
func Contenders() []Contender {
	return []Contender{
		{Name: NameShipped, make: Shipped},
		{Name: nameHinted, make: hinted},
		{Name: "keda-1", make: func(s Settings) Scaler { return KEDA(1*s.MessagesPerTask, s) }},
		{Name: "keda-6", make: func(s Settings) Scaler { return KEDA(6*s.MessagesPerTask, s) }},
		{Name: "target-tracking", make: func(s Settings) Scaler { return TargetTracking(trackingTarget(s), s) }},
		{Name: "step-scaling", make: StepScaling},
		{Name: "copilot", make: Copilot},
		{Name: "buildkite", make: Buildkite},
		{Name: nameFixed, Line: true},
		{Name: nameClairvoyant, Line: true},
	}
}

// hinted is the shipped policy that is told the service and start-up times.
func hinted(s Settings) Scaler {
	s.Hint = true
	return Shipped(s)
}

// trackingTarget is a third of the messages that a task can work off within the latency, and at least one.
func trackingTarget(s Settings) int {
	return max(1, int(s.Target/s.Service.Mean()/3)*s.MessagesPerTask)
}

// Choose returns contenders by name; no names: all.
func Choose(names []string) ([]Contender, error) {
	all := Contenders()
	if len(names) == 0 {
		return all, nil
	}
	var out []Contender
	for _, name := range names {
		i := slices.IndexFunc(all, func(c Contender) bool { return c.Name == name })
		if i < 0 {
			var known []string
			for _, c := range all {
				known = append(known, c.Name)
			}
			return nil, fmt.Errorf("there is no policy %q; the policies are %s", name, strings.Join(known, ", "))
		}
		out = append(out, all[i])
	}
	return out, nil
}

// Compare plays a load against contenders, and reports in their order. The clairvoyant is always played, since what is
// late there is late for everybody.
func Compare(s Settings, load Load, price float64, contenders []Contender) Comparison {
	clear := Clairvoyant(nameClairvoyant, s, load)
	outcomes := make([]Outcome, len(contenders))
	var wait sync.WaitGroup
	room := make(chan struct{}, parallel)
	for i, c := range contenders {
		wait.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			switch c.Name {
			case nameClairvoyant:
				outcomes[i] = clear
			case nameFixed:
				outcomes[i] = fleetFor(s, load)
			default:
				outcomes[i] = Run(c.Name, s, load, c.make(s))
			}
		})
	}
	wait.Wait()
	out := Comparison{Messages: len(load.Arrivals), Seconds: load.End, BareTaskSeconds: load.bare(s)}
	for i, o := range outcomes {
		out.Policies = append(out.Policies, report(o, clear, s, out.BareTaskSeconds, price, contenders[i].Line))
	}
	return out
}

// bare is the task-seconds that the work takes when no task is ever idle.
func (l Load) bare(s Settings) float64 {
	sum := 0.0
	for _, w := range l.Work {
		sum += float64(w)
	}
	return sum / float64(s.MessagesPerTask)
}

// seldom is the share of messages that may be late for a fleet that never changes.
const seldom = 0.001

// fleetFor is the smallest fleet of one size with which messages are seldom late, or the largest that is allowed. It is
// there from the beginning.
func fleetFor(s Settings, load Load) Outcome {
	play := func(n int) (Outcome, bool) {
		one := s
		one.Min, one.Max = n, n
		o := Run(nameFixed, one, load, Fixed(n))
		return o, float64(o.late(s.Target)) <= seldom*float64(len(o.Waits))
	}
	low, high := 0, 1
	best, good := play(high)
	for !good && high < s.Max {
		low, high = high, min(2*high, s.Max)
		best, good = play(high)
	}
	for low+1 < high {
		n := (low + high) / 2
		if o, good := play(n); good {
			best, high = o, n
		} else {
			low = n
		}
	}
	return best
}
