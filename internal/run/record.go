package run

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Write is a set of changes to runs of one job that the ledger makes together or not at all. It holds at most
// MaxWrite changes, no run twice.
type Write struct {
	Job string
	Max int // the job's concurrency.max; zero: no bound
	// Holders says that the ledger keeps the list of the runs that hold a slot of the job.
	Holders bool
	// Gathers, when set, moves the job's pointer to its open batch. Such a write moves no slots.
	Gathers *Gathers
	Changes []Change
}

// Gathers is a change of the batch that a job's new objects join: it is refused unless the pointer was at Was.
type Gathers struct{ Was, Is ID }

// MaxWrite is how many runs one Write may change: with the job's counter it stays within DynamoDB's 100 items.
const MaxWrite = 90

// Change is one run as it is to be stored. Run.Revision is the revision it was read at, zero for a new run; the ledger
// stores it as the next one, and refuses when the stored run has another. Slots is +1 when the run takes a slot of
// its job, -1 when it gives one back.
type Change struct {
	Run   Run
	Slots int
	// Newest makes the write depend on the run's object being the newest one known of its key, and records it as such.
	Newest bool
}

// ChangeOf is the change from one value of a run to the next.
func ChangeOf(from, to Run) Change {
	to.Revision = from.Revision
	return Change{Run: to, Slots: slots(to) - slots(from)}
}

func slots(r Run) int {
	if r.Slot {
		return 1
	}
	return 0
}

// Conflict says that a Write was not made, because the ledger holds something else. Nothing of it was written.
type Conflict struct {
	// Current holds, for each run whose condition failed, the run that is stored.
	Current map[ID]Run
	// Newer holds, for each run whose object is not the newest of its key, the run of the newest one.
	Newer map[ID]ID
	// Full says that the job has no room for the slots asked for; Active is how many it has in use, and Holders who has
	// them, where the ledger keeps that list.
	Full    bool
	Active  int
	Holders []ID
	// Moved says that the job gathers in another batch than Gathers.Was.
	Moved bool
}

// Error says what was in the way.
func (c *Conflict) Error() string {
	switch {
	case c.Full:
		return fmt.Sprintf("write runs: the job is full with %d active", c.Active)
	case c.Moved:
		return "write runs: the job gathers in another batch"
	case len(c.Newer) > 0:
		return fmt.Sprintf("write runs: %d of them are for objects that newer ones supersede", len(c.Newer))
	}
	return fmt.Sprintf("write runs: %d of them have changed meanwhile", len(c.Current))
}

// JobState is what the ledger keeps of a job beside its runs.
type JobState struct {
	Name      string    `json:"name"`
	FirstSeen time.Time `json:"firstSeen"`
	// LastScheduled is the newest scheduled time that has been decided on; zero before the first one.
	LastScheduled time.Time `json:"lastScheduled,omitzero"`
	Paused        bool      `json:"paused,omitempty"`
	PausedWhy     string    `json:"pausedWhy,omitempty"`
	PausedAt      time.Time `json:"pausedAt,omitzero"`
	// FailedInRow are the newest scheduled runs that have failed with no success among them, for pauseOnFailure. A run is
	// in it once, however often its end is counted.
	FailedInRow []ID `json:"failedInRow,omitempty"`
	// Active is the counter of concurrency.max. Only Write moves it; saving a job state leaves it alone.
	Active   int   `json:"-"`
	Revision int64 `json:"-"`
}

// Tally counts the end of a scheduled run: a success forgets the failures before it, and when as many in a row as limit
// have failed the job is paused. It reports whether anything has changed.
func (s *JobState) Tally(r Run, limit int, now time.Time) bool {
	switch {
	case r.State == Succeeded:
		changed := len(s.FailedInRow) > 0
		s.FailedInRow = nil
		return changed
	case r.State != Failed || slices.Contains(s.FailedInRow, r.ID):
		return false
	}
	s.FailedInRow = append(slices.Clone(s.FailedInRow), r.ID)
	if len(s.FailedInRow) >= limit && !s.Paused {
		s.Pause(fmt.Sprintf("%d scheduled runs in a row have failed, the last one is %s", len(s.FailedInRow), r.ID), now)
	}
	return true
}

// Pause lets no scheduled time be admitted until the job is resumed.
func (s *JobState) Pause(why string, now time.Time) {
	s.Paused, s.PausedWhy, s.PausedAt = true, why, now
}

// Resume lets the job go on. What its schedule has missed is for catchUp to decide.
func (s *JobState) Resume() {
	s.Paused, s.PausedWhy, s.PausedAt, s.FailedInRow = false, "", time.Time{}, nil
}

// ErrNotFound is what the ledger answers for something that it does not hold.
var ErrNotFound = errors.New("not in the ledger")

// Kind is what a caller can do about an error.
type Kind int

// The kinds of error.
const (
	Unavailable Kind = iota // throttled, timed out, unreachable, or out of date: the same call may succeed later
	Invalid                 // refused for what was asked: it never succeeds as it is
)

// Error is an error whose kind somebody has decided on.
type Error struct {
	Kind   Kind
	Reason string // a stable word for dead letters and metrics
	Err    error
}

// Error is the message of the error inside.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error inside.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether err may go away by itself. An error that nobody has decided on may.
func Retryable(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind == Unavailable
	}
	return true
}

// Never marks an error that no retry can help, with a stable reason.
func Never(reason string, err error) error { return &Error{Kind: Invalid, Reason: reason, Err: err} }

// ReasonOf is the stable reason of err, or "unavailable".
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Reason != "" {
		return e.Reason
	}
	return "unavailable"
}
