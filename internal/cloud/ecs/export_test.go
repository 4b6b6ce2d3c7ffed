package ecs

import "time"

// SetClock gives the adapter another clock.
func (e *ECS) SetClock(now func() time.Time) { e.now = now }
