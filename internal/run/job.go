package run

import (
	"fmt"
	"time"
)

// Job is a trigger, a task and policies, as slipway.yaml declares it, after deploy-time values were filled in.
type Job struct {
	Name        string        `json:"name"`
	Trigger     JobTrigger    `json:"trigger"`
	Task        TaskSpec      `json:"task"`
	Resources   []Resources   `json:"resources,omitempty"`
	Concurrency Concurrency   `json:"concurrency,omitzero"`
	Retry       Retry         `json:"retry,omitzero"`
	Batch       *Batch        `json:"batch,omitempty"`
	Timeout     time.Duration `json:"timeout,omitempty"`     // of one attempt, from RUNNING; zero means none
	StartWithin time.Duration `json:"startWithin,omitempty"` // bounds launching by time; zero means DefaultStartWithin
	// SuccessWithin is how long after its scheduled time a run may succeed before the job counts as late.
	// Zero means that nobody waits for it.
	SuccessWithin time.Duration `json:"successWithin,omitempty"`
	// LatestOnly lets a newer version of the same key supersede an older one that has not started.
	LatestOnly bool `json:"latestOnly,omitempty"`
}

// DefaultStartWithin is how long a run may wait for its launch when the job says nothing.
const DefaultStartWithin = 24 * time.Hour

// JobTrigger says what starts a job. Exactly one of S3 and Schedule is set, or none for a job that is only started
// by hand.
type JobTrigger struct {
	S3       *S3Trigger       `json:"s3,omitempty"`
	Schedule *ScheduleTrigger `json:"schedule,omitempty"`
}

// S3Trigger selects objects of one bucket. Keys are doublestar globs; a pattern that begins with "!" excludes.
type S3Trigger struct {
	Bucket string   `json:"bucket"`
	Keys   []string `json:"keys,omitempty"` // empty: every key
	Size   Size     `json:"size,omitzero"`
}

// Size bounds an object's size in bytes, both ends included. A zero Max means no upper bound.
type Size struct {
	Min int64 `json:"min,omitempty"`
	Max int64 `json:"max,omitempty"`
}

// ScheduleTrigger is an expression that package schedule reads, with the zone it is read in (IANA name, empty: UTC).
type ScheduleTrigger struct {
	Expression string     `json:"expression"`
	Timezone   string     `json:"timezone,omitempty"`
	Start      *time.Time `json:"start,omitempty"`
	End        *time.Time `json:"end,omitempty"`
	CatchUp    CatchUp    `json:"catchUp,omitzero"`
	// Jitter delays each run by a part of it that its ID decides on, so that jobs of the same minute spread.
	Jitter time.Duration `json:"jitter,omitempty"`
	// PauseOnFailure pauses the job when so many of its scheduled runs in a row have failed. Zero: never.
	PauseOnFailure int `json:"pauseOnFailure,omitempty"`
	// Count is how many runs each scheduled time has, each of which knows its index. Zero means one.
	Count int `json:"count,omitempty"`
}

// MaxCount is the most runs that one scheduled time may have.
const MaxCount = 100

// CatchUp says what happens to scheduled times that passed while nothing could be admitted.
// Runs is "none", "latest" (the default) or "all"; times older than Within are given up. A zero Within means
// DefaultCatchUp.
type CatchUp struct {
	Within time.Duration `json:"within,omitempty"`
	Runs   string        `json:"runs,omitempty"`
}

// DefaultCatchUp is how far back a missed scheduled time is still admitted when the job says nothing.
const DefaultCatchUp = time.Hour

// TaskSpec says what to start. Definition is a family (newest ACTIVE revision, recorded in the run),
// family:revision, or an ARN.
type TaskSpec struct {
	Cluster        string            `json:"cluster"`
	Definition     string            `json:"definition"`
	Container      string            `json:"container,omitempty"` // the container that matters; empty: the only one
	Command        []string          `json:"command,omitempty"`   // $(NAME) is filled in for each run
	Environment    map[string]string `json:"environment,omitempty"`
	Capacity       []string          `json:"capacity"` // steps, tried in order
	Subnets        []string          `json:"subnets,omitempty"`
	SecurityGroups []string          `json:"securityGroups,omitempty"`
	PublicIP       bool              `json:"publicIp,omitempty"` // on Fargate alone
	Placement      Placement         `json:"placement,omitzero"` // on instances alone
	Roles          []string          `json:"roles,omitempty"`    // task and execution roles, for PassRole
	// RunningWithin bounds, by the name of a step of Capacity, how long a task may take to RUNNING there before it is
	// stopped and the next step is tried. See Limit for steps that it does not name.
	RunningWithin map[string]time.Duration `json:"runningWithin,omitempty"`

	PlatformVersion      string            `json:"platformVersion,omitempty"` // of Fargate; empty: LATEST
	Tags                 map[string]string `json:"tags,omitempty"`            // of the task
	PropagateTags        string            `json:"propagateTags,omitempty"`   // TASK_DEFINITION, or empty
	EnableECSManagedTags bool              `json:"enableEcsManagedTags,omitempty"`
	EnableExecuteCommand bool              `json:"enableExecuteCommand,omitempty"`
}

// Placement says on which instances ECS puts a task. Fargate places its tasks itself, and takes none.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement.html
type Placement struct {
	Strategy    []PlacementRule `json:"strategy,omitempty"`
	Constraints []PlacementRule `json:"constraints,omitempty"`
}

// PlacementRule is a strategy with its field, as in spread and attribute:ecs.availability-zone, or a constraint with its
// expression, as in memberOf and attribute:ecs.instance-type =~ c7g.*. A rule of type random or distinctInstance has
// nothing beside its type.
type PlacementRule struct {
	Type string `json:"type"`
	Of   string `json:"of,omitempty"`
}

// DefaultRunningWithin is how long a task may take to RUNNING on a step of a capacity order with several steps, when
// the job says nothing: an Auto Scaling group needs minutes to start an instance, Fargate less than one.
const DefaultRunningWithin = 10 * time.Minute

// Limit is how long a task may take to RUNNING on a step of the capacity order. Zero means that only startWithin bounds
// it: there is nowhere else to go.
func (t TaskSpec) Limit(step string) time.Duration {
	if limit, ok := t.RunningWithin[step]; ok {
		return limit
	}
	if len(t.Capacity) > 1 {
		return DefaultRunningWithin
	}
	return 0
}

// Resources overrides the size of the task for objects of more than Over bytes. CPU is in ECS units (1024 = 1 vCPU),
// Memory in MiB, EphemeralStorage in GiB. Zero leaves the task definition's value.
type Resources struct {
	Over             int64 `json:"over"`
	CPU              int   `json:"cpu,omitempty"`
	Memory           int   `json:"memory,omitempty"`
	EphemeralStorage int   `json:"ephemeralStorage,omitempty"`
}

// Concurrency bounds how many runs of a job hold a task at once. A zero Max means no bound, and no counter.
type Concurrency struct {
	Max      int      `json:"max,omitempty"`
	WhenFull WhenFull `json:"whenFull,omitempty"`
}

// WhenFull says what becomes of a run for which there is no room.
type WhenFull string

// What may become of it. A run that has had its first launch waits in any case: it is not new any more.
const (
	WhenFullQueue   WhenFull = "queue"   // it waits: the default
	WhenFullSkip    WhenFull = "skip"    // it ends as skipped
	WhenFullReplace WhenFull = "replace" // it takes the place of the oldest one, which is stopped first
)

// MaxHolders is the largest Max of a job that skips or replaces: its ledger item lists who holds a slot.
const MaxHolders = 100

// KnowsHolders reports whether the ledger keeps the list of the runs that hold a slot.
func (c Concurrency) KnowsHolders() bool {
	return c.Max > 0 && (c.WhenFull == WhenFullSkip || c.WhenFull == WhenFullReplace)
}

// Retry bounds the attempts of a run. Attempts counts the first one; zero means one.
type Retry struct {
	Attempts  int      `json:"attempts,omitempty"`
	On        []string `json:"on,omitempty"` // outcome classes
	ExitCodes []int    `json:"exitCodes,omitempty"`
}

// Batch gathers many objects into one task. A batch is closed when it holds MaxObjects, when another object would bring
// it over MaxBytes, or MaxWait after its first object, whichever comes first.
type Batch struct {
	MaxObjects int           `json:"maxObjects,omitempty"` // zero: MaxBatch
	MaxBytes   int64         `json:"maxBytes,omitempty"`   // zero: no bound
	MaxWait    time.Duration `json:"maxWait,omitempty"`    // zero: DefaultMaxWait
}

// The bounds of a batch.
const (
	// MaxBatch is how many objects a batch may hold: its run lists them in one item of the ledger.
	MaxBatch = 1000
	// DefaultMaxWait is how long the first object of a batch waits for more when the job says nothing.
	DefaultMaxWait = time.Minute
)

// ValidJobName returns an error unless the name is 1 to 40 of a-z, 0-9 and hyphen, which is what fits into startedBy.
func ValidJobName(name string) error {
	if !validName(name, inJobName) {
		return fmt.Errorf("job name %q: use 1 to 40 of a-z, 0-9 and hyphen", name)
	}
	return nil
}

// LaunchDeadline is when a run admitted at the given time stops being launched.
func (j Job) LaunchDeadline(admitted time.Time) time.Time {
	if j.StartWithin > 0 {
		return admitted.Add(j.StartWithin)
	}
	return admitted.Add(DefaultStartWithin)
}
