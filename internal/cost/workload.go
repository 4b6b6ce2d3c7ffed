package cost

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Workload is what is to be done in a month.
type Workload struct {
	Objects Objects
	Jobs    Jobs
	Queues  Queues
	// Failing is the share of attempts that fail and are tried once more, from 0 to 1.
	Failing float64
	// Mails is how many mails are sent a month.
	Mails float64
	// X86 says that functions and tasks are built for x86_64 rather than arm64.
	X86 bool
	// Spot is the share of the task-seconds on Fargate Spot, from 0 to 1.
	Spot float64
	// PublicIP says that each task has a public IPv4 address, as in a subnet without NAT.
	PublicIP bool
	// Peak is how much busier the busiest hour is than the mean: a fleet that is always on must be that much larger.
	Peak float64
}

// Task is the size of a task.
type Task struct {
	CPU              int // CPU units: 1024 is one vCPU
	Memory           int // MiB
	EphemeralStorage int // GiB; 20 are free
}

// Objects are objects that a job wants, and their tasks.
type Objects struct {
	Count   float64
	Size    int64         // bytes of each
	Runtime time.Duration // of the container, for each object
	// BatchObjects and BatchBytes bound a batch; a BatchObjects of at most 1 gives each object a task of its own.
	BatchObjects int
	BatchBytes   int64
	Task         Task
}

// Jobs are scheduled jobs.
type Jobs struct {
	Count   int
	Every   time.Duration
	Runtime time.Duration // of the container, each time
	Task    Task
}

// Queues are queues whose messages a scaled service works on.
type Queues struct {
	Count           int
	Messages        float64       // all together
	Time            time.Duration // to work on one
	MessagesPerTask int           // worked on at once by one task
	Hours           float64       // of the day in which messages come
	Task            Task
}

// A month has 730 hours, as AWS's own calculator counts.
const (
	monthHours   = 730.0
	monthMinutes = monthHours * 60
)

// most bounds every count: beyond it the sums mean nothing.
const most = 1e12

// Check names every mistake of a workload.
func (w Workload) Check() error {
	var problems []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	count := func(what string, n float64) {
		demand(n >= 0 && n <= most, "%s: %g is not a number from 0 to %g", what, n, most) // NaN is neither
	}
	share := func(what string, n float64) { demand(n >= 0 && n <= 1, "%s: %g is not a share from 0 to 1", what, n) }
	length := func(what string, d time.Duration) {
		demand(d >= 0 && d <= monthHours*time.Hour, "%s: %s is not between nothing and a month", what, d)
	}
	count("objects", w.Objects.Count)
	count("size of an object", float64(w.Objects.Size))
	count("objects of a batch", float64(w.Objects.BatchObjects))
	count("bytes of a batch", float64(w.Objects.BatchBytes))
	length("runtime of an object", w.Objects.Runtime)
	count("jobs", float64(w.Jobs.Count))
	demand(w.Jobs.often(), "interval of the jobs: %s is less than a minute, the shortest there is", w.Jobs.Every)
	length("interval of the jobs", w.Jobs.Every)
	length("runtime of a job", w.Jobs.Runtime)
	count("queues", float64(w.Queues.Count))
	count("messages", w.Queues.Messages)
	demand(w.Queues.enough(), "messages: there are %g, and no queue for them", w.Queues.Messages)
	length("time of a message", w.Queues.Time)
	demand(w.Queues.MessagesPerTask >= 1, "messages at once: %d is not 1 or more", w.Queues.MessagesPerTask)
	demand(w.Queues.Hours > 0 && w.Queues.Hours <= 24, "hours of a day: %g is not more than 0 and up to 24", w.Queues.Hours)
	share("failing attempts", w.Failing)
	share("share on Spot", w.Spot)
	count("mails", w.Mails)
	demand(w.Peak >= 1 && w.Peak <= 1000, "peak: %g is not a factor from 1 to 1000", w.Peak)
	for what, t := range map[string]Task{"objects": w.Objects.Task, "jobs": w.Jobs.Task, "queues": w.Queues.Task} {
		demand(t.size(), "task for %s: %d CPU units, %d MiB and %d GiB of storage are no size", what, t.CPU, t.Memory, t.EphemeralStorage)
	}
	return errors.Join(problems...)
}

// often reports whether no job is due more often than a schedule can say.
func (j Jobs) often() bool { return j.Count == 0 || j.Every >= time.Minute }

// enough reports whether there is a queue where there are messages.
func (q Queues) enough() bool { return q.Count > 0 || q.Messages == 0 }

// size reports whether it is one.
func (t Task) size() bool { return t.CPU > 0 && t.Memory > 0 && t.EphemeralStorage >= 0 }

// perBatch is how many objects share a task.
func (o Objects) perBatch() float64 {
	n := float64(max(1, o.BatchObjects))
	if o.BatchBytes > 0 && o.Size > 0 {
		n = min(n, max(1, math.Floor(float64(o.BatchBytes)/float64(o.Size))))
	}
	return n
}

// times is how often the jobs run in a month, all together.
func (j Jobs) times() float64 {
	if j.Count == 0 || j.Every == 0 {
		return 0
	}
	return float64(j.Count) * monthHours / j.Every.Hours()
}

// work is the time that one task at a time would take for all messages.
func (q Queues) work() float64 { return q.Messages * q.Time.Seconds() / float64(q.MessagesPerTask) }
