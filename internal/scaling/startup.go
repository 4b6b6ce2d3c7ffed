package scaling

import (
	"math"
	"time"
)

// StartTime is what was learned of the time from the request of a task to RUNNING: its median in seconds, and how many
// starts have told.
type StartTime struct {
	Median float64 `json:"median"`
	Seen   float64 `json:"seen"`
}

const (
	// usualStart is the median start-up of a task on Fargate, in seconds, and startSpread the standard deviation of its
	// logarithm, which puts the 95th percentile at 62 s.
	usualStart  = 35.0
	startSpread = 0.35
	// priorStarts is how many observations the usual time, or a hint, counts for; mostStarts is how many are remembered.
	priorStarts = 5.0
	mostStarts  = 100.0
)

// median is the median start-up in seconds.
func (s StartTime) median(hint time.Duration) float64 {
	prior := usualStart
	if hint > 0 {
		prior = max(hint.Seconds(), 1)
	}
	if s.Seen <= 0 || s.Median <= 0 {
		return prior
	}
	return math.Exp((math.Log(prior)*priorStarts + math.Log(s.Median)*s.Seen) / (priorStarts + s.Seen))
}

// observe learns from n tasks that took so many seconds to start.
func (s StartTime) observe(seconds float64, n int) StartTime {
	seconds, count := max(seconds, 1), float64(n)
	if s.Seen <= 0 || s.Median <= 0 {
		return StartTime{seconds, min(count, mostStarts)}
	}
	share := count / (s.Seen + count)
	return StartTime{math.Exp(math.Log(s.Median)*(1-share) + math.Log(seconds)*share), min(s.Seen+count, mostStarts)}
}

// starting is the law of the time that a task takes to start: a lognormal with this median.
type starting float64

// overdue is the share of starts that take longer still, below which a task is taken to be stuck.
const overdue = 1e-3

// ahead is how many seconds a task that was asked for age seconds ago, and does not run yet, will run within the next
// seconds: the mean and the standard deviation.
func (s starting) ahead(within, age float64) (mean, deviation float64) {
	if within <= 0 {
		return 0, 0
	}
	left := s.after(age)
	if left < overdue {
		return within / 2, within / 2
	}
	first, second := s.moments(age, within+age)
	mean = first / left
	return mean, math.Sqrt(max(second/left-mean*mean, 0))
}

// after is the probability that a start takes longer.
func (s starting) after(seconds float64) float64 {
	if seconds <= 0 {
		return 1
	}
	return normal(-s.deviations(seconds))
}

func (s starting) deviations(seconds float64) float64 {
	return math.Log(seconds/float64(s)) / startSpread
}

// moments are the integrals of end-x and of its square over all starts x between from and end.
func (s starting) moments(from, end float64) (first, second float64) {
	p0, p1, p2 := s.partial(from, end, 0), s.partial(from, end, 1), s.partial(from, end, 2)
	return end*p0 - p1, end*end*p0 - 2*end*p1 + p2
}

// partial is the integral of x to the power k over all starts x between from and end.
func (s starting) partial(from, end, k float64) float64 {
	shift, below := k*startSpread, 0.0
	if from > 0 {
		below = normal(s.deviations(from) - shift)
	}
	return math.Pow(float64(s), k) * math.Exp(shift*shift/2) * (normal(s.deviations(end)-shift) - below)
}

// normal is the distribution function of the standard normal.
func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
