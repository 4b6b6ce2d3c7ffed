package ledger

import (
	"context"
	"time"
)

// SetSleep gives the ledger another way to wait.
func (l *Ledger) SetSleep(sleep func(context.Context, time.Duration) error) { l.sleep = sleep }
