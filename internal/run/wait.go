package run

import "time"

// StartWait is how long it has taken from what asked for the run until its task was RUNNING, and whether that was the
// first time: a later attempt tells nothing of how long a start takes. A clock that is behind makes no negative wait.
func (r Run) StartWait() (wait time.Duration, first bool) {
	if r.StartedAt.IsZero() {
		return 0, false
	}
	times := 0
	for _, s := range r.History {
		if s.State == Running {
			times++
		}
	}
	return max(0, r.StartedAt.Sub(r.asked())), times <= 1
}

// oldest is how long before its admission the event of a run can have happened: a dead letter is kept for 14 days and
// may have waited before. The time of a sample, or of an event written by hand, is older and says nothing.
const oldest = 30 * 24 * time.Hour

// asked is when the run was asked for: the time of its event, the scheduled time when the clock asked, or else the time
// of admission, as for a backfill.
func (r Run) asked() time.Time {
	switch at := r.Input.ScheduledTime; {
	case r.EventAt.After(r.AdmittedAt.Add(-oldest)):
		return r.EventAt
	case r.Trigger == BySchedule && at != nil:
		return *at
	}
	return r.AdmittedAt
}
