package simulate

// kind is what happens at an event. Of events at the same time, the lower kind comes first.
type kind uint8

const (
	workDone  kind = iota // a message is done; who is the slot
	taskReady             // a task is RUNNING; who is the task
	returns               // a message of a task that was killed is visible again; who is the message
	launches              // quota lets tasks that wait for it begin
	wakes                 // the policy looks
)

// event is something that will happen.
type event struct {
	at   float64
	who  int32
	kind kind
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.kind < o.kind }

// agenda is a binary heap of events, the next one first.
type agenda []event

func (a *agenda) add(e event) {
	h := append(*a, e)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	*a = h
}

func (a *agenda) next() event {
	h := *a
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		least := 2*i + 1
		if least >= last {
			break
		}
		if right := least + 1; right < last && h[right].before(h[least]) {
			least = right
		}
		if !h[least].before(h[i]) {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*a = h
	return first
}
