package run

import "time"

// The intervals at which reconcile looks at a run that nothing was heard of.
const (
	// ResumeAfter is when a claimed run without a task is launched again, with the same token: longer than any
	// function may run, so that nobody is still about to do it.
	ResumeAfter = 2 * time.Minute
	// CheckEvery is how often an active run's task is described. ECS forgets a stopped task after an hour.
	CheckEvery = 10 * time.Minute
	// MissingAfter is how long after RunTask an unknown task may be believed to be missing: ECS is eventually
	// consistent.
	MissingAfter = 10 * time.Minute
	// SettleWithin is how long the ledger leaves owed effects to whoever settled the run.
	SettleWithin = 30 * time.Second
	wishEvery    = time.Minute
	tokenSafeFor = 30 * time.Minute
)

// Due is when somebody must look at the run again, if no event comes first. It is zero for a run that is not open.
func (r Run) Due() time.Time {
	switch {
	case len(r.Owed) > 0:
		return latest(r.lastStep(), r.CheckedAt).Add(SettleWithin)
	case r.State == Queued:
		return r.NotBefore
	case r.State == Starting && r.TaskARN == "":
		return latest(r.ClaimedAt.Add(ResumeAfter), r.CheckedAt.Add(wishEvery))
	case r.State.Active() && (r.Wish != NoWish || r.Missing > 0):
		return latest(r.lastStep(), r.CheckedAt.Add(wishEvery))
	case r.State.Active():
		return r.nextCheck()
	}
	return time.Time{}
}

// nextCheck is the next regular look at a task, or the end of its time if that is sooner.
func (r Run) nextCheck() time.Time {
	check := latest(r.AcceptedAt, r.StartedAt, r.CheckedAt).Add(CheckEvery)
	for _, end := range []time.Time{r.TimeoutAt(), r.RunningBy()} {
		if !end.IsZero() && end.Before(check) {
			check = end
		}
	}
	return check
}

// RunningBy is when an accepted task that is not RUNNING yet has had its time on this step of the capacity order: after
// the step's limit, or with the launch deadline where there is no other step. It is zero when nothing bounds it, and for
// any other run.
func (r Run) RunningBy() time.Time {
	switch {
	case r.State != Starting || r.TaskARN == "" || r.Decision == nil:
		return time.Time{}
	case r.Decision.RunningWithin > 0:
		return r.AcceptedAt.Add(r.Decision.RunningWithin)
	case r.LaunchDeadline.IsZero():
		return time.Time{}
	}
	return latest(r.LaunchDeadline, r.AcceptedAt.Add(DefaultRunningWithin)) // one accepted late has its time, too
}

// TimeoutAt is when the attempt has had its time, or zero when it is not bounded or not RUNNING yet.
func (r Run) TimeoutAt() time.Time {
	if r.State != Running || r.Decision == nil || r.Decision.Timeout <= 0 {
		return time.Time{}
	}
	return r.StartedAt.Add(r.Decision.Timeout)
}

// TokenSafe reports whether the launch may be repeated with its token without asking ECS first. ECS keeps a token for
// the task's lifetime and an hour; half of that hour is left for clocks and queues.
func (r Run) TokenSafe(now time.Time) bool { return now.Before(r.ClaimedAt.Add(tokenSafeFor)) }

// ExpiresAt is when the ledger may forget the run: 90 days after its end, and never while something is open.
func (r Run) ExpiresAt() time.Time {
	if r.Open() || r.EndedAt.IsZero() {
		return time.Time{}
	}
	return r.EndedAt.Add(KeepFor)
}

// KeepFor is how long final runs and closed incidents are kept.
const KeepFor = 90 * 24 * time.Hour

func (r Run) lastStep() time.Time {
	if len(r.History) == 0 {
		return r.AdmittedAt
	}
	return r.History[len(r.History)-1].At
}

func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}
