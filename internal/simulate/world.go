package simulate

import (
	"math"
	"math/rand/v2"
)

// Load is what arrives: the times in order, and the work of each message, both in seconds.
type Load struct {
	Arrivals []float64
	Work     []float32
	End      float64 // of the trace
}

// Reading is what a policy sees at a moment.
type Reading struct {
	At                         float64
	Visible, InFlight, Delayed int
	Running, Pending, Desired  int
}

// Scaler is a policy in the world. Step is called when it wakes; it returns the desired count, and after how many
// seconds it wakes again.
type Scaler interface {
	Step(r Reading) (desired int, next float64)
}

// Outcome is what became of a load under one policy. Waits are by message.
type Outcome struct {
	Name        string
	Waits       []float32
	TaskSeconds float64
	Started     int
	Killed      int
	Updates     int
	Looks       int
	Timeline    []Moment
	End         float64
}

// Moment is one step of a timeline. Wait is the longest of those that began in it.
type Moment struct {
	At                      float64
	Queue, Running, Desired int
	Wait                    float64
}

// world is one run of one policy.
type world struct {
	s       Settings
	load    Load
	scaler  Scaler
	agenda  agenda
	now     float64
	startup *rand.Rand
	noise   *rand.Rand
	choice  *rand.Rand

	next     int     // the next arrival
	waiting  []int32 // of the visible messages, those that came back; served first
	first    int     // of the visible messages that have arrived once: first … next-1
	inFlight int

	fleet
	counts counts
	out    Outcome
	line   timeline
}

// Run plays a load against a scaler until every message is done and the trace is over.
func Run(name string, s Settings, load Load, scaler Scaler) Outcome {
	w := &world{
		s: s, load: load, scaler: scaler,
		startup: random(s.Seed, "start-up"), noise: random(s.Seed, "noise"), choice: random(s.Seed, "choice"),
	}
	w.init(s)
	w.out = Outcome{Name: name, Waits: make([]float32, len(load.Arrivals))}
	w.line.every = max(load.End, 1) / timelineSteps
	w.setDesired(s.Min)
	w.agenda.add(event{at: 0, kind: wakes})
	w.play()
	w.end()
	return w.out
}

// play goes from event to event.
func (w *world) play() {
	for {
		arrival := math.Inf(1)
		if w.next < len(w.load.Arrivals) {
			arrival = w.load.Arrivals[w.next]
		}
		if len(w.agenda) > 0 && w.agenda[0].at < arrival {
			if w.over(w.agenda[0].at) {
				return
			}
			w.happen(w.agenda.next())
			continue
		}
		w.move(arrival)
		w.next++
		w.serve()
	}
}

// patience is how long after the trace a policy may take for the rest of the messages, in seconds.
const patience = 6 * 3600

// over reports whether everything is done by then, or never will be.
func (w *world) over(at float64) bool {
	if at > w.load.End+patience {
		w.giveUp()
		return true
	}
	return w.next == len(w.load.Arrivals) && w.visible() == 0 && w.inFlight == 0 && len(w.hidden) == 0 && at >= w.load.End
}

func (w *world) happen(e event) {
	w.move(e.at)
	switch e.kind {
	case workDone:
		w.done(e.who)
	case taskReady:
		w.ready(e.who)
	case returns:
		w.back(e.who)
	case launches:
		w.queued = false
		w.launch()
	case wakes:
		w.wake()
	}
}

// move lets time pass.
func (w *world) move(at float64) {
	w.line.note(at, w.visible()+w.inFlight, w.running, w.desired)
	w.counts.note(at, w.visible(), w.inFlight)
	w.now = at
}

func (w *world) visible() int { return w.next - w.first + len(w.waiting) }

// wake lets the policy look and act.
func (w *world) wake() {
	w.out.Looks++
	desired, next := w.scaler.Step(w.read())
	desired = min(max(desired, w.s.Min), w.s.Max)
	if desired != w.desired {
		w.out.Updates++
		w.setDesired(desired)
	}
	w.agenda.add(event{at: w.now + max(next, 0.1), kind: wakes})
}

// read is what the policy sees: the service as it is, and counts that are a little old and not exact.
func (w *world) read() Reading {
	visible, inFlight := w.counts.at(w.now - w.s.Stale*w.noise.Float64())
	return Reading{
		At: w.now, Visible: w.blur(visible), InFlight: w.blur(inFlight),
		Running: w.running, Pending: w.pending + w.unlaunched, Desired: w.desired,
	}
}

func (w *world) blur(n int) int {
	return int(math.Round(float64(n) * (1 + w.s.Noise*(2*w.noise.Float64()-1))))
}

// serve hands visible messages to free slots, those that waited longest first.
func (w *world) serve() {
	for len(w.free) > 0 {
		var m int32
		switch {
		case len(w.waiting) > 0:
			m, w.waiting = w.waiting[0], w.waiting[1:]
		case w.first < w.next:
			m = int32(w.first) //nolint:gosec // bounded by the length of a slice
			w.first++
		default:
			return
		}
		wait := w.now - w.load.Arrivals[m]
		w.out.Waits[m] = float32(wait)
		w.line.wait(wait)
		w.inFlight++
		slot := w.take(w.choice, m)
		w.agenda.add(event{at: w.now + float64(w.load.Work[m]), who: slot, kind: workDone})
	}
}

// giveUp ends the wait of messages that no task has taken.
func (w *world) giveUp() {
	for i := w.first; i < w.next; i++ {
		w.out.Waits[i] = float32(w.now - w.load.Arrivals[i])
	}
	for _, m := range w.waiting {
		w.out.Waits[m] = float32(w.now - w.load.Arrivals[m])
	}
}

// end settles the bills.
func (w *world) end() {
	at := max(w.now, w.load.End)
	for i := range w.tasks {
		if t := &w.tasks[i]; t.state != stopped {
			w.out.TaskSeconds += billed(at - t.launched)
		}
	}
	w.out.Started, w.out.End = len(w.tasks), at
	w.out.Timeline = w.line.all
}

const leastBilled = 60 // seconds, of a Fargate task

func billed(seconds float64) float64 { return max(seconds, leastBilled) }
