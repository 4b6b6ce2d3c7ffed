package scaling_test

import (
	"testing"
	"time"

	"slipway/internal/scaling"
)

var start = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

// look is a sample some seconds after the start.
type look struct {
	after  float64
	sample scaling.Sample
}

func at(after float64) time.Time { return start.Add(time.Duration(after * float64(time.Second))) }

// decide goes through looks and returns the last decision.
func decide(p scaling.Policy, looks ...look) scaling.Decision {
	var d scaling.Decision
	var st scaling.State
	for _, l := range looks {
		d, st = scaling.Decide(p, st, l.sample, at(l.after))
	}
	return d
}

// every repeats a sample.
func every(seconds float64, from, to float64, s scaling.Sample) []look {
	var out []look
	for t := from; t <= to; t += seconds {
		out = append(out, look{t, s})
	}
	return out
}

var (
	protected = scaling.Policy{Max: 10, MessagesPerTask: 1, Latency: time.Minute, ServiceTime: 5 * time.Second, StartupTime: 35 * time.Second, ScaleIn: scaling.Protected}
	idle      = scaling.Policy{Max: 10, MessagesPerTask: 1, Latency: time.Minute, ServiceTime: 5 * time.Second, StartupTime: 35 * time.Second, ScaleIn: scaling.Idle}
)

func with(p scaling.Policy, change func(*scaling.Policy)) scaling.Policy {
	change(&p)
	return p
}

func TestDecide(t *testing.T) {
	for name, tc := range map[string]struct {
		policy scaling.Policy
		looks  []look
		want   scaling.Decision
	}{
		"nothing to do is no task":                {protected, []look{{0, scaling.Sample{}}}, scaling.Decision{Reason: scaling.Empty}},
		"one message is one task":                 {protected, []look{{0, scaling.Sample{Visible: 1}}}, scaling.Decision{Desired: 1, Reason: scaling.Backlog}},
		"a backlog is more":                       {protected, []look{{0, scaling.Sample{Visible: 30}}}, scaling.Decision{Desired: 7, Reason: scaling.Backlog}},
		"never above the maximum":                 {protected, []look{{0, scaling.Sample{Visible: 9999}}}, scaling.Decision{Desired: 10, Reason: scaling.AtMaximum}},
		"never below the minimum":                 {with(protected, func(p *scaling.Policy) { p.Min = 2 }), []look{{0, scaling.Sample{}}}, scaling.Decision{Desired: 2, Reason: scaling.AtMinimum}},
		"delayed messages are not worked on":      {protected, []look{{0, scaling.Sample{Delayed: 50}}}, scaling.Decision{Reason: scaling.Empty}},
		"enough on their way is enough":           {protected, []look{{0, scaling.Sample{Visible: 30}}, {5, scaling.Sample{Visible: 30, Desired: 10}}}, scaling.Decision{Desired: 10, Reason: scaling.Starting}},
		"what takes ten at once takes fewer":      {with(protected, func(p *scaling.Policy) { p.MessagesPerTask = 10 }), []look{{0, scaling.Sample{Visible: 30}}}, scaling.Decision{Desired: 1, Reason: scaling.Backlog}},
		"a zero policy is one message a task":     {scaling.Policy{Max: 5}, []look{{0, scaling.Sample{Visible: 1}}}, scaling.Decision{Desired: 1, Reason: scaling.Backlog}},
		"protected: not below the busy":           {protected, []look{{0, scaling.Sample{InFlight: 4, Running: 8, Desired: 8}}}, scaling.Decision{Desired: 4, Reason: scaling.Busy}},
		"idle: all stay while one is at work":     {idle, []look{{0, scaling.Sample{InFlight: 1, Running: 8, Desired: 8}}}, scaling.Decision{Desired: 8, Reason: scaling.Busy}},
		"idle: all stay while one may have taken": {idle, []look{{0, scaling.Sample{Visible: 1, Running: 8, Desired: 8}}}, scaling.Decision{Desired: 8, Reason: scaling.Busy}},
		"the maximum goes before the busy":        {protected, []look{{0, scaling.Sample{InFlight: 50, Running: 50, Desired: 50}}}, scaling.Decision{Desired: 10, Reason: scaling.AtMaximum}},
		"the last task stays warm for a while":    {protected, append(every(5, 0, 60, scaling.Sample{InFlight: 1, Running: 1, Desired: 1}), look{200, scaling.Sample{Running: 1, Desired: 1}}), scaling.Decision{Desired: 1, Reason: scaling.Burst}},
		"and goes a few minutes later":            {protected, append(every(5, 0, 60, scaling.Sample{InFlight: 1, Running: 1, Desired: 1}), every(5, 65, 360, scaling.Sample{Running: 1, Desired: 1})...), scaling.Decision{Reason: scaling.Empty}},
		"no task goes during a deployment":        {protected, []look{{0, scaling.Sample{Running: 6, Desired: 5, Deploying: true}}}, scaling.Decision{Desired: 5, Reason: scaling.Deployment}},
		"held when a count is missing":            {protected, []look{{0, scaling.Sample{Visible: scaling.Unknown, Desired: 3}}}, scaling.Decision{Desired: 3, Reason: scaling.NoReading}},
		"held on a negative count":                {protected, []look{{0, scaling.Sample{InFlight: -7, Desired: 3}}}, scaling.Decision{Desired: 3, Reason: scaling.BadSample}},
		"held on an absurd count":                 {protected, []look{{0, scaling.Sample{Visible: 1 << 40, Desired: 3}}}, scaling.Decision{Desired: 3, Reason: scaling.BadSample}},
		"held on an absurd desired count":         {protected, []look{{0, scaling.Sample{Visible: 1}}, {5, scaling.Sample{Desired: 1 << 40}}}, scaling.Decision{Desired: 1, Reason: scaling.BadSample}},
		"held on an old reading":                  {protected, []look{{120, scaling.Sample{At: start, Visible: 90, Desired: 3}}}, scaling.Decision{Desired: 3, Reason: scaling.OldReading}},
		"held when the clock goes back":           {protected, []look{{100, scaling.Sample{Desired: 3}}, {40, scaling.Sample{Visible: 90, Desired: 3}}}, scaling.Decision{Desired: 3, Reason: scaling.ClockBack}},
		"goes on after the clock went back":       {protected, []look{{100, scaling.Sample{Desired: 3}}, {40, scaling.Sample{Visible: 90, Desired: 3}}, {45, scaling.Sample{Visible: 9999, Desired: 3}}}, scaling.Decision{Desired: 10, Reason: scaling.AtMaximum}},
		"held when no count is allowed":           {with(protected, func(p *scaling.Policy) { p.Min = 11 }), []look{{0, scaling.Sample{Desired: 3}}}, scaling.Decision{Desired: 3, Reason: scaling.BadPolicy}},
		"what cannot start gets no more":          {protected, []look{{0, scaling.Sample{Visible: 900, Desired: 4, StartFailures: 3}}}, scaling.Decision{Desired: 1, Reason: scaling.CannotStart}},
		"what never starts gets no more":          {protected, every(5, 0, 320, scaling.Sample{Visible: 900, Pending: 4, Desired: 4}), scaling.Decision{Desired: 1, Reason: scaling.CannotStart}},
		"a broken worker is backed off":           {protected, every(5, 0, 1300, scaling.Sample{Visible: 900, Running: 8, Desired: 8}), scaling.Decision{Desired: 4, Reason: scaling.NotMoving}},
		"and never below the busy":                {protected, every(5, 0, 1300, scaling.Sample{Visible: 900, InFlight: 6, Running: 8, Desired: 8}), scaling.Decision{Desired: 6, Reason: scaling.Busy}},
		"groups that are known are the limit":     {with(protected, func(p *scaling.Policy) { p.FIFO, p.MaxGroups = true, 3 }), []look{{0, scaling.Sample{Visible: 900}}}, scaling.Decision{Desired: 3, Reason: scaling.Groups}},
		"idle workers while a FIFO queue waits":   {with(protected, func(p *scaling.Policy) { p.FIFO = true }), every(5, 0, 30, scaling.Sample{Visible: 900, InFlight: 2, Running: 8, Desired: 8}), scaling.Decision{Desired: 4, Reason: scaling.Groups}},
	} {
		t.Run(name, func(t *testing.T) {
			got := decide(tc.policy, tc.looks...)
			if got.Desired != tc.want.Desired || got.Reason != tc.want.Reason {
				t.Errorf("Decide = %d, %s; want %d, %s", got.Desired, got.Reason, tc.want.Desired, tc.want.Reason)
			}
		})
	}
}

func TestRest(t *testing.T) {
	quiet := every(5, 65, 700, scaling.Sample{})
	for name, tc := range map[string]struct {
		looks []look
		want  bool
	}{
		"nothing was ever seen":                {[]look{{0, scaling.Sample{}}}, true},
		"a task is there that is not needed":   {[]look{{0, scaling.Sample{Running: 1, Desired: 1}}}, false},
		"there is work":                        {[]look{{0, scaling.Sample{Visible: 1}}}, false},
		"there was work a minute ago":          {[]look{{0, scaling.Sample{Visible: 1}}, {60, scaling.Sample{}}}, false},
		"there was work long ago":              {append([]look{{0, scaling.Sample{Visible: 1}}}, quiet...), true},
		"delayed messages will be there soon":  {[]look{{0, scaling.Sample{Delayed: 1}}}, false},
		"a reading that is missing is no rest": {[]look{{0, scaling.Sample{Visible: scaling.Unknown}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := decide(protected, tc.looks...).Rest; got != tc.want {
				t.Errorf("Rest = %t, want %t", got, tc.want)
			}
		})
	}
}

// The expected wait is that of a message that arrives now.
func TestWait(t *testing.T) {
	for name, tc := range map[string]struct {
		sample scaling.Sample
		want   time.Duration
	}{
		"an empty queue with a task": {scaling.Sample{Running: 1, Desired: 1}, 0},
		"no task":                    {scaling.Sample{}, 35 * time.Second},
		"ten before it, two tasks":   {scaling.Sample{Visible: 10, InFlight: 2, Running: 2, Desired: 2}, 25 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := decide(protected, look{0, tc.sample}).Wait; got != tc.want {
				t.Errorf("Wait = %s, want %s", got, tc.want)
			}
		})
	}
}
