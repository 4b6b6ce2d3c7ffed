package simulate

import (
	"math"
	"sync"
)

// plan is a fleet that knows everything: how many tasks must be running in each second.
type plan struct {
	tasks []int16
	queue []float32 // messages that wait by the plan
	lead  int       // seconds between the request of a task and the need of it
	low   int

	perTask         int
	service, target float64
}

// Step asks for what is needed until a task asked for later would be ready. It wakes as often as the shipped policy.
func (p *plan) Step(r Reading) (int, float64) {
	n, from := p.low, int(r.At)
	for at := from; at <= from+p.lead && at < len(p.tasks); at++ {
		n = max(n, int(p.tasks[at]))
	}
	// The plan rounds, and start-up times are what they are: what it is behind is made up for within half the target.
	behind := float64(r.Visible)
	if from < len(p.queue) {
		behind -= float64(p.queue[from])
	}
	if most := float64(n * p.perTask); behind > max(most, 1) {
		n += int(math.Ceil((behind - most) * p.service / (p.target / 2) / float64(p.perTask)))
	}
	if r.Visible+r.InFlight > 0 {
		n = max(n, 1)
	}
	return n, awake
}

// Clairvoyant knows all arrivals and all work. It plans the steadiest rate of work that begins no message too late,
// rounds it to tasks in several ways, may also do as the shipped policy does, and is the cheapest of those ways that are
// hardly more often late than the one that is the least.
func Clairvoyant(name string, s Settings, load Load) Outcome {
	ways := []Scaler{hinted(s)}
	for _, share := range shares(load) {
		rates, queue := steadiest(load, share*s.Target)
		for _, down := range []float64{0.05, 0.4, 0.75} {
			for _, lead := range []int{40, 55} {
				ways = append(ways, roundTo(rates, queue, s, down, lead))
			}
		}
	}
	outcomes := make([]Outcome, len(ways))
	var wait sync.WaitGroup
	room := make(chan struct{}, parallel)
	for i, way := range ways {
		wait.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			outcomes[i] = Run(name, s, load, way)
		})
	}
	wait.Wait()
	return best(outcomes, s.Target)
}

// shares are the parts of the target that are planned with: fewer for a long load, in which rounding evens out.
func shares(load Load) []float64 {
	if len(load.Arrivals) > manyMessages {
		return []float64{0.8}
	}
	return []float64{0.95, 0.8, 0.65, 0.4}
}

const (
	manyMessages = 1_000_000
	// hardly is the share of messages that may be late for a little less money.
	hardly = 0.0001
)

// best is the cheapest outcome of those that are hardly more often late than the best one.
func best(all []Outcome, target float64) Outcome {
	least := len(all[0].Waits)
	for _, o := range all {
		least = min(least, o.late(target))
	}
	least += int(hardly * float64(len(all[0].Waits)))
	found := -1
	for i, o := range all {
		if o.late(target) <= least && (found < 0 || o.TaskSeconds < all[found].TaskSeconds) {
			found = i
		}
	}
	return all[found]
}

// parallel is how many worlds are played at once.
const parallel = 2

// late counts the messages that waited longer.
func (o Outcome) late(target float64) int {
	n := 0
	for _, w := range o.Waits {
		if float64(w) > target {
			n++
		}
	}
	return n
}

func roundTo(rates []float64, queue []float32, s Settings, down float64, lead int) *plan {
	p := &plan{tasks: make([]int16, len(rates)), queue: queue, lead: lead, low: s.Min, perTask: s.MessagesPerTask, service: s.Service.Mean(), target: s.Target}
	for i, r := range rates {
		n := math.Ceil(r/float64(s.MessagesPerTask) - down)
		if r > 1e-9 {
			n = max(n, 1)
		}
		p.tasks[i] = int16(min(max(n, 0), float64(s.Max), math.MaxInt16))
	}
	return p
}

// steadiest is the work to be done in each second, in slots, when the cumulative work goes the shortest way between what
// has arrived and what must have been begun: of all ways it has the least changes and the lowest peaks.
// Beside the rates it returns how many messages wait then, about.
func steadiest(load Load, wait float64) ([]float64, []float32) {
	n := int(load.End+wait) + 2
	high := make([]float64, n+1)
	for i, at := range load.Arrivals {
		high[min(int(at)+1, n)] += float64(load.Work[i])
	}
	for i := 1; i <= n; i++ {
		high[i] += high[i-1]
	}
	low := make([]float64, n+1)
	for i := int(wait); i <= n; i++ {
		low[i] = high[i-int(wait)]
	}
	low[n] = high[n]
	rates := pull(low, high)
	mean := high[n] / max(float64(len(load.Arrivals)), 1)
	queue, done := make([]float32, n), 0.0
	for i, r := range rates {
		queue[i] = float32((high[i] - done) / max(mean, 1e-9))
		done += r
	}
	return rates, queue
}

// pull draws a string from the beginning to the end of a channel tight, and returns its slope in each step.
func pull(low, high []float64) []float64 {
	n := len(low) - 1
	rates := make([]float64, n)
	at, level := 0, 0.0
	for at < n {
		end, height := bend(low, high, at, level)
		slope := (height - level) / float64(end-at)
		for i := at; i < end; i++ {
			rates[i] = slope
		}
		at, level = end, height
	}
	return rates
}

// bend finds where a tight string from a point first touches the channel's wall.
func bend(low, high []float64, at int, level float64) (int, float64) {
	n := len(low) - 1
	up, down := math.Inf(1), math.Inf(-1) // the slopes that the channel allows
	upAt, downAt := at, at
	for i := at + 1; i <= n; i++ {
		run := float64(i - at)
		ceiling, floor := (high[i]-level)/run, (low[i]-level)/run
		if floor > up {
			return upAt, high[upAt]
		}
		if ceiling < down {
			return downAt, low[downAt]
		}
		if ceiling <= up {
			up, upAt = ceiling, i
		}
		if floor >= down {
			down, downAt = floor, i
		}
	}
	return n, low[n]
}
