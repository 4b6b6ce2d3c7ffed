package scaling

import (
	"slices"
	"time"
)

// What AWS can have at most; more is no reading.
const (
	mostMessages = 1_000_000_000
	mostInFlight = 10 * 120_000 // ten queues
	mostTasks    = 100_000
)

const (
	// oldAfter is when a reading is too old to act on.
	oldAfter = time.Minute
	// stillAfter is when a queue that does not move is given up; its tasks are halved after each such time.
	stillAfter = 10 * time.Minute
	// startWithin is how many medians of the start-up time a task may take, and startAtLeast how long at least.
	startWithin  = 8
	startAtLeast = 5 * time.Minute
	// failures is how many tasks of a deployment may fail to start.
	failures = 3
)

// hold is why nothing may be decided on a sample; empty: it may.
func hold(p Policy, st State, s Sample, now time.Time) Reason {
	switch {
	case p.Max < p.Min || p.Max <= 0:
		return BadPolicy
	case missing(s):
		return NoReading
	case impossible(s):
		return BadSample
	case !s.At.IsZero() && now.Sub(s.At) > oldAfter:
		return OldReading
	case now.Before(st.At) || s.At.After(now.Add(oldAfter)):
		return ClockBack
	}
	return ""
}

// missing reports whether a count was not read.
func missing(s Sample) bool {
	return slices.Contains([]int{s.Visible, s.InFlight, s.Delayed, s.Running, s.Pending, s.Desired}, Unknown)
}

// impossible reports whether a count is one that AWS cannot have.
func impossible(s Sample) bool {
	return min(s.Visible, s.InFlight, s.Delayed, s.Running, s.Pending, s.Desired) < 0 ||
		max(s.Visible, s.Delayed) > mostMessages || s.InFlight > mostInFlight || max(s.Running, s.Pending, s.Desired) > mostTasks
}

// held keeps the count, within the bounds. After the clock went back, what was learned stays, and what has a time goes.
func held(p Policy, st State, s Sample, now time.Time, why Reason) (Decision, State) {
	n := s.Desired
	if n < 0 || n > mostTasks {
		n = st.Desired
	}
	if why != BadPolicy {
		n = min(max(n, p.Min), p.Max)
	}
	if why == ClockBack && now.Before(st.At) {
		st = State{At: now, Desired: n, Service: st.Service, Startup: st.Startup, Visible: s.Visible, InFlight: s.InFlight, Running: s.Running}
		if s.Visible+s.InFlight > 0 || n > p.Min {
			st.Active = now
		}
	}
	return Decision{Desired: n, Reason: why}, st
}

// stuck is a service that ECS does not get to run: tasks that fail to start, or that have been on their way for long
// while no other started.
func stuck(p Policy, st State, s Sample, now time.Time) bool {
	if s.Running >= s.Desired {
		return false
	}
	if s.StartFailures >= failures {
		return true
	}
	patience := max(startAtLeast, time.Duration(startWithin*st.Startup.median(p.StartupTime)*float64(time.Second)))
	return len(st.Launches) > 0 && now.Sub(st.Launches[0].At) > patience
}

// still reports whether a queue should have moved long ago.
func still(st State, s Sample, now time.Time) bool {
	return s.Running > 0 && s.Visible > 0 && now.Sub(st.Progress.At) >= stillAfter
}
