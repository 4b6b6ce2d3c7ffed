package run

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"
)

// The bounds of the wait before the next attempt, and before the next launch of an attempt.
const (
	firstBackoff      = 10 * time.Second
	longestBackoff    = 10 * time.Minute
	firstLaunchWait   = 5 * time.Second
	longestLaunchWait = 5 * time.Minute
)

// Allows reports whether the policy gives the run another attempt after its present one ended so. Attempts that are
// spared do not count.
func (p Retry) Allows(r Run, o Outcome) bool {
	return !o.Succeeded() && r.Attempt-r.Spared < p.Attempts && p.Names(o)
}

// Names reports whether the policy is for such an outcome, however many attempts there were.
func (p Retry) Names(o Outcome) bool {
	if o.ExitCode != nil && slices.Contains(p.ExitCodes, *o.ExitCode) {
		return true
	}
	return slices.Contains(p.On, o.Class)
}

// RetryAt is when the next attempt of the run may start: exponential backoff with full jitter. The jitter is drawn
// from the run's identity, so the same run always gives the same answer.
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
func RetryAt(r Run, now time.Time) time.Time {
	seed := string(r.ID) + "/attempt/" + strconv.Itoa(r.Attempt)
	return now.Add(backoff(firstBackoff, longestBackoff, r.Attempt-r.Spared, seed))
}

// JitteredAt is when a scheduled run may start: its scheduled time and a part of the jitter that its ID decides on.
func JitteredAt(id ID, at time.Time, jitter time.Duration) time.Time {
	if jitter <= 0 {
		return at
	}
	return at.Add(time.Duration(draw(string(id)+"/jitter") * float64(jitter)).Truncate(time.Second))
}

// RelaunchAt is when a run whose launch was refused may be launched again, in the same way.
func RelaunchAt(r Run, now time.Time) time.Time {
	seed := string(r.ID) + "/launch/" + strconv.Itoa(r.Attempt) + "/" + strconv.Itoa(r.Launch)
	return now.Add(backoff(firstLaunchWait, longestLaunchWait, r.Launch, seed))
}

// backoff is between a second and first·2ⁿ⁻¹, at most longest, for the n-th time.
func backoff(first, longest time.Duration, n int, seed string) time.Duration {
	limit := longest
	if shift := max(n-1, 0); shift < 16 {
		limit = min(first<<shift, longest)
	}
	return time.Second + time.Duration(draw(seed)*float64(limit-time.Second))
}

// draw is a number from 0 up to and without 1 that the seed alone decides on.
func draw(seed string) float64 {
	sum := digest(seed)
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}
