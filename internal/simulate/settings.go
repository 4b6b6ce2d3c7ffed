package simulate

import (
	"math"
	"math/rand/v2"
)

// Settings describe the world. Times are in seconds.
type Settings struct {
	Target          float64 // the longest wait that is in time
	Min, Max        int     // bounds of the desired count, for every policy
	MessagesPerTask int     // worked on at once by one task
	Startup         Times   // from launch to RUNNING
	Service         Times   // of work on one message
	Stop            float64 // from the order to stop an idle task until it is no longer billed
	Visibility      float64 // after a task is killed, its messages come again after this
	Stale           float64 // a count of SQS is up to this old
	Noise           float64 // and off by up to this share
	Protected       bool    // ECS stops no task that is at work
	LaunchBurst     float64 // tasks that the account may launch at once
	LaunchRate      float64 // and then a second
	LaunchMinute    float64 // tasks that the service may launch in a minute
	Every           float64 // the shipped policy looks as often while it is awake
	Hint            bool    // the shipped policy is told the service and start-up times
	Seed            uint64
}

// Standard is a task that takes one message at a time of five seconds each, starts as Fargate does, and has a minute.
func Standard() Settings {
	return Settings{
		Target: 60, Max: 5000, MessagesPerTask: 1,
		Startup: Times{Lognormal, 35, startupSigma}, Service: Times{Exponential, 5, 0}, Stop: 3, Visibility: 60,
		Stale: 2, Noise: 0.01, Protected: true, LaunchBurst: 100, LaunchRate: 20, LaunchMinute: 500, Every: 5, Seed: 1,
	}
}

// startupSigma puts the 95th percentile of the start-up at 62 s when its median is 35 s.
const startupSigma = 0.3476

// Distribution is the law of a time.
type Distribution string

// The distributions. Of a lognormal with a spread, Times.Value is the median; of all others, the mean.
const (
	Constant    Distribution = "constant"
	Exponential Distribution = "exponential"
	Lognormal   Distribution = "lognormal"
	HeavyTailed Distribution = "heavy" // lognormal about the mean, with a standard deviation of 2.5 means
	Pareto      Distribution = "pareto"
)

// Times draws times. Spread is the sigma of a lognormal.
type Times struct {
	Law    Distribution
	Value  float64
	Spread float64
}

const (
	heavySigma  = 1.41 // sqrt(ln(1 + 2.5²))
	paretoIndex = 2.2
)

// Mean is the mean of what is drawn.
func (d Times) Mean() float64 {
	if d.Law == Lognormal {
		return d.Value * math.Exp(d.Spread*d.Spread/2)
	}
	return d.Value
}

// draw returns one time.
func (d Times) draw(r *rand.Rand) float64 {
	switch d.Law {
	case Exponential:
		return d.Value * r.ExpFloat64()
	case Lognormal:
		return d.Value * math.Exp(d.Spread*r.NormFloat64())
	case HeavyTailed:
		return d.Value * math.Exp(heavySigma*r.NormFloat64()-heavySigma*heavySigma/2)
	case Pareto:
		return d.Value * (paretoIndex - 1) / paretoIndex * math.Pow(1-r.Float64(), -1/paretoIndex)
	}
	return d.Value
}

// random is a source of its own for each purpose, so that one draw more here changes nothing there.
func random(seed uint64, purpose string) *rand.Rand {
	h := uint64(14695981039346656037)
	for _, b := range []byte(purpose) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h))
}
