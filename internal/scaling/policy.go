package scaling

import "time"

// ScaleIn says when tasks may go.
type ScaleIn string

const (
	// Idle lowers the count only when nothing is in flight, because ECS chooses which task stops. It is the default.
	Idle ScaleIn = "idle"
	// Protected is for workers with task scale-in protection: ECS stops none that is at work, so the count follows the
	// need, and is never below the workers that are busy.
	Protected ScaleIn = "protected"
)

// DefaultLatency is the target of a policy that has none.
const DefaultLatency = time.Minute

// Policy bounds a service. Latency is the longest wait of a message that is in time; zero: DefaultLatency. ServiceTime
// and StartupTime are hints; zero: learned.
type Policy struct {
	Min             int
	Max             int
	MessagesPerTask int // worked on at once by one task; zero: one
	Latency         time.Duration
	ServiceTime     time.Duration // of work on one message, the mean
	StartupTime     time.Duration // from the request of a task to RUNNING, the median
	ScaleIn         ScaleIn
	FIFO            bool // the queue is FIFO: no two messages of a group are worked on at once
	MaxGroups       int  // message groups of a FIFO queue; zero: not known
}

// slots is how many messages one task works on at once.
func (p Policy) slots() float64 { return float64(max(p.MessagesPerTask, 1)) }

// latency is the target in seconds.
func (p Policy) latency() float64 {
	if p.Latency <= 0 {
		return DefaultLatency.Seconds()
	}
	return p.Latency.Seconds()
}

// Unknown stands for a count that could not be read. Any other below zero is impossible.
const Unknown = -1

// Sample is what the queues and the service looked like at one moment, in messages and tasks. Several queues of one
// service are added up.
type Sample struct {
	At       time.Time // when it was read; zero: now
	Visible  int
	InFlight int
	Delayed  int
	Running  int
	Pending  int
	Desired  int
	// Deploying says that a deployment of the service is in progress: tasks of two kinds run beside each other.
	Deploying bool
	// StartFailures is how many tasks of the deployment have failed to start.
	StartFailures int
}

// Reason says why a count was chosen; it is also a metric label.
type Reason string

// The reasons.
const (
	Backlog     Reason = "backlog"            // the messages that wait need this many to be in time
	Arrivals    Reason = "arrivals"           // what arrives needs this many
	Starting    Reason = "starting"           // tasks are on their way for messages that wait
	Burst       Reason = "burst"              // kept for a while for bursts such as the last ones
	Warm        Reason = "warm"               // kept for a while after the last message
	AtMaximum   Reason = "at-maximum"         // it needs more than the policy allows
	AtMinimum   Reason = "at-minimum"         // it needs fewer than the policy keeps
	Empty       Reason = "empty"              // nothing to do
	Busy        Reason = "busy"               // fewer would do, but tasks are at work
	Groups      Reason = "message-groups"     // more tasks would find no message group to work on
	Deployment  Reason = "deployment"         // fewer would do, but a deployment is in progress
	NoReading   Reason = "no-reading"         // held: a count is missing
	BadSample   Reason = "impossible-count"   // held: a count is beyond what AWS has
	OldReading  Reason = "old-reading"        // held: the reading is older than a minute
	ClockBack   Reason = "clock-went-back"    // held: it is earlier than at the last decision
	BadPolicy   Reason = "max-below-min"      // held: the policy allows no count
	NotMoving   Reason = "queue-not-moving"   // backed off: tasks run, messages wait, and none gets done; read the worker's log
	CannotStart Reason = "tasks-do-not-start" // backed off: ECS starts no task of this service; read its events
)

// Decision is the number of tasks that the service should run, and why.
type Decision struct {
	Desired int
	Reason  Reason
	// Wait is how long a message that arrives now is expected to wait.
	Wait time.Duration
	// Rest says that nothing was to do for a while: looking once a minute is enough.
	Rest bool
}
