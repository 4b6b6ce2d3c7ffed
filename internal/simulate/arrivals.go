package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// Pattern is a kind of generated arrivals.
type Pattern string

// The patterns.
const (
	Steady  Pattern = "steady"  // Poisson at one rate
	Diurnal Pattern = "diurnal" // a sine of a day, from a tenth of the mean to 1.9 times the mean
	Flash   Pattern = "flash"   // steady, and a crowd of twelve times as many for five minutes of each hour
	OnOff   Pattern = "on-off"  // bursts and silences of a minute or so each, of random length
	Spikes  Pattern = "spikes"  // everything comes within two seconds, each five minutes, on a little steady traffic
	Drift   Pattern = "drift"   // Poisson with a rate that wanders
)

// Patterns lists every pattern.
func Patterns() []Pattern { return []Pattern{Steady, Diurnal, Flash, OnOff, Spikes, Drift} }

// Generate draws the times of a pattern: so many a second on the mean, for so many seconds.
func Generate(p Pattern, perSecond, seconds float64, seed uint64) ([]float64, error) {
	r := random(seed, "arrivals "+string(p))
	switch p {
	case Steady:
		return thin(r, perSecond, seconds, perSecond, func(float64) float64 { return perSecond }), nil
	case Diurnal:
		rate := func(t float64) float64 { return perSecond * (1 - 0.9*math.Cos(2*math.Pi*t/86400)) }
		return thin(r, perSecond, seconds, 1.9*perSecond, rate), nil
	case Flash:
		return thin(r, perSecond, seconds, 12*perSecond*flashBase, func(t float64) float64 { return flashRate(t) * perSecond }), nil
	case OnOff:
		return onOff(r, perSecond, seconds), nil
	case Spikes:
		return spikes(r, perSecond, seconds), nil
	case Drift:
		rate := wander(r, seconds)
		return thin(r, perSecond, seconds, perSecond*slices.Max(rate), func(t float64) float64 {
			return perSecond * rate[min(int(t/driftStep), len(rate)-1)]
		}), nil
	}
	return nil, fmt.Errorf("there is no pattern %q; the patterns are %v", p, Patterns())
}

// flashBase makes the mean of a flash crowd's rate one: 55 minutes at the base, five at twelve times the base.
const flashBase = 60.0 / (55 + 5*12)

func flashRate(t float64) float64 {
	if minute := math.Mod(t/60, 60); minute >= 20 && minute < 25 {
		return 12 * flashBase
	}
	return flashBase
}

// thin draws a Poisson process of a rate that changes and is never above the most.
func thin(r *rand.Rand, mean, seconds, most float64, rate func(t float64) float64) []float64 {
	out := make([]float64, 0, int(mean*seconds)+1)
	for t := r.ExpFloat64() / most; t < seconds; t += r.ExpFloat64() / most {
		if r.Float64()*most < rate(t) {
			out = append(out, t)
		}
	}
	return out
}

func onOff(r *rand.Rand, mean, seconds float64) []float64 {
	var out []float64
	for t := 0.0; t < seconds; {
		end := min(t+30+60*r.ExpFloat64(), seconds)
		for at := t + r.ExpFloat64()/(2*mean); at < end; at += r.ExpFloat64() / (2 * mean) {
			out = append(out, at)
		}
		t = end + 30 + 60*r.ExpFloat64()
	}
	return out
}

func spikes(r *rand.Rand, mean, seconds float64) []float64 {
	out := thin(r, mean, seconds, mean/10, func(float64) float64 { return mean / 10 })
	for t := 60.0; t < seconds; t += 300 {
		for range int(300 * mean * 0.9) {
			if at := t + 2*r.Float64(); at < seconds {
				out = append(out, at)
			}
		}
	}
	sort.Float64s(out)
	return out
}

const driftStep = 10.0 // seconds

// wander is a rate that wanders about one, step by step: its logarithm returns to zero within some ten minutes.
func wander(r *rand.Rand, seconds float64) []float64 {
	out := make([]float64, int(seconds/driftStep)+1)
	level, sum := 0.0, 0.0
	for i := range out {
		level += -level*driftStep/600 + 0.1*r.NormFloat64()
		out[i] = math.Exp(level)
		sum += out[i]
	}
	for i := range out {
		out[i] *= float64(len(out)) / sum
	}
	return out
}

// NewLoad gives each arrival its work.
func NewLoad(arrivals []float64, end float64, service Times, seed uint64) Load {
	r := random(seed, "service")
	work := make([]float32, len(arrivals))
	for i := range work {
		work[i] = float32(service.draw(r))
	}
	return Load{arrivals, work, end}
}
