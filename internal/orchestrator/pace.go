package orchestrator

import (
	"context"
	"sync"
	"time"
)

// Pace spreads RunTask calls, so that every instance of a function together uses the account's quota and hardly ever
// meets it: 20 calls a second for Fargate, which instances share that cannot talk to each other.
//
// It begins with the fair share of an instance, and raises that while nothing is throttled, up to the whole quota: fast
// until the first throttling shows where the end is, and then by a little for each call that goes through. Throttling
// lowers the rate by a quarter. How often all instances together are throttled so does not depend on how many they
// are, and the quota, which keeps up to a second of calls that were not made, loses next to nothing to the steps down.
// After a pause it begins anew, for others may be at it by then.
// https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
//
// A nil Pace never waits. It may be used by several goroutines at once.
type Pace struct {
	quota float64 // calls a second
	fair  float64 // calls a second, the share of one instance
	sleep func(context.Context, time.Duration) error
	turn  chan struct{} // holds one: who has put it in waits for its time to call, the others wait for their turn

	mu      sync.Mutex // protects following fields
	rate    float64    // calls a second
	finding bool       // no throttling was met since the beginning
	last    time.Time  // when the last call was due
	lowered time.Time  // when the rate was last lowered
}

// RunTaskQuota is how many RunTask calls a second Fargate grants an account in a region.
const RunTaskQuota = 20

// How the rate moves. TestABurstUsesTheQuota prints what comes of it.
const (
	findFaster = 1.0 / 16         // of the rate, up, for each call that goes through before the first throttling
	raise      = 1.0 / 1000       // of the quota, up, for each call that goes through afterwards
	lower      = 1.0 / 4          // of the rate, down, for a throttling
	lowest     = 1.0 / 16         // of the fair share
	lowerEvery = time.Second / 2  // calls that were on their way when the rate was lowered tell nothing new
	kept       = time.Second      // calls that were not made are made up for, as far as the quota itself does
	pause      = 10 * time.Second // longer than this, and others may have come
)

// NewPace returns a pace for one of instances that share the quota. Sleep waits for a duration or until the context
// ends; nil means real time.
func NewPace(quota float64, instances int, sleep func(context.Context, time.Duration) error) *Pace {
	if sleep == nil {
		sleep = sleepFor
	}
	fair := quota / float64(max(instances, 1))
	return &Pace{quota: quota, fair: fair, sleep: sleep, turn: make(chan struct{}, 1), rate: fair, finding: true}
}

// Wait returns when the next call may be made, or with the context's error. Callers go in turn, each at the rate of
// that moment.
func (p *Pace) Wait(ctx context.Context, now time.Time) error {
	if p == nil {
		return ctx.Err()
	}
	began := time.Now()
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	for {
		wait := p.due(now.Add(time.Since(began)))
		if wait <= 0 {
			return ctx.Err()
		}
		if err := p.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// due is how long it is to the next call; when its time has come, that is taken.
func (p *Pace) due(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.last) > pause {
		p.rate, p.finding = p.fair, true
	}
	next := p.last.Add(time.Duration(float64(time.Second) / p.rate))
	if now.Before(next) {
		return next.Sub(now)
	}
	if now.Sub(next) > kept { // nobody called for longer than that
		next = now.Add(-kept)
	}
	p.last = next
	return 0
}

// Told adapts the rate to what the last call met.
func (p *Pace) Told(throttled bool) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case throttled && now.Sub(p.lowered) >= lowerEvery:
		p.rate, p.finding, p.lowered = max(p.rate*(1-lower), p.fair*lowest), false, now
	case throttled:
	case p.finding:
		p.rate = min(p.rate*(1+findFaster), p.quota)
	default:
		p.rate = min(p.rate+p.quota*raise, p.quota)
	}
}

func sleepFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
