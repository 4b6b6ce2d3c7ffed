package scaling

// Policy bounds the service. MessagesPerTask is how many messages one task works on at once.
type Policy struct {
	Min             int
	Max             int
	MessagesPerTask int
}

// Sample is what the queues and the service looked like at one moment, in messages and tasks.
type Sample struct {
	Visible  int
	InFlight int
	Delayed  int
	Running  int
	Pending  int
	Desired  int
}

// Reason says why a count was chosen; it is also a metric label.
type Reason string

// The reasons.
const (
	Backlog   Reason = "backlog"          // the backlog needs this many
	AtMaximum Reason = "at-maximum"       // it needs more than the policy allows
	AtMinimum Reason = "at-minimum"       // it needs fewer than the policy keeps
	Empty     Reason = "empty"            // nothing to do
	Busy      Reason = "busy"             // fewer would do, but ECS may stop a task that is at work
	BadSample Reason = "impossible-count" // a count is negative: held
)

// Decision is the number of tasks that the service should run, and why.
type Decision struct {
	Desired int
	Reason  Reason
}

// Decide sizes the service to its backlog: every message visible or in flight, MessagesPerTask to a task, between Min
// and Max. It never lowers the count while messages are in flight, because ECS chooses which task stops; and it holds
// when the sample is impossible.
func Decide(p Policy, s Sample) Decision {
	if s.Visible < 0 || s.InFlight < 0 || s.Desired < 0 {
		return Decision{max(s.Desired, 0), BadSample}
	}
	wanted := needed(s.Visible+s.InFlight, max(p.MessagesPerTask, 1))
	d := bound(p, wanted)
	if d.Desired < s.Desired && s.InFlight > 0 {
		return Decision{min(s.Desired, max(p.Max, p.Min)), Busy}
	}
	return d
}

func needed(messages, perTask int) int { return (messages + perTask - 1) / perTask }

func bound(p Policy, wanted int) Decision {
	switch {
	case wanted > p.Max:
		return Decision{p.Max, AtMaximum}
	case wanted < p.Min:
		return Decision{p.Min, AtMinimum}
	case wanted == 0:
		return Decision{0, Empty}
	}
	return Decision{wanted, Backlog}
}
