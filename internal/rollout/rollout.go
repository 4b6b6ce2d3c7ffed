package rollout

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Most is the largest desired count that is worked out: twenty times what one service may have.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const Most = 100_000

// Plan is a rolling update. Every task of the old revision serves when it begins.
type Plan struct {
	Desired    int
	MinHealthy int // percent of Desired
	Max        int // percent of Desired
	// Start is from the launch of a task to RUNNING, Grace from there until it counts as healthy, Drain from the
	// decision to stop a task until it is STOPPED.
	Start, Grace, Drain time.Duration
	// Room is how many tasks more than Desired the instances, or a quota of vCPUs, have room for; negative: as many as it
	// takes.
	Room int
	// LaunchRate is how many tasks a minute may be launched; zero: as many as it takes.
	LaunchRate int
}

// Step is what there is from a moment on, in seconds from the beginning. Tasks run when they serve: a new one that is not
// healthy yet is starting, and one that was told to stop is stopping until it is STOPPED.
type Step struct {
	At         float64 `json:"at"`
	OldRunning int     `json:"oldRunning"`
	NewRunning int     `json:"newRunning"`
	Starting   int     `json:"starting"`
	Stopping   int     `json:"stopping"`
}

// Rollout is how it goes. A rollout that is stuck ends at the last step, and Why says what keeps it and what to write
// instead; otherwise Why says what bounds its speed.
type Rollout struct {
	Steps   []Step  `json:"steps"`
	Seconds float64 `json:"seconds"`
	Stuck   bool    `json:"stuck"`
	Why     string  `json:"why"`
}

// Limits are the least and the most tasks of a plan. The minimum is rounded up and the maximum down.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func (p Plan) Limits() (least, most int) {
	return (p.Desired*p.MinHealthy + 99) / 100, p.Desired * p.Max / 100
}

// Check names every mistake of a plan.
func (p Plan) Check() error {
	var problems []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	demand(p.Desired >= 0 && p.Desired <= Most, "desired: %d is not a count from 0 to %d", p.Desired, Most)
	demand(p.MinHealthy >= 0 && p.MinHealthy <= 100, "minimum healthy: %d is not a percentage from 0 to 100; more than all can never stay", p.MinHealthy)
	demand(p.Max >= 100 && p.Max <= maxPercent, "maximum: %d is not a percentage from 100 to %d; with less than 100 the service never has all its tasks", p.Max, maxPercent)
	for _, d := range []struct {
		name string
		long time.Duration
	}{{"start", p.Start}, {"grace", p.Grace}, {"drain", p.Drain}} {
		demand(d.long >= 0 && d.long <= longest, "%s: %s is not between nothing and %s", d.name, d.long, longest)
	}
	demand(p.Room <= Most, "room: %d is more than %d", p.Room, Most)
	demand(p.LaunchRate >= 0 && p.LaunchRate <= Most, "launch rate: %d a minute is not between 0, for no limit, and %d", p.LaunchRate, Most)
	return errors.Join(problems...)
}

const (
	maxPercent = 1000
	longest    = 24 * time.Hour
)

// Roll works out a plan that Check has passed.
func Roll(p Plan) Rollout {
	s := &service{plan: p, old: p.Desired, room: p.Room}
	if p.Room < 0 {
		s.room = maxPercent * Most // more than any plan launches
	}
	s.least, s.most = p.Limits()
	var out Rollout
	for {
		s.schedule()
		out.Steps = append(out.Steps, s.step())
		if !s.advance() {
			break
		}
	}
	out.Seconds = s.now.Seconds()
	out.Stuck = s.fresh < p.Desired || s.old > 0
	out.Why = s.why(out.Stuck)
	return out
}

// service is a service during its rollout.
type service struct {
	plan        Plan
	least, most int
	room        int // for tasks beside those there are
	now         time.Duration
	old, fresh  int // serving
	starting    []group
	stopping    []group
	minute      time.Duration // when the minute began whose launches are counted
	launched    int           // in it
	held        bool          // there is room for more launches, and the quota has none left in this minute
}

// group is tasks whose state ends at the same time.
type group struct {
	until time.Duration
	n     int
}

func count(groups []group) int {
	n := 0
	for _, g := range groups {
		n += g.n
	}
	return n
}

// schedule is what the scheduler of the service does at one moment: it stops old tasks while enough others serve, and
// launches new ones while there is room below the maximum. A task that is stopping is counted to the maximum until it is
// STOPPED, and holds its room. AWS's words count RUNNING and PENDING, so that a rollout may be faster than this, never
// fuller.
func (s *service) schedule() {
	for {
		launched, stopped := s.launch(), s.stop()
		if launched+stopped == 0 {
			return
		}
		if s.plan.Start+s.plan.Grace > 0 && s.plan.Drain > 0 {
			return
		}
		s.settle() // what takes no time is done at once, and may let more go
	}
}

func (s *service) launch() int {
	there := s.old + s.fresh + count(s.starting) + count(s.stopping)
	wanted := max(0, min(s.plan.Desired-s.fresh-count(s.starting), s.most-there, s.room))
	n := s.paced(wanted)
	s.room -= n
	s.starting = add(s.starting, group{s.now + s.plan.Start + s.plan.Grace, n})
	return n
}

// paced lets through what of n launches the quota has left for this minute, and remembers when the next one begins if that
// is not all.
func (s *service) paced(n int) int {
	rate := s.plan.LaunchRate
	if rate == 0 {
		return n
	}
	if s.now >= s.minute+time.Minute {
		s.minute, s.launched = s.now, 0
	}
	now := min(n, rate-s.launched)
	s.launched += now
	s.held = n > now
	return now
}

func (s *service) stop() int {
	n := max(0, min(s.old, s.old+s.fresh-s.least))
	if n == 0 {
		return 0
	}
	s.old -= n
	s.stopping = add(s.stopping, group{s.now + s.plan.Drain, n})
	return n
}

// add puts a group among others, in order of their times.
func add(groups []group, g group) []group {
	if g.n == 0 {
		return groups
	}
	at, found := slices.BinarySearchFunc(groups, g, func(a, b group) int { return int(a.until - b.until) })
	if found {
		groups[at].n += g.n
		return groups
	}
	return slices.Insert(groups, at, g)
}

// settle ends what is due now.
func (s *service) settle() {
	for len(s.starting) > 0 && s.starting[0].until <= s.now {
		s.fresh += s.starting[0].n
		s.starting = s.starting[1:]
	}
	for len(s.stopping) > 0 && s.stopping[0].until <= s.now {
		s.room += s.stopping[0].n
		s.stopping = s.stopping[1:]
	}
}

// advance goes on to the next moment at which something ends. It reports false when nothing does.
func (s *service) advance() bool {
	next := time.Duration(math.MaxInt64)
	for _, groups := range [][]group{s.starting, s.stopping} {
		if len(groups) > 0 {
			next = min(next, groups[0].until)
		}
	}
	if s.held {
		next = min(next, s.minute+time.Minute)
	}
	if next == math.MaxInt64 {
		return false
	}
	s.now = next
	s.settle()
	return true
}

func (s *service) step() Step {
	return Step{s.now.Seconds(), s.old, s.fresh, count(s.starting), count(s.stopping)}
}

// why explains a rollout in words.
func (s *service) why(stuck bool) string {
	p := s.plan
	limits := fmt.Sprintf("%d %% of %d, rounded up, is %d: so many must serve; %d %%, rounded down, is %d: more must not be there", p.MinHealthy, p.Desired, s.least, p.Max, s.most)
	switch {
	case p.Desired == 0:
		return "no task is wanted, so nothing is replaced"
	case stuck && s.most <= p.Desired:
		return fmt.Sprintf("none may stop and none may start: %s. Lower the minimum to %s, or raise the maximum to %d or more%s",
			limits, p.movable(), (100*(p.Desired+1)+p.Desired-1)/p.Desired, p.andRoom())
	case stuck:
		return fmt.Sprintf("none may stop, and there is no room to start another: %s. Lower the minimum to %s, or add room for one task",
			limits, p.movable())
	}
	return limits + "." + s.pace()
}

// movable is the highest minimum percent with which one task may stop.
func (p Plan) movable() string {
	if percent := 100 * (p.Desired - 1) / p.Desired; percent > 0 {
		return fmt.Sprintf("%d or less", percent)
	}
	return "0"
}

// andRoom is what a higher maximum needs beside it where there is no room.
func (p Plan) andRoom() string {
	if p.Room == 0 {
		return " and add room for one task"
	}
	return ""
}

// pace says what bounds the speed.
func (s *service) pace() string {
	p := s.plan
	first := min(p.Desired, s.most-p.Desired)
	if p.Room >= 0 {
		first = min(first, p.Room)
	}
	switch {
	case p.LaunchRate > 0 && first > p.LaunchRate:
		return fmt.Sprintf(" At first %d new ones may come, at %d launches a minute.", first, p.LaunchRate)
	case s.most >= 2*p.Desired && (p.Room < 0 || p.Room >= p.Desired):
		return " All new tasks start at once."
	case p.Room >= 0 && p.Room < s.most-p.Desired:
		return fmt.Sprintf(" There is room for %d more, so the maximum is not reached.", p.Room)
	}
	return fmt.Sprintf(" At first %d old ones may go and %d new ones come.", p.Desired-s.least, s.most-p.Desired)
}
