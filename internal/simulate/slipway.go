package simulate

import (
	"math"
	"time"

	"slipway/internal/scaling"
)

// shipped is the policy of this project, awake as its function is: every few seconds while there is work, else each
// minute.
type shipped struct {
	policy scaling.Policy
	state  scaling.State
	every  float64
}

const (
	// awake is how often the clairvoyant wakes, in seconds.
	awake = 5.0
	// linger is how long the function is awake at the beginning: a trace is taken to go on from a load before it.
	linger = 300.0
)

var epoch = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

// Shipped returns the policy.
func Shipped(s Settings) Scaler {
	p := scaling.Policy{
		Min: s.Min, Max: s.Max, MessagesPerTask: s.MessagesPerTask, Latency: seconds(s.Target), ScaleIn: scaling.Protected,
	}
	if s.Hint {
		p.ServiceTime, p.StartupTime = seconds(s.Service.Mean()), seconds(s.Startup.Value)
	}
	if !s.Protected {
		p.ScaleIn = scaling.Idle
	}
	return &shipped{policy: p, every: s.Every}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (p *shipped) Step(r Reading) (int, float64) {
	var d scaling.Decision
	d, p.state = scaling.Decide(p.policy, p.state, scaling.Sample{
		Visible: r.Visible, InFlight: r.InFlight, Delayed: r.Delayed, Running: r.Running, Pending: r.Pending, Desired: r.Desired,
	}, epoch.Add(seconds(r.At)))
	if d.Rest && r.At > linger {
		return d.Desired, aMinute - math.Mod(r.At, aMinute)
	}
	return d.Desired, p.every
}
