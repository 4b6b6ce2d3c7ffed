package worker

import (
	"context"
	"sync"
	"time"
)

// renewEvery is how often the rest of a protection is looked at while there is work.
const renewEvery = 15 * time.Second

// guard keeps the task protected while it receives and works.
type guard struct {
	protection Protection
	lasts      time.Duration
	told       func(on bool, err error)

	mu    sync.Mutex
	until time.Time // the task is protected until then; zero: not, or not known
}

// take returns nil when the task is surely protected for half of a protection's time or more.
func (g *guard) take(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Until(g.until) > g.lasts/2 {
		return nil
	}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	until, err := g.protection.Protect(asking, g.lasts)
	g.told(true, err)
	if err != nil {
		return err // what was granted before still stands, and until says for how long
	}
	g.until = until
	return nil
}

// release lets ECS stop the task. When that fails the protection ends by itself.
func (g *guard) release(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until.IsZero() {
		return
	}
	g.until = time.Time{}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	g.told(false, g.protection.Release(asking))
}

// held reports whether the task was protected and not released.
func (g *guard) held() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.until.IsZero()
}

// renew renews the protection while it is held, until ctx ends.
func (g *guard) renew(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if g.held() {
				_ = g.take(ctx) // told says why it failed, and the next tick tries again
			}
		case <-ctx.Done():
			return
		}
	}
}
