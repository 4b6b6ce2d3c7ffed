package scaling

import "time"

// State is what a policy remembers of a service between two decisions. The zero value remembers nothing. It is small,
// and JSON keeps it whole.
type State struct {
	At       time.Time `json:"at,omitzero"`     // of the last sample that was understood
	Active   time.Time `json:"active,omitzero"` // when messages were last seen
	Visible  int       `json:"visible,omitempty"`
	InFlight int       `json:"inFlight,omitempty"`
	Running  int       `json:"running,omitempty"`
	Desired  int       `json:"desired,omitempty"` // the last decision

	Arrivals []Arrived `json:"arrivals,omitempty"` // of late, the oldest first
	Needs    []Need    `json:"needs,omitempty"`    // of late, the oldest first, each less than those before it
	Peaks    []Peak    `json:"peaks,omitempty"`    // bursts beyond the launch quota, the oldest first
	Launches []Launch  `json:"launches,omitempty"` // tasks on their way, the oldest first
	Quota    Quota     `json:"quota,omitzero"`     // what is left for launches
	Service  []Guess   `json:"service,omitempty"`
	Swing    float64   `json:"swing,omitempty"` // the variance of arrivals between two looks, of the last minute
	Startup  StartTime `json:"startup,omitzero"`
	Working  float64   `json:"working,omitempty"` // messages in flight, the mean of the last minute
	Progress Progress  `json:"progress,omitzero"`
	Calm     int       `json:"calm,omitempty"`    // looks in a row at which nothing was in flight
	Stalled  int       `json:"stalled,omitempty"` // looks at a FIFO queue in a row with idle tasks and messages that wait
}

// Arrived is how many messages arrived until a time, since that of the entry before it.
type Arrived struct {
	At time.Time `json:"at"`
	N  float64   `json:"n"`
}

// Need is how many tasks would have been enough at a time, had all of them been running.
type Need struct {
	At time.Time `json:"at"`
	N  float64   `json:"n"`
}

// Peak is the highest need of a burst, and when the burst was last seen.
type Peak struct {
	Until time.Time `json:"until"`
	N     float64   `json:"n"`
}

// Launch is tasks that were asked for at a time and do not run yet.
type Launch struct {
	At time.Time `json:"at"`
	N  int       `json:"n"`
}

// Progress is when the queue last moved, or tasks were last taken away because it did not; how many messages there were
// when it moved; and how many tasks it may have until it moves again (zero: any number).
type Progress struct {
	At       time.Time `json:"at"`
	Messages int       `json:"messages"`
	Tasks    int       `json:"tasks,omitempty"`
}
