package event

import (
	"encoding/json"
	"time"
)

// Tick is the call of a minute. At is the time that it was scheduled for; zero when the payload does not say, as when
// nothing has filled in <aws.scheduler.scheduled-time>.
type Tick struct{ At time.Time }

// ParseTick reads the payload of a schedule: what EventBridge Scheduler or an EventBridge rule sends by itself, an
// input of one's own with a "time" or "scheduledTime", or nothing at all. It returns false when the payload tells of
// something else.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
func ParseTick(payload []byte) (Tick, bool) {
	if len(payload) == 0 {
		return Tick{}, true
	}
	var p struct {
		Source        text              `json:"source"`
		Time          instant           `json:"time"`
		ScheduledTime instant           `json:"scheduledTime"`
		Records       []json.RawMessage `json:"Records"`
	}
	if err := json.Unmarshal(payload, &p); err != nil || p.Records != nil {
		return Tick{}, false
	}
	switch p.Source {
	case "", "aws.scheduler", "aws.events", NudgeSource:
	default:
		return Tick{}, false
	}
	at := time.Time(p.Time)
	if at.IsZero() {
		at = time.Time(p.ScheduledTime)
	}
	return Tick{At: at}, true
}
