package simulate

// timelineSteps is how many steps a timeline has at most.
const timelineSteps = 900

// timeline keeps one moment for each step of time: the highest queue, and the state at its end.
type timeline struct {
	every float64
	all   []Moment
}

func (l *timeline) note(at float64, queue, running, desired int) {
	for len(l.all) <= int(at/l.every) {
		l.all = append(l.all, Moment{At: float64(len(l.all)) * l.every, Queue: queue, Running: running, Desired: desired})
	}
	m := &l.all[len(l.all)-1]
	m.Queue, m.Running, m.Desired = max(m.Queue, queue), max(m.Running, running), max(m.Desired, desired)
}

func (l *timeline) wait(seconds float64) {
	if n := len(l.all); n > 0 {
		l.all[n-1].Wait = max(l.all[n-1].Wait, seconds)
	}
}
