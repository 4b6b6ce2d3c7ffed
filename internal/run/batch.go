package run

import (
	"slices"
	"time"
)

// Objects are what a batch has gathered. Each object has a run of its own, which names the batch as its Member and is
// settled by itself; the batch is the run that has the task.
type Objects struct {
	Members []ID  `json:"members"` // in the order in which they joined; settled ones leave when the batch is tried again
	Bytes   int64 `json:"bytes"`
	// Sealed says that no more objects join.
	Sealed bool `json:"sealed,omitempty"`
	// From is the batch that this one is a half of, and Into the halves that a batch was split into.
	From ID   `json:"from,omitempty"`
	Into []ID `json:"into,omitempty"`
}

// Unsealed reports whether objects may still join the batch.
func (r Run) Unsealed() bool { return r.State == Queued && r.Objects != nil && !r.Objects.Sealed }

// NewBatch is a batch for the runs of objects, of which it takes the first ones. It waits for more until maxWait has
// passed. Its ID comes from its first object and attempt, so that it is the same whoever opens it.
func NewBatch(stack string, j Job, first Run, now time.Time) Run {
	b := New(BatchID(stack, j.Name, "first", []ID{first.ID}, first.Attempt), j, first.Trigger, Input{}, now)
	b.Objects = &Objects{}
	wait := j.Batch.MaxWait
	if wait <= 0 {
		wait = DefaultMaxWait
	}
	b.NotBefore = now.Add(wait)
	b.LaunchDeadline = j.LaunchDeadline(b.NotBefore)
	return b
}

// Join adds queued runs of objects to an unsealed batch, as many as the policy lets in and at most limit. It returns the
// batch, sealed and due when it is full, and those that have joined, each naming its batch. An empty batch takes one
// object whatever its size.
func (r Run) Join(p Batch, waiting []Run, limit int, now time.Time) (batch Run, joined []Run, err error) {
	if !r.Unsealed() {
		return r, nil, &TransitionError{r.ID, r.State, "join", "and takes no more objects"}
	}
	most := p.MaxObjects
	if most <= 0 || most > MaxBatch {
		most = MaxBatch
	}
	n := r.Clone()
	for _, m := range waiting[:min(len(waiting), limit)] {
		size := m.size()
		if p.MaxBytes > 0 && len(n.Objects.Members) > 0 && n.Objects.Bytes+size > p.MaxBytes {
			return n.seal("full: the next object does not fit", now), joined, nil
		}
		n.Objects.Members = append(n.Objects.Members, m.ID)
		n.Objects.Bytes += size
		m = m.Clone()
		m.Member = n.ID
		joined = append(joined, m.note("joined batch "+string(n.ID), now))
		if len(n.Objects.Members) >= most || p.MaxBytes > 0 && n.Objects.Bytes >= p.MaxBytes {
			return n.seal("full", now), joined, nil
		}
	}
	return n, joined, nil
}

// seal makes a batch due at once. The receiver must be a clone.
func (r Run) seal(why string, now time.Time) Run {
	r.Objects.Sealed = true
	if r.NotBefore.After(now) {
		r.NotBefore = now
	}
	return r.note(why, now)
}

func (r Run) size() int64 {
	if r.Input.Object == nil {
		return 0
	}
	return r.Input.Object.Size
}

// Splits reports whether a batch that ended so is worth splitting: one of its objects may be to blame. An attempt that
// never ran, that was taken away or that somebody stopped says nothing about its objects.
func (o Outcome) Splits() bool {
	return slices.Contains([]string{"application-error", "out-of-memory", "timeout", "health-check", "storage"}, o.Class)
}

// Split ends a batch with the outcome and gives its remaining members to two new batches, half to each, which are due
// at notBefore. It needs two members at least.
func (r Run) Split(stack string, j Job, o Outcome, remaining []Run, notBefore, at, now time.Time) (whole Run, halves []Run, err error) {
	if len(remaining) < 2 {
		return r, nil, &TransitionError{r.ID, r.State, "split", "with too few objects"}
	}
	whole, err = r.End(o, at, now, OwesEvent, OwesNudge)
	if err != nil {
		return r, nil, err
	}
	whole = whole.Paid(OwesMembers) // its halves have them
	middle := (len(remaining) + 1) / 2
	for _, part := range [][]Run{remaining[:middle], remaining[middle:]} {
		half := regather(stack, j, string(r.ID), r.Trigger, part, now)
		half.Objects.From, half.NotBefore = r.ID, notBefore
		half.LaunchDeadline = j.LaunchDeadline(notBefore)
		halves = append(halves, half)
		whole.Objects.Into = append(whole.Objects.Into, half.ID)
	}
	return whole, halves, nil
}

// Regather is a sealed batch of reopened runs, due at once. The same runs at the same attempts give the same batch.
func Regather(stack string, j Job, members []Run, now time.Time) Run {
	return regather(stack, j, "retry", ByHand, members, now)
}

func regather(stack string, j Job, from string, trigger Trigger, members []Run, now time.Time) Run {
	var ids []ID
	var bytes int64
	attempts := 0
	for _, m := range members {
		ids = append(ids, m.ID)
		bytes += m.size()
		attempts += m.Attempt
	}
	b := New(BatchID(stack, j.Name, from, ids, attempts), j, trigger, Input{}, now)
	b.Objects = &Objects{Members: ids, Bytes: bytes, Sealed: true}
	return b
}

// Keep leaves only the given members in a batch that is tried again.
func (r Run) Keep(remaining []Run) Run {
	n := r.Clone()
	n.Objects.Members, n.Objects.Bytes = nil, 0
	for _, m := range remaining {
		n.Objects.Members = append(n.Objects.Members, m.ID)
		n.Objects.Bytes += m.size()
	}
	return n
}

// Result is what a container reports of one object of its batch.
type Result struct {
	ID       ID
	ExitCode int
	Reason   string
}

// Part is one member of a batch whose attempt has ended, and how it ends with it. Outcome is nil for one that is to be
// tried again or was not reported.
type Part struct {
	Member  Run
	Outcome *Outcome
}

// Apportion says how each member of a batch ends after its attempt has ended with the outcome, as far as that is known:
// what the container reported of it counts, and else a success of the whole. What the policy would try again is left
// open while another attempt is allowed. Members that are final already are left out.
func (r Run) Apportion(p Retry, o Outcome, members []Run, reported []Result) []Part {
	results := map[ID]Result{}
	for _, x := range reported {
		results[x.ID] = x
	}
	var parts []Part
	for _, m := range members {
		if m.State.Final() {
			continue
		}
		part := Part{Member: m}
		if x, ok := results[m.ID]; ok {
			single := o.of(x)
			if !p.Names(single) || single.Succeeded() || r.Attempt-r.Spared >= p.Attempts || r.Unwanted() {
				part.Outcome = &single
			}
		} else if o.Succeeded() {
			part.Outcome = &o
		}
		parts = append(parts, part)
	}
	return parts
}

// of is the outcome of one object as its container reported it.
func (o Outcome) of(x Result) Outcome {
	code := x.ExitCode
	if code == 0 {
		return Outcome{Class: "succeeded", Severity: "info", Expected: true, ExitCode: &code, Summary: "The container reported that it is done."}
	}
	return Outcome{
		Class: "application-error", Severity: "error", Container: o.Container, ExitCode: &code, Reason: x.Reason,
		Summary: "The container reported that this object of its batch failed.",
		Remedy:  "Read its log lines about this object; correct the object or the program, then start the run again.",
	}
}
