package scaling

import (
	"math"
	"time"
)

const (
	// bins is how many entries the arrivals of one latency have at most, and shortest the least length of one.
	bins     = 20
	shortest = 4 * time.Second
	// kept is how many latencies of arrivals are remembered.
	kept = 1.25
	// averageOver is the time over which messages in flight are averaged, in seconds.
	averageOver = 60.0
	// jitter is how many seconds a count may lag behind another, and countNoise by which share the difference of two may
	// be off.
	jitter     = 0.5
	countNoise = 0.0085
)

// learn takes a sample in.
func learn(p Policy, st State, s Sample, now time.Time) State {
	next := st
	next.At, next.Visible, next.InFlight, next.Running = now, s.Visible, s.InFlight, s.Running
	messages := s.Visible + s.InFlight
	if messages > 0 {
		next.Active = now
	}
	if next.Calm = 0; s.InFlight == 0 {
		next.Calm = st.Calm + 1
	}
	next.Progress, next.Quota = progress(st, s, now), st.Quota.refill(now)
	if st.At.IsZero() {
		next.Arrivals = []Arrived{{now, float64(messages)}}
		next.Launches = launches(nil, coming(s), now)
		return next
	}
	v := between(st, s, now)
	if p.ServiceTime == 0 && v.seconds > 0 && v.seconds <= blindFor {
		v.weight = v.settled(s, st.Working)
		next.Service, next.Swing = weigh(st.Service, st.Swing, v)
	}
	next.Working += (v.working - st.Working) * (1 - math.Exp(-v.seconds/averageOver))
	if v.seconds > 0 {
		next.Arrivals = arrive(p, st.Arrivals, Arrived{now, arrived(p, next.Service, v)})
	}
	next.Startup = starts(st, s, now)
	left := started(st, s)
	next.Launches = launches(left, coming(s), st.At)
	next.Quota = next.Quota.take(sum(next.Launches) - sum(left))
	return next
}

// between is what two samples tell of the time between them.
func between(st State, s Sample, now time.Time) interval {
	change := float64(s.Visible + s.InFlight - st.Visible - st.InFlight)
	v := interval{seconds: now.Sub(st.At).Seconds(), change: change, working: float64(s.InFlight+st.InFlight) / 2, weight: 1}
	if v.seconds > 0 {
		v.noise = countNoise*float64(s.Visible+s.InFlight) + jitter*math.Abs(change)/v.seconds
	}
	return v
}

// The weight of an interval in which less is at work than usual.
const (
	tailPart   = 0.7  // of what is usual: with less at work and nothing waiting, work runs out,
	tailWeight = 0.5  // and the interval has at most this weight
	offChance  = 2.0  // so many deviations of a Poisson count are chance,
	offShare   = 0.15 // and beyond them the weight falls with the share that is missing, as a normal law of this deviation
)

// settled is how much an interval tells of the mean service time, from nothing to one. What is at work when work runs out
// are the messages that take the longest, and fewer of them are done in a second than of others. More at work than usual
// does no harm: new work is like all work.
func (v interval) settled(s Sample, usual float64) float64 {
	weight := 1.0
	if s.Visible == 0 && v.working < tailPart*usual {
		weight = tailWeight
	}
	off := (usual - v.working - offChance*math.Sqrt(usual)) / max(usual, 1)
	if off <= 0 {
		return weight
	}
	return min(weight, math.Exp(-off*off/(2*offShare*offShare)))
}

// arrived is how many messages came between two samples: those that are more, and those that were done.
func arrived(p Policy, seen []Guess, v interval) float64 {
	if v.seconds > blindFor {
		return max(v.change, 0)
	}
	return v.arrived(serviceTime(p, seen))
}

// arrive remembers arrivals of late, in entries that are not shorter than a part of the latency.
func arrive(p Policy, all []Arrived, a Arrived) []Arrived {
	latency := time.Duration(p.latency() * float64(time.Second))
	oldest := a.At.Add(-max(time.Duration(kept*float64(latency)), rateOver*time.Second))
	first := 0
	for first < len(all)-1 && all[first].At.Before(oldest) {
		first++
	}
	out := append(make([]Arrived, 0, len(all)-first+1), all[first:]...)
	if n := len(out); n > 1 && a.At.Sub(out[n-2].At) < max(latency/bins, shortest) {
		out[n-1] = Arrived{a.At, out[n-1].N + a.N}
		return out
	}
	return append(out, a)
}

// coming is how many tasks are on their way: asked for and not running. ECS counts a task as pending only after a
// while.
func coming(s Sample) int { return max(s.Pending, s.Desired-s.Running, 0) }

// started is what is left of the tasks on their way when more run than before: the oldest have started.
func started(st State, s Sample) []Launch {
	n := max(s.Running-st.Running, 0)
	for i, l := range st.Launches {
		if l.N > n {
			return append([]Launch{{l.At, l.N - n}}, st.Launches[i+1:]...)
		}
		n -= l.N
	}
	return nil
}

// starts learns how long the tasks took that have started since the last sample.
func starts(st State, s Sample, now time.Time) StartTime {
	n, learned := s.Running-st.Running, st.Startup
	for _, l := range st.Launches {
		if n <= 0 || s.Deploying || l.At.After(st.At) {
			break
		}
		took := now.Sub(l.At).Seconds() - now.Sub(st.At).Seconds()/2
		learned = learned.observe(took, min(l.N, n))
		n -= l.N
	}
	return learned
}

// launches makes the tasks on their way n: the newest are given up first, and those that are not known of were asked
// for at the given time.
func launches(known []Launch, n int, since time.Time) []Launch {
	var out []Launch
	for _, l := range known {
		if l.N = min(l.N, n); l.N > 0 {
			out, n = append(out, l), n-l.N
		}
	}
	if n > 0 {
		out = append(out, Launch{since, n})
	}
	return out
}

// progress is when the queue last moved. It moves when there are fewer messages, and is taken to move when nothing
// waits or nobody works; arrivals hide whether it does.
func progress(st State, s Sample, now time.Time) Progress {
	messages := s.Visible + s.InFlight
	before := st.Progress
	slack := max(2, before.Messages/50)
	if before.At.IsZero() || s.Visible == 0 || s.Running == 0 || messages < before.Messages || messages > before.Messages+slack {
		return Progress{At: now, Messages: messages}
	}
	return before
}
