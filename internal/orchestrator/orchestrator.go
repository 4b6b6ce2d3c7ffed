package orchestrator

import (
	"context"
	"log/slog"
	"time"

	"slipway/internal/run"
	"slipway/internal/stop"
)

// Options are what an Orchestrator needs. Tasks may be nil where nothing is launched: runs that are admitted then wait for
// the function that can. Effects may be nil where nothing is told: what a run owes then stays owed. Files may be nil
// where no job gathers objects; Bucket is where they are.
type Options struct {
	Stack       string
	Jobs        []run.Job
	Watched     []Service                // services whose failing tasks open incidents
	Clusters    []string                 // clusters of which every failing task does; names or ARNs
	Containers  map[string]string        // that matter, by service or task family
	Stops       []stop.Rule              // how stops are told apart beside what package stop knows
	DeadLetters []DeadLetterQueue        // queues whose messages open incidents
	Count       func(what string, n int) // counts what is told; may be nil
	Ledger      Ledger
	Tasks       Tasks
	Effects     Effects
	Files       Files
	Bucket      string
	Trace       func(context.Context) string // the tracing header that tasks go on with; may be nil
	Now         func() time.Time
	Log         *slog.Logger
	Pace        *Pace // nil: as fast as it goes
}

// Service is an ECS service. Cluster is a name or an ARN.
type Service struct {
	Cluster string
	Name    string
}

// Orchestrator changes runs. It may be used by several goroutines at once.
type Orchestrator struct {
	stack         string
	jobs          map[string]run.Job
	order         []string // job names as configured, so that they take turns in a stable order
	watched       []Service
	clusters      []string
	stops         []stop.Rule
	deadLetters   []DeadLetterQueue
	counted       func(string, int)
	containers    map[string]string
	incidents     locks
	launchTrouble memory
	ledger        Ledger
	tasks         Tasks
	effects       Effects
	files         Files
	bucket        string
	trace         func(context.Context) string
	now           func() time.Time
	log           *slog.Logger
	pace          *Pace
}

// New returns an Orchestrator for the jobs of one stack.
func New(o Options) *Orchestrator {
	c := &Orchestrator{
		stack: o.Stack, jobs: map[string]run.Job{}, watched: o.Watched, clusters: o.Clusters, stops: o.Stops, containers: o.Containers, deadLetters: o.DeadLetters, counted: o.Count,
		ledger: o.Ledger, tasks: o.Tasks, effects: o.Effects, files: o.Files, bucket: o.Bucket, now: o.Now, trace: o.Trace, log: o.Log, pace: o.Pace,
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.counted == nil {
		c.counted = func(string, int) {}
	}
	if c.trace == nil {
		c.trace = func(context.Context) string { return "" }
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	for _, j := range o.Jobs {
		c.jobs[j.Name] = j
		c.order = append(c.order, j.Name)
	}
	return c
}

// concurrent is how many calls one invocation makes at once.
const concurrent = 10

// each calls f for 0 ≤ i < n, at most concurrent at a time, and returns when all are done.
func each(n int, f func(i int)) {
	gate := make(chan struct{}, concurrent)
	for i := range n {
		gate <- struct{}{}
		go func() {
			defer func() { <-gate }()
			f(i)
		}()
	}
	for range concurrent {
		gate <- struct{}{}
	}
}

// timeLeft reports whether the invocation still has time for another round of calls.
func timeLeft(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() == nil && (!bounded || time.Until(deadline) > roundTime)
}

// roundTime is what one claim with its launch may take when AWS is slow.
const roundTime = 5 * time.Second
