package run

import (
	"errors"
	"fmt"
	"time"
)

// Write is a set of changes to runs of one job that the ledger makes together or not at all. It holds at most
// MaxWrite changes, no run twice.
type Write struct {
	Job     string
	Max     int // the job's concurrency.max; zero: no bound
	Changes []Change
}

// MaxWrite is how many runs one Write may change: with the job's counter it stays within DynamoDB's 100 items.
const MaxWrite = 90

// Change is one run as it is to be stored. Run.Revision is the revision it was read at, zero for a new run; the ledger
// stores it as the next one, and refuses when the stored run has another. Slots is +1 when the run takes a slot of
// its job, -1 when it gives one back.
type Change struct {
	Run   Run
	Slots int
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
	// Full says that the job has no room for the slots asked for; Active is how many it has in use.
	Full   bool
	Active int
}

// Error says what was in the way.
func (c *Conflict) Error() string {
	if c.Full {
		return fmt.Sprintf("write runs: the job is full with %d active", c.Active)
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
	// Active is the counter of concurrency.max. Only Write moves it; saving a job state leaves it alone.
	Active   int   `json:"-"`
	Revision int64 `json:"-"`
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
