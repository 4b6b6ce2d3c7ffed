package scaling

import (
	"math"
	"time"
)

// Decide returns how many tasks the service should run at now, why, and what to remember for the next decision. The
// count is within the bounds of the policy, and, when the sample is understood, not below the workers that are busy.
func Decide(p Policy, st State, s Sample, now time.Time) (Decision, State) {
	if why := hold(p, st, s, now); why != "" {
		return held(p, st, s, now, why)
	}
	next := learn(p, st, s, now)
	c := see(p, next, s, now)
	need := max(c.enough(), c.steady())
	next.Needs, next.Peaks = remember(next.Needs, Need{now, need}, now), burst(next.Peaks, need, now)
	w := choose(p, &next, s, now, c)
	d := w.within(p)
	next.Desired = d.Desired
	if more := d.Desired - s.Running - coming(s); more > 0 {
		var added []Launch
		added, next.Quota = next.Quota.launch(more, now)
		next.Launches = append(next.Launches[:len(next.Launches):len(next.Launches)], added...)
	}
	d.Wait = c.wait()
	d.Rest = s.Visible+s.InFlight+s.Delayed == 0 && d.Desired <= p.Min && s.Desired == d.Desired && now.Sub(next.Active) > restAfter
	return d, next
}

// restAfter is how long after the last message the queue is still looked at every few seconds.
const restAfter = 5 * time.Minute

// wish is a count that is wanted, and why.
type wish struct {
	n   int
	why Reason
}

// atLeast raises a wish.
func (w wish) atLeast(n int, why Reason) wish {
	if n > w.n {
		return wish{n, why}
	}
	return w
}

// atMost lowers a wish.
func (w wish) atMost(n int, why Reason) wish {
	if n < w.n {
		return wish{n, why}
	}
	return w
}

// within bounds a wish by the policy.
func (w wish) within(p Policy) Decision {
	switch {
	case w.n > p.Max:
		return Decision{Desired: p.Max, Reason: AtMaximum}
	case w.n < p.Min:
		return Decision{Desired: p.Min, Reason: AtMinimum}
	}
	return Decision{Desired: w.n, Reason: w.why}
}

// choose goes through what wants tasks, then through what does not, then through what keeps those that are.
func choose(p Policy, st *State, s Sample, now time.Time, c *picture) wish {
	w := wish{0, Empty}
	w = w.atLeast(int(math.Ceil(c.steady()-nearly)), Arrivals)
	w = w.atLeast(int(math.Ceil(c.enough()-nearly)), Backlog)
	if st.warm(c.start, now) {
		w = w.atLeast(st.recent(c.start, now), Burst)
		w = w.atLeast(1, Warm)
	}
	have := s.Running + coming(s)
	if s.Deploying { // old and new tasks run beside each other
		have = s.Desired
	}
	if n := int(min(c.missing(), mostTasks)); n > 0 {
		w = w.atLeast(have+n, Backlog)
	} else if s.Visible > 0 && coming(s) > 0 {
		w = w.atLeast(min(have, s.Desired), Starting)
	}
	w = restrain(p, st, s, now, w, have)
	return keep(p, st, s, w)
}

// nearly is how much of a task may be wanting before one more is kept: a backlog within the latency makes up for it.
const nearly = 0.25

// restrain lowers a wish for tasks that would do nothing.
func restrain(p Policy, st *State, s Sample, now time.Time, w wish, have int) wish {
	if still(*st, s, now) {
		st.Progress.At, st.Progress.Tasks = now, max(1, s.Desired/2)
	}
	if n := st.Progress.Tasks; n > 0 {
		w = w.atMost(n, NotMoving)
	}
	if n, limited := groups(p, st, s); limited {
		w = w.atMost(n, Groups)
	}
	if stuck(p, *st, s, now) {
		w = w.atMost(min(max(s.Running+1, 1), have), CannotStart)
	}
	return w
}

// keep raises a wish to the tasks that must not go.
func keep(p Policy, st *State, s Sample, w wish) wish {
	w = w.atLeast(busy(p, s), Busy)
	if p.ScaleIn != Protected && s.Desired > w.n && !quiet(*st, s, w.why) {
		if w.n = s.Desired; w.why != NotMoving {
			w.why = Busy
		}
	}
	if s.Deploying {
		w = w.atLeast(s.Desired, Deployment)
	}
	return w
}

// calmLooks is at how many looks in a row nothing must be in flight: a count is approximate.
const calmLooks = 6

// quiet reports whether no worker can be at work, so that it is no matter which task ECS stops.
func quiet(st State, s Sample, why Reason) bool {
	return st.Calm >= calmLooks && (s.Visible == 0 || s.Running == 0 || why == NotMoving)
}

// busy is how many workers the messages in flight fill: all that have one when a task works on one at a time. When it
// works on several, more workers may have some; ECS stops none of those that are protected, and one that is not allowed
// to protect itself any more takes no further message, so that the others get filled.
func busy(p Policy, s Sample) int {
	return min(int(math.Ceil(float64(s.InFlight)/p.slots())), s.Running)
}

// groups is how many tasks find a message group to work on in a FIFO queue: as many as there are groups, or, when they
// are not known, a quarter and one more than were at work while messages waited and tasks were idle.
func groups(p Policy, st *State, s Sample) (n int, limited bool) {
	if !p.FIFO {
		return 0, false
	}
	if p.MaxGroups > 0 {
		return int(math.Ceil(float64(p.MaxGroups) / p.slots())), true
	}
	if s.Visible == 0 || coming(s) > 0 || float64(s.InFlight) > plateau*float64(s.Running)*p.slots() {
		st.Stalled = 0
		return 0, false
	}
	if st.Stalled++; st.Stalled < stalls {
		return 0, false
	}
	return int(math.Ceil(1.25*float64(s.InFlight)/p.slots())) + 1, true
}

const (
	plateau = 0.8 // of the slots: with fewer at work while messages wait, the groups are the limit,
	stalls  = 4   // when it is seen so many times in a row
)
