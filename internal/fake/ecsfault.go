package fake

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Fault is what goes wrong with a call.
type Fault struct {
	Error      *ECSError // refuse with this
	Failures   []Failure // RunTask answers with these and no task
	Empty      bool      // RunTask has its effect, and answers with neither tasks nor failures
	Afterwards bool      // the effect takes place, the answer is lost
}

// Injection is something that goes wrong on request: for the next Calls times, or for a time, or until it is cleared
// when both are zero. Kinds:
//
//	throttle         a call is refused with ThrottlingException
//	server-error     a call is refused with ServerException, status 500, without an effect
//	lost             a call has its effect, and no answer comes
//	failure          RunTask answers with failures[] of Reason (and Arn null)
//	no-capacity      a Provider (empty: every one) has no capacity for RunTask and services, in one Zone (empty: in
//	                 every one)
//	slow-start       tasks stay in PROVISIONING for Delay longer
//	stuck            tasks stay in PROVISIONING
//	missing          DescribeTasks and ListTasks do not know a Task (empty: every one)
//	spot-interrupt   at once: each task on FARGATE_SPOT, or Task, gets its notice and is stopped
//	event-lost       an event is not sent
//	event-duplicate  an event is sent twice
//	event-late       an event is sent Delay later
//	event-reordered  an event is sent after the one that follows it
//
// Those of the ledger are beside it: Ledger.Busy, Ledger.Lag and Ledger.Fault in memory, DynamoDB in front of a real
// endpoint.
type Injection struct {
	Kind      string `json:"kind"`
	Operation string `json:"operation,omitempty"` // of throttle, server-error and lost; empty: every one
	Provider  string `json:"provider,omitempty"`  // a capacity provider or launch type; empty: every one
	Zone      string `json:"zone,omitempty"`      // of no-capacity: an availability zone; empty: every one
	Task      string `json:"task,omitempty"`      // ARN or ID
	Reason    string `json:"reason,omitempty"`
	Calls     int    `json:"calls,omitempty"`
	For       Span   `json:"for,omitempty"`
	Delay     Span   `json:"delay,omitempty"`

	until time.Time
}

// Span is a duration that is written as text, as in "90s".
type Span time.Duration

// Duration is the span as a time.Duration.
func (s Span) Duration() time.Duration { return time.Duration(s) }

// MarshalText writes the span.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.Duration().String()), nil }

// UnmarshalText reads a span.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = Span(d)
	return err
}

var kinds = []string{
	"throttle", "server-error", "lost", "failure", "no-capacity", "slow-start", "stuck", "missing", "spot-interrupt",
	"event-lost", "event-duplicate", "event-late", "event-reordered",
}

// capacityText is what RunTask answers when Fargate has no room.
// https://repost.aws/knowledge-center/ecs-fargate-capacity-unavailable
const capacityText = "Capacity is unavailable at this time. Please try again later or in a different availability zone"

// Inject makes something go wrong from now on.
func (e *ECS) Inject(i Injection) error {
	if !slices.Contains(kinds, i.Kind) {
		return fmt.Errorf("inject %q: use one of %s", i.Kind, strings.Join(kinds, ", "))
	}
	if i.Zone != "" && i.Kind != "no-capacity" {
		return fmt.Errorf("inject %s: a zone is for no-capacity alone", i.Kind)
	}
	defer e.enter()()
	if i.Kind == "spot-interrupt" {
		e.interrupt(i.Task)
		return nil
	}
	if i.For > 0 {
		i.until = e.Now().Add(i.For.Duration())
		e.after(i.For.Duration(), e.unstick)
	}
	e.injections = append(e.injections, &i)
	return nil
}

// Injections are those that are still in force.
func (e *ECS) Injections() []Injection {
	defer e.enter()()
	out := []Injection{}
	for _, i := range e.injections {
		if e.inForce(i) {
			out = append(out, *i)
		}
	}
	return out
}

// ClearInjections lets everything go right again.
func (e *ECS) ClearInjections() {
	func() {
		defer e.enter()()
		e.injections = nil
		if e.heldBack != nil {
			e.send(*e.heldBack)
			e.heldBack = nil
		}
	}()
	e.unstick()
}

func (e *ECS) inForce(i *Injection) bool { return i.until.IsZero() || e.Now().Before(i.until) }

// inject uses an injection of the kind whose selector is empty or the one given, and returns it, or nil.
func (e *ECS) inject(kind, selector string) *Injection { return e.injectIn(kind, selector, "") }

// injectIn uses one that is also for every zone or the one given.
func (e *ECS) injectIn(kind, selector, zone string) *Injection {
	for n, i := range e.injections {
		if i.Kind != kind || !e.inForce(i) || !i.selects(selector) || i.Zone != "" && i.Zone != zone {
			continue
		}
		if i.Calls > 0 {
			if i.Calls--; i.Calls == 0 {
				e.injections = slices.Delete(e.injections, n, n+1)
			}
		}
		return i
	}
	return nil
}

func (i *Injection) selects(selector string) bool {
	own := first(i.Operation, i.Provider, i.Task)
	return own == "" || own == selector || i.Task != "" && strings.HasSuffix(selector, "/"+own)
}

// Faulty is what goes wrong with a call, and uses it up. It is never nil. A server that forwards other calls than
// those of this package asks for theirs.
func (e *ECS) Faulty(operation string) *Fault {
	if e.Fault != nil {
		if f := e.Fault(operation); f != nil {
			return f
		}
	}
	defer e.enter()()
	switch {
	case e.inject("throttle", operation) != nil:
		return &Fault{Error: refuse("ThrottlingException", "Rate exceeded")}
	case e.inject("server-error", operation) != nil:
		return &Fault{Error: &ECSError{Code: "ServerException", Message: "Service Unavailable. Please try again later.", Status: 500}}
	case e.inject("lost", operation) != nil:
		return &Fault{Error: &ECSError{Message: "the answer was lost"}, Afterwards: true}
	}
	if operation == "RunTask" {
		if i := e.inject("failure", operation); i != nil {
			return &Fault{Failures: []Failure{{Reason: first(i.Reason, capacityText)}}}
		}
	}
	return &Fault{}
}

// capacityGone is what RunTask answers when a fault has taken the capacity that it asks for.
func (e *ECS) capacityGone(in RunTaskInput) []Failure {
	provider := in.LaunchType
	if len(in.CapacityProviderStrategy) > 0 {
		provider = in.CapacityProviderStrategy[0].CapacityProvider
	}
	fargate := launchTypeOf(in) == "FARGATE"
	switch {
	case !fargate && len(in.CapacityProviderStrategy) > 0: // its tasks wait in PROVISIONING for an instance
		return nil
	case e.injectIn("no-capacity", provider, e.zone(in)) == nil:
		return nil
	case fargate:
		return []Failure{{Reason: capacityText}}
	}
	return []Failure{{Reason: "RESOURCE:CPU"}}
}

// slowed is how much longer a new task stays in PROVISIONING, and whether it does so until the fault is over.
func (e *ECS) slowed(t *Task) (more time.Duration, forever bool) {
	capacity := first(t.CapacityProviderName, t.LaunchType)
	managed := t.LaunchType != "FARGATE" && t.CapacityProviderName != ""
	if e.inject("stuck", capacity) != nil || managed && e.injectIn("no-capacity", capacity, t.AvailabilityZone) != nil {
		return 0, true
	}
	if i := e.inject("slow-start", capacity); i != nil {
		return i.Delay.Duration(), false
	}
	return 0, false
}

// unstick lets tasks that wait in PROVISIONING go on when no fault holds them any longer.
func (e *ECS) unstick() {
	defer e.enter()()
	if slices.ContainsFunc(e.injections, func(i *Injection) bool {
		return (i.Kind == "stuck" || i.Kind == "no-capacity") && e.inForce(i)
	}) {
		return
	}
	for _, t := range e.live {
		if e.Runner != nil && t.LastStatus == "PROVISIONING" && t.DesiredStatus == "RUNNING" && t.due.IsZero() {
			e.dueIn(t, 0)
		}
	}
}

func (e *ECS) hidden(t *Task) bool { return e.inject("missing", t.TaskArn) != nil }

// interrupt sends the notice that Fargate Spot takes its capacity back. SIGTERM comes with it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
func (e *ECS) interrupt(name string) {
	for _, t := range e.live {
		if t.DesiredStatus == "STOPPED" || name == "" && t.CapacityProviderName != "FARGATE_SPOT" || name != "" && t.TaskArn != name && t.ID() != name {
			continue
		}
		e.ask(t, "SpotInterruption", "Your Spot Task was interrupted.")
	}
}
