package orchestrator

import (
	"context"
	"sync"
	"time"
)

// Pace spreads RunTask calls so that every instance of a function together stays within the account's quota: 20 calls
// a second for Fargate, shared by the instances that may run at once. Throttling halves the rate; each call that goes
// through afterwards raises it again by a tenth, up to the full one.
// https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
type Pace struct {
	full  float64 // calls a second
	sleep func(context.Context, time.Duration) error

	mu   sync.Mutex // protects following fields
	rate float64
	next time.Time
}

// RunTaskQuota is how many RunTask calls a second Fargate grants an account in a region.
const RunTaskQuota = 20

// NewPace returns a pace for one of instances that share the quota. Sleep waits for a duration or until the context
// ends; nil means real time.
func NewPace(quota float64, instances int, sleep func(context.Context, time.Duration) error) *Pace {
	if sleep == nil {
		sleep = sleepFor
	}
	full := quota / float64(max(instances, 1))
	return &Pace{full: full, rate: full, sleep: sleep}
}

// Wait returns when the next call may be made, or with the context's error.
func (p *Pace) Wait(ctx context.Context, now time.Time) error {
	if p == nil {
		return ctx.Err()
	}
	p.mu.Lock()
	if p.next.Before(now) {
		p.next = now
	}
	wait := p.next.Sub(now)
	p.next = p.next.Add(time.Duration(float64(time.Second) / p.rate))
	p.mu.Unlock()
	if wait <= 0 {
		return ctx.Err()
	}
	return p.sleep(ctx, wait)
}

// Told adapts the rate to what the last call met.
func (p *Pace) Told(throttled bool) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if throttled {
		p.rate = max(p.rate/2, p.full/16)
		return
	}
	p.rate = min(p.rate*1.1, p.full)
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
