package alert

import (
	"slices"
	"strconv"
	"time"

	"slipway/internal/run"
)

// The times of incidents.
const (
	// FirstWait is from the first mail of an incident to its first digest; each digest doubles it.
	FirstWait = 5 * time.Minute
	// LongestWait is the longest time between two digests.
	LongestWait = 4 * time.Hour
	// Memory is how long after its newest mail an incident that comes back still waits as before: what fails once in
	// an hour all day long does not mail each time.
	Memory = 24 * time.Hour
	// QuietAfter is how long an incident goes on that only silence can close, after its newest case.
	QuietAfter = time.Hour
	// ForgetAfter closes what nothing else has closed.
	ForgetAfter = 7 * 24 * time.Hour
	// enoughLaunches without another case close an incident of launching.
	enoughLaunches = 10
	// reopenings within Memory that mail at once although the incident was resolved just before.
	reopenings = 2
	// SettleWithin is how long the notices are left to whoever stored them.
	SettleWithin = run.SettleWithin
	// lookEvery is how often an open incident is held against the successes that the ledger knows.
	lookEvery = time.Minute
	// maxExamples is how many cases an incident keeps.
	maxExamples = 5
)

// What closes an incident.
const (
	BySuccess    = "success"    // the same thing has gone well
	ByLaunches   = "launches"   // enough launches without another
	ByQuiet      = "quiet"      // nothing more has come
	ByDeployment = "deployment" // a failed deployment explains it
)

// Add counts a case in the incident that it belongs to, as the ledger has it; the zero incident when it has none. The
// first case of an episode is told at once, the later ones in digests.
func Add(i run.Incident, c run.Case, now time.Time) run.Incident {
	first := !i.Open()
	if first {
		i = open(i, c, now)
	}
	i = count(i, c, now)
	switch {
	case !first || i.HeldUntil.After(now):
	case atOnce(i):
		i.Wait = FirstWait
		return tell(i, run.Opened, now)
	}
	return Advance(i, time.Time{}, now)
}

// open begins an episode. What the one before has not told yet goes into it.
func open(old run.Incident, c run.Case, now time.Time) run.Incident {
	i := run.Incident{
		Key: run.IncidentKey(c), Event: c.Event, Subject: c.Subject, Class: c.Outcome.Class, Severity: c.Outcome.Severity,
		Container: c.Outcome.Container, Scheduled: c.ScheduledTime != nil, Drill: c.Drill,
		Episode: old.Episode + 1, OpenedAt: c.At, HeldUntil: c.HeldUntil,
		Stages: old.Stages, Notices: old.Notices, Count: old.Untold(), Revision: old.Revision,
	}
	if old.Untold() > 0 {
		i.Examples = old.Examples
	}
	if !old.LastMail.IsZero() && now.Sub(old.LastMail) < Memory {
		i.LastMail, i.Wait, i.Reopened = old.LastMail, old.Wait, old.Reopened
		if old.ClosedBy == BySuccess || old.ClosedBy == ByLaunches {
			i.Reopened++
		}
	}
	return notice(i, run.Notice{Kind: run.Opened}, now)
}

// atOnce reports whether the first case of an episode is told at once: always, unless the incident comes and goes.
func atOnce(i run.Incident) bool {
	return i.LastMail.IsZero() || i.Reopened > 0 && i.Reopened <= reopenings
}

func count(i run.Incident, c run.Case, now time.Time) run.Incident {
	i.Count += max(c.Times, 1)
	i.Launches = 0
	i.LastAt, i.LastFor, i.SeenAt = later(i.LastAt, c.At), later(i.LastFor, c.For()), now
	if c.At.Before(i.OpenedAt) {
		i.OpenedAt = c.At
	}
	if c.HeldUntil.After(i.HeldUntil) && i.Told == 0 {
		i.HeldUntil = c.HeldUntil
	}
	i.Examples = append([]run.Case{c}, i.Examples...)
	slices.SortStableFunc(i.Examples, func(a, b run.Case) int { return b.At.Compare(a.At) })
	i.Examples = i.Examples[:min(len(i.Examples), maxExamples)]
	i.Check = now.Add(lookEvery)
	return i
}

// Advance does what time alone does: it closes an incident that nothing more comes of, or that a success known to the
// ledger has made up for, and makes the digest that is due. Good is the time of the newest such success, or zero.
func Advance(i run.Incident, good, now time.Time) run.Incident {
	switch {
	case !i.Open():
	case !good.IsZero() && MadeUpBy(i, good):
		i = Resolve(i, BySuccess, now)
	case !now.Before(i.SeenAt.Add(patience(i))):
		i = shut(i, ByQuiet, now)
	default:
		i.Check = now.Add(lookEvery)
		if OnlyQuiet(i) {
			i.Check = i.SeenAt.Add(patience(i))
		}
	}
	if i.Untold() > 0 && !now.Before(i.DigestAt()) {
		kind := run.Digest
		if i.Told == 0 && i.Open() {
			kind = run.Opened
		}
		i.Wait = min(max(2*i.Wait, FirstWait), LongestWait)
		i = tell(i, kind, now)
	}
	return i
}

// MadeUpBy reports whether a success at the given time (of a scheduled job: for the given scheduled time) is a success
// of the same thing, after everything that the incident has counted.
func MadeUpBy(i run.Incident, good time.Time) bool {
	return BySuccessOnly(i) && !good.Before(i.LastFor)
}

// BySuccessOnly reports whether a success of the subject resolves the incident: the next scheduled run of a job, the
// steady state of a service, an empty dead-letter queue.
func BySuccessOnly(i run.Incident) bool {
	if i.Drill || i.Event == "spot.notice" {
		return false
	}
	switch i.Subject.Kind {
	case run.JobSubject:
		return i.Scheduled
	case run.ServiceSubject, run.QueueSubject:
		return true
	}
	return false
}

// launching are the classes that are of launching a task, not of what it works on.
var launching = []string{
	"image-pull", "secrets", "log-driver", "network-interface", "storage", "capacity", "quota", "spot-interruption",
	"host-terminated", "infrastructure", "maintenance", "start-failed",
}

// ByLaunching reports whether launches of the job without another case resolve the incident.
func ByLaunching(i run.Incident) bool {
	return i.Subject.Kind == run.JobSubject && !i.Scheduled && !i.Drill && i.Event == "run.failed" && slices.Contains(launching, i.Class)
}

// OnlyQuiet reports whether nothing but silence closes the incident: an error over one object says nothing about the
// next one.
func OnlyQuiet(i run.Incident) bool { return !BySuccessOnly(i) && !ByLaunching(i) }

func patience(i run.Incident) time.Duration {
	if OnlyQuiet(i) {
		return QuietAfter
	}
	return ForgetAfter
}

// Launched counts a launch that went well.
func Launched(i run.Incident, now time.Time) run.Incident {
	if !i.Open() || !ByLaunching(i) {
		return i
	}
	i.Launches++
	if i.Launches < enoughLaunches {
		return i
	}
	return Resolve(i, ByLaunches, now)
}

// Resolve closes an incident because its cause is gone. Who was told of it is told of that too: at once, or by the
// digest that is still to come.
func Resolve(i run.Incident, by string, now time.Time) run.Incident {
	if !i.Open() {
		return i
	}
	told := i.Told > 0 && i.Untold() == 0
	i = shut(i, by, now)
	if told {
		i.LastMail = now
		return notice(i, run.Notice{Kind: run.Resolved, Mail: true}, now)
	}
	return i
}

// Swallow closes an incident without a mail, because a failed deployment explains it. Cases that were not told yet are
// told with the deployment's.
func Swallow(i run.Incident, now time.Time) run.Incident {
	if !i.Open() {
		return i
	}
	i.Told, i.HeldUntil = i.Count, time.Time{}
	i.Notices = slices.DeleteFunc(i.Notices, func(n run.Notice) bool { return n.Mail && n.Kind != run.Resolved && n.Tries == 0 })
	return shut(i, ByDeployment, now)
}

// Release lets a mail go that was held back.
func Release(i run.Incident, now time.Time) run.Incident {
	i.HeldUntil = time.Time{}
	return Advance(i, time.Time{}, now)
}

// shut ends the episode, without a mail.
func shut(i run.Incident, by string, now time.Time) run.Incident {
	i.ClosedAt, i.ClosedBy, i.Check = now, by, time.Time{}
	return notice(i, run.Notice{Kind: run.Resolved}, now)
}

// tell makes the mail about everything that no mail has told of.
func tell(i run.Incident, kind run.NoticeKind, now time.Time) run.Incident {
	i = notice(i, run.Notice{Kind: kind, Mail: true, New: i.Untold()}, now)
	i.Told, i.LastMail = i.Count, now
	return i
}

func notice(i run.Incident, n run.Notice, now time.Time) run.Incident {
	i.Stages++
	n.Stage, n.Count, n.At, n.NotBefore = i.Key+"/"+strconv.Itoa(i.Stages), i.Count, now, now.Add(SettleWithin)
	i.Notices = append(slices.Clip(i.Notices), n)
	return i
}

// Again is the incident with a notice that was given up and is to be told once more.
func Again(i run.Incident, n run.Notice, now time.Time) run.Incident {
	count, made := n.Count, n.At
	i = notice(i, n, now)
	i.Notices[len(i.Notices)-1].Count, i.Notices[len(i.Notices)-1].At = count, made
	return i
}

// Paid is the incident after a notice has been told.
func Paid(i run.Incident, stage string) run.Incident {
	i.Notices = slices.DeleteFunc(slices.Clone(i.Notices), func(n run.Notice) bool { return n.Stage == stage })
	return i
}

// Postponed is the incident after a notice could not be told to those who are left.
func Postponed(i run.Incident, stage string, left []string, now time.Time) run.Incident {
	i.Notices = slices.Clone(i.Notices)
	for k, n := range i.Notices {
		if n.Stage == stage {
			i.Notices[k].To, i.Notices[k].NotBefore = left, now.Add(backoff(n.Tries))
		}
	}
	return i
}

// Taken is the incident after somebody has taken a notice to tell it: nobody else does for a while.
func Taken(i run.Incident, stage string, now time.Time) run.Incident {
	i.Notices = slices.Clone(i.Notices)
	for k, n := range i.Notices {
		if n.Stage == stage {
			i.Notices[k].Tries, i.Notices[k].NotBefore = n.Tries+1, now.Add(2*SettleWithin)
		}
	}
	return i
}

// MaxTries is how often a notice is tried before it becomes a dead letter; RefusedTries when it was refused for good.
const (
	MaxTries     = 12
	RefusedTries = 3
)

// backoff is the time before the next try: from the next tick to an hour.
func backoff(tries int) time.Duration {
	return min(SettleWithin<<min(max(tries-1, 0), 7), time.Hour)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
