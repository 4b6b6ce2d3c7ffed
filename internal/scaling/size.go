package scaling

import (
	"math"
	"time"
)

const (
	// planned is the share of the latency in which a message must be begun by the plan, and relaxed the share in which
	// it would be by a service whose tasks all run.
	planned = 0.97
	relaxed = 0.8
	// useful is the share of the latency that a new task is taken to work for at least: for messages that no new task
	// can reach in time, many would be started in vain.
	useful = 0.5
	// The deviations of safety: in start-up times, in the number of messages, and in the work of running tasks.
	startSafety   = 0.75
	messageSafety = 1.0
	workSafety    = 1.5
	// workSpread is the squared coefficient of variation that service times are taken to have.
	workSpread = 4.0
	// rateOver is how many seconds of arrivals make the rate.
	rateOver = 90.0
)

// picture is what is believed of the queue and the service at a moment. Times are in seconds.
type picture struct {
	latency float64
	service float64 // of one message on one task, all its slots counted: the mean service time by the slots
	rate    float64 // arrivals a second
	running float64
	coming  []group
	start   starting
	share   float64 // of a task that one message takes
	waiting []cohort
}

// group is tasks that were asked for at the same time.
type group struct{ n, age float64 }

// cohort is messages that arrived together: how many wait in front of its end, and how long its first has waited.
type cohort struct{ upTo, age float64 }

// see puts together what is known.
func see(p Policy, st State, s Sample, now time.Time) *picture {
	c := &picture{
		latency: p.latency(), service: serviceTime(p, st.Service) / p.slots(), running: float64(s.Running),
		start: starting(st.Startup.median(p.StartupTime)), share: 1 / p.slots(),
	}
	for _, l := range st.Launches {
		c.coming = append(c.coming, group{float64(l.N), now.Sub(l.At).Seconds()})
	}
	c.waiting = cohorts(float64(s.Visible), st.Arrivals, now)
	c.rate = rate(st.Arrivals, now)
	return c
}

// cohorts splits a backlog by when it arrived, the newest first: the queue is first in, first out but for small things.
func cohorts(backlog float64, arrivals []Arrived, now time.Time) []cohort {
	var out []cohort
	age := 0.0
	for i := len(arrivals) - 1; i >= 0 && backlog > 0; i-- {
		if i > 0 {
			age = now.Sub(arrivals[i-1].At).Seconds()
		}
		if arrivals[i].N > 0 {
			out = append(out, cohort{backlog, age})
			backlog -= arrivals[i].N
		}
	}
	if backlog > 0 { // older than what is remembered
		out = append(out, cohort{backlog, age})
	}
	return out
}

// rate is the arrivals a second of the last while.
func rate(arrivals []Arrived, now time.Time) float64 {
	sum, over := 0.0, rateOver
	for i := len(arrivals) - 1; i >= 0; i-- {
		if now.Sub(arrivals[i].At).Seconds() >= rateOver {
			break
		}
		sum += arrivals[i].N
		if i > 0 {
			over = max(over, now.Sub(arrivals[i-1].At).Seconds())
		}
	}
	return max(sum, 0) / over
}

// work is the task-seconds that so many messages take, with a margin.
func (c *picture) work(messages float64) float64 {
	return c.service * (messages + messageSafety*math.Sqrt(messages))
}

// missing is how many more tasks must be asked for now, beside those that run and those on their way, so that every
// message is begun in time.
func (c *picture) missing() float64 {
	need, least := 0.0, useful*c.latency
	for _, w := range c.waiting {
		within := planned*c.latency - w.age
		mean, deviation := c.start.ahead(within, 0)
		if mean < least {
			within, mean, deviation = max(within, least), least, min(deviation, least)
		}
		if lacking := c.work(w.upTo) - c.able(within) - c.soonAble(within); lacking > 0 {
			need = max(need, math.Ceil(min(leastTasks(lacking, mean, startSafety*deviation), w.upTo*c.share)-1e-9))
		}
	}
	return need
}

// able is the work that the running tasks will do within a time, with a margin.
func (c *picture) able(within float64) float64 {
	return max(c.running*within-math.Sqrt(c.running)*c.spread(within), 0)
}

// spread is the margin in the work of one task within a time.
func (c *picture) spread(within float64) float64 {
	return workSafety * math.Sqrt(within*c.service*workSpread)
}

// soonAble is the work that tasks on their way will do within a time, with a margin.
func (c *picture) soonAble(within float64) float64 {
	sum, variance := 0.0, 0.0
	for _, g := range c.coming {
		mean, deviation := c.start.ahead(within, max(g.age, 0))
		if least := useful * c.latency; g.age < 0 && mean < least { // it waits for the quota, and counts as one more would
			mean, deviation = least, min(deviation, least)
		}
		sum, variance = sum+g.n*mean, variance+g.n*deviation*deviation
	}
	return max(sum-startSafety*math.Sqrt(variance), 0)
}

// enough is how many tasks would do for the backlog if all of them ran already.
func (c *picture) enough() float64 {
	need := 0.0
	for _, w := range c.waiting {
		within := max(relaxed*c.latency-w.age, useful*c.latency)
		need = max(need, min(leastTasks(c.work(w.upTo), within, c.spread(within)), w.upTo*c.share))
	}
	return need
}

// leastTasks is the n with n·mean - √n·margin = work.
func leastTasks(work, mean, margin float64) float64 {
	root := (margin + math.Sqrt(margin*margin+4*mean*work)) / (2 * mean)
	return root * root
}

// steady is how many tasks what arrives keeps at work.
func (c *picture) steady() float64 { return c.rate * c.service }

// wait is how long a message that arrives now will wait.
func (c *picture) wait() time.Duration {
	if len(c.waiting) == 0 && c.running > 0 {
		return 0
	}
	messages, wait := 0.0, 0.0
	for _, w := range c.waiting {
		messages = max(messages, w.upTo)
	}
	if c.running == 0 {
		wait = float64(c.start)
	}
	wait += messages * c.service / max(c.running, 1)
	return time.Duration(min(wait, longestWait) * float64(time.Second))
}

// longestWait bounds the estimate, in seconds: messages live fourteen days at most.
const longestWait = 14 * 86400
