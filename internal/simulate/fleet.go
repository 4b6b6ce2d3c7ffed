package simulate

import (
	"math/rand/v2"
	"slices"
)

type state uint8

const (
	starting state = iota
	running
	stopped
)

// task is one task of the service. Busy is how many messages it works on.
type task struct {
	launched float64
	state    state
	busy     int32
	at       int32 // its place among the free ones; -1: none
}

// fleet is what ECS runs. A slot is a message that a task works on, named by the task and a number.
type fleet struct {
	perTask    int32
	tasks      []task
	alive      []int32 // tasks that are starting or running, the oldest first
	free       []int32 // tasks that are running and have room
	desired    int
	running    int
	pending    int
	unlaunched int     // tasks that wait for the launch quota
	tokens     float64 // of the account's quota
	minute     float64 // tokens of the service's quota
	filled     float64 // when tokens was right
	queued     bool    // a launch is on the agenda
	slots      []slot
	spare      []int32          // slots that nothing is in
	hidden     map[int32]string // messages of killed tasks that are not visible yet
}

type slot struct{ task, message int32 }

func (f *fleet) init(s Settings) {
	f.perTask, f.tokens, f.minute, f.hidden = int32(s.MessagesPerTask), s.LaunchBurst, s.LaunchMinute, map[int32]string{} //nolint:gosec // small
}

// take gives a message to a task that has room, any of them, and returns its slot.
func (f *fleet) take(r *rand.Rand, message int32) int32 {
	i := 0
	if len(f.free) > 1 {
		i = r.IntN(len(f.free))
	}
	id := f.free[i]
	t := &f.tasks[id]
	t.busy++
	if t.busy == f.perTask {
		f.unfree(id)
	}
	if n := len(f.spare); n > 0 {
		s := f.spare[n-1]
		f.spare = f.spare[:n-1]
		f.slots[s] = slot{id, message}
		return s
	}
	f.slots = append(f.slots, slot{id, message})
	return int32(len(f.slots) - 1) //nolint:gosec // small
}

func (f *fleet) unfree(id int32) {
	t := &f.tasks[id]
	if t.at < 0 {
		return
	}
	last := f.free[len(f.free)-1]
	f.free[t.at] = last
	f.tasks[last].at = t.at
	f.free = f.free[:len(f.free)-1]
	t.at = -1
}

func (f *fleet) enfree(id int32) {
	if t := &f.tasks[id]; t.at < 0 {
		t.at = int32(len(f.free)) //nolint:gosec // small
		f.free = append(f.free, id)
	}
}

// done ends the work in a slot. A task that nobody wants any more stops when it is idle.
func (w *world) done(s int32) {
	sl := w.slots[s]
	w.spare = append(w.spare, s)
	if sl.task < 0 {
		return // its task was killed
	}
	w.inFlight--
	t := &w.tasks[sl.task]
	t.busy--
	w.enfree(sl.task)
	if t.busy == 0 && len(w.alive)+w.unlaunched > w.desired {
		w.stop(sl.task)
	}
	w.serve()
}

func (w *world) ready(id int32) {
	t := &w.tasks[id]
	if t.state != starting {
		return
	}
	t.state = running
	w.pending--
	w.running++
	w.enfree(id)
	w.serve()
}

// setDesired is UpdateService: tasks are launched as the quota allows, or stopped.
func (w *world) setDesired(n int) {
	w.desired = n
	have := len(w.alive) + w.unlaunched
	switch {
	case n > have:
		w.unlaunched += n - have
		w.launch()
	case n < have:
		w.unlaunched = max(0, w.unlaunched-(have-n))
		w.scaleIn()
	}
}

// launch begins tasks within the quota.
func (w *world) launch() {
	w.tokens = min(w.s.LaunchBurst, w.tokens+(w.now-w.filled)*w.s.LaunchRate)
	w.minute = min(w.s.LaunchMinute, w.minute+(w.now-w.filled)*w.s.LaunchMinute/60)
	w.filled = w.now
	for w.unlaunched > 0 {
		if w.tokens < 1 || w.minute < 1 {
			if !w.queued {
				w.queued = true
				w.agenda.add(event{at: w.now + max((1-w.tokens)/w.s.LaunchRate, (1-w.minute)/w.s.LaunchMinute*60) + 1e-6, kind: launches})
			}
			return
		}
		w.tokens--
		w.minute--
		w.unlaunched--
		id := int32(len(w.tasks)) //nolint:gosec // small
		w.tasks = append(w.tasks, task{launched: w.now, at: -1})
		w.alive = append(w.alive, id)
		w.pending++
		w.agenda.add(event{at: w.now + w.s.Startup.draw(w.startup), who: id, kind: taskReady})
	}
}

// scaleIn stops the newest tasks first, as ECS usually does; protected ones stay until they are idle.
func (w *world) scaleIn() {
	for i := len(w.alive) - 1; i >= 0 && len(w.alive) > w.desired; i-- {
		if id := w.alive[i]; w.tasks[id].busy == 0 || !w.s.Protected {
			w.stop(id)
		}
	}
}

// stop ends a task, and whatever it works on.
func (w *world) stop(id int32) {
	t := &w.tasks[id]
	if t.state == starting {
		w.pending--
	} else {
		w.running--
		w.unfree(id)
	}
	t.state = stopped
	w.out.TaskSeconds += billed(w.now + w.s.Stop - t.launched)
	i, _ := slices.BinarySearch(w.alive, id)
	w.alive = slices.Delete(w.alive, i, i+1)
	if t.busy > 0 {
		w.kill(id)
	}
}

// kill loses the work of a task: its messages come again when their visibility ends.
func (w *world) kill(id int32) {
	for i := range w.slots {
		if s := &w.slots[i]; s.task == id {
			w.out.Killed++
			w.inFlight--
			w.hidden[s.message] = ""
			w.agenda.add(event{at: w.now + w.s.Visibility, who: s.message, kind: returns})
			s.task = -1
		}
	}
}

func (w *world) back(message int32) {
	delete(w.hidden, message)
	w.waiting = append(w.waiting, message)
	w.serve()
}
