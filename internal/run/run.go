package run

import (
	"slices"
	"time"
)

// State is where a run stands. An attempt that may be retried goes back to Queued; the last four are final.
type State string

// The states of a run.
const (
	Queued    State = "queued"    // waits for its launch: for NotBefore, or for a free slot
	Starting  State = "starting"  // claimed: the launch is decided and recorded, ECS may know of it or not
	Running   State = "running"   // its task has been RUNNING
	Succeeded State = "succeeded" // the container that matters ended with 0
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Skipped   State = "skipped" // never launched: another run was in the way
)

// States lists every state, in the order a run goes through them.
func States() []State {
	return []State{Queued, Starting, Running, Succeeded, Failed, Cancelled, Skipped}
}

// Final reports whether nothing more happens to a run in this state by itself.
func (s State) Final() bool {
	return s == Succeeded || s == Failed || s == Cancelled || s == Skipped
}

// Active reports whether a run in this state may have a task.
func (s State) Active() bool { return s == Starting || s == Running }

// Valid reports whether this release knows the state.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// Trigger says what asked for a run.
type Trigger string

// The triggers of a run.
const (
	ByObject   Trigger = "s3"
	BySchedule Trigger = "schedule"
	ByHand     Trigger = "manual"
)

// Object is one version of one S3 object, with its key as S3 knows it: never encoded.
type Object struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"versionId,omitempty"`
	ETag      string `json:"etag,omitempty"`
	Sequencer string `json:"sequencer,omitempty"`
	Size      int64  `json:"size"`
}

// Input is what a run works on: an object, or the interval [IntervalStart, ScheduledTime) of a schedule, or only the
// variables that a person gave.
type Input struct {
	Object        *Object    `json:"object,omitempty"`
	ScheduledTime *time.Time `json:"scheduledTime,omitempty"`
	IntervalStart *time.Time `json:"intervalStart,omitempty"`
	Environment   []EnvVar   `json:"environment,omitempty"`
	// Index counts the runs of one scheduled time from 0, of Count in all. A Count of zero means that there is only one.
	Index int `json:"index,omitempty"`
	Count int `json:"count,omitempty"`
}

// Decision is a launch decision, whole: RunTask is built from it alone, so that a token always comes with the same
// parameters.
type Decision struct {
	Cluster              string    `json:"cluster"`
	Definition           string    `json:"definition"` // with revision
	Container            string    `json:"container"`
	Step                 int       `json:"step"`           // index into the job's capacity order
	Zone                 int       `json:"zone,omitempty"` // zero: every subnet; n: the n-th one of the run's own order, alone
	Capacity             string    `json:"capacity"`       // FARGATE, FARGATE_SPOT, EC2, EXTERNAL or a capacity provider's name
	Subnets              []string  `json:"subnets,omitempty"`
	SecurityGroups       []string  `json:"securityGroups,omitempty"`
	PublicIP             bool      `json:"publicIp,omitempty"`
	Placement            Placement `json:"placement,omitzero"`
	CPU                  int       `json:"cpu,omitempty"`
	Memory               int       `json:"memory,omitempty"`
	EphemeralStorage     int       `json:"ephemeralStorage,omitempty"`
	Command              []string  `json:"command,omitempty"`
	Environment          []EnvVar  `json:"environment,omitempty"`
	PlatformVersion      string    `json:"platformVersion,omitempty"`
	Tags                 []EnvVar  `json:"tags,omitempty"`
	PropagateTags        string    `json:"propagateTags,omitempty"`
	EnableECSManagedTags bool      `json:"enableEcsManagedTags,omitempty"`
	EnableExecuteCommand bool      `json:"enableExecuteCommand,omitempty"`
	// ManifestURL is where the list of a batch's objects is put before RunTask, as s3://bucket/key. It is empty when
	// the list is among the environment, and for a run that is no batch. ReportURL is where the container may put the
	// outcome of each object.
	ManifestURL string `json:"manifestUrl,omitempty"`
	ReportURL   string `json:"reportUrl,omitempty"`

	// Timeout bounds the attempt from RUNNING, RunningWithin the way there. They are no parameters of RunTask, but
	// decided with it. Zero means none.
	Timeout       time.Duration `json:"timeout,omitempty"`
	RunningWithin time.Duration `json:"runningWithin,omitempty"`
}

// Place is where in the capacity order a launch goes: the step, and the subnet alone of Decision.Zone.
type Place struct {
	Step int `json:"step,omitempty"`
	Zone int `json:"zone,omitempty"`
}

// Outcome is how an attempt ended.
type Outcome struct {
	Class     string `json:"class"` // of package stop
	Severity  string `json:"severity,omitempty"`
	Expected  bool   `json:"expected,omitempty"`
	Retryable bool   `json:"retryable,omitempty"`
	Container string `json:"container,omitempty"`
	ExitCode  *int   `json:"exitCode,omitempty"`
	Reason    string `json:"reason,omitempty"`  // in ECS's words, cut to a bounded length
	Summary   string `json:"summary,omitempty"` // in plain words
	Remedy    string `json:"remedy,omitempty"`
	Link      string `json:"link,omitempty"`
}

// Succeeded reports whether the attempt did its work.
func (o Outcome) Succeeded() bool { return o.Class == "succeeded" }

// Wish is what somebody wants of a run that has a task. It changes nothing by itself: the state and the slot change
// only when the task is STOPPED, or is known never to have started.
type Wish string

// The wishes.
const (
	NoWish      Wish = ""
	WishCancel  Wish = "cancel"
	WishReplace Wish = "replace"
	WishTimeout Wish = "timeout"
	// WishMove wants the attempt on the next step of the capacity order: it was not RUNNING in time.
	WishMove Wish = "next-capacity"
)

// Effect is something that a settled run owes to the world. It is written in the same transaction as the change that
// owes it, done afterwards, and then removed: so each is done at least once.
type Effect string

// The effects.
const (
	OwesEvent Effect = "event" // a "Run …" event on EventBridge
	OwesMail  Effect = "mail"  // one mail about a failure
	OwesNudge Effect = "nudge" // a message to the launch queue: a slot is free, or a retry is due
	// OwesMembers is the end of the objects of a batch that are still open, each with the outcome or the wish of the batch.
	OwesMembers Effect = "members"
	// OwesTally is that the job's state counts how a scheduled run has ended, for pauseOnFailure.
	OwesTally Effect = "tally"
)

// Step is one line of a run's history.
type Step struct {
	At      time.Time `json:"at"`
	State   State     `json:"state"`
	Attempt int       `json:"attempt"`
	Launch  int       `json:"launch,omitempty"`
	Why     string    `json:"why,omitempty"`

	// What a claim, an accepted task and the end of an attempt tell beside that.
	Capacity   string `json:"capacity,omitempty"`
	Definition string `json:"definition,omitempty"`
	TaskARN    string `json:"taskArn,omitempty"`
	Class      string `json:"class,omitempty"`
	ExitCode   *int   `json:"exitCode,omitempty"`
}

// maxHistory bounds the history of a run; the oldest lines but the first go.
const maxHistory = 40

// Run is one piece of work promised.
type Run struct {
	ID      ID      `json:"id"`
	Job     string  `json:"job"`
	State   State   `json:"state"`
	Trigger Trigger `json:"trigger"`
	Input   Input   `json:"input"`

	// Attempt counts tasks that ECS accepted or may have accepted, from 1. Launch counts, within an attempt, tries
	// to get it accepted that ended with a definite no, from 1.
	Attempt int `json:"attempt"`
	Launch  int `json:"launch"`
	// Spared counts attempts that retry.attempts does not count: those that never ran for lack of capacity, and those
	// before an operator's retry.
	Spared int `json:"spared,omitempty"`
	// Place is where the next launch goes.
	Place Place `json:"place,omitzero"`
	// Interruptions counts attempts that lost their Spot capacity.
	Interruptions int `json:"interruptions,omitempty"`
	// Slot says that the run holds one of the job's concurrency.max.
	Slot bool `json:"slot,omitempty"`

	NotBefore      time.Time `json:"notBefore,omitzero"`
	LaunchDeadline time.Time `json:"launchDeadline,omitzero"`
	AdmittedAt     time.Time `json:"admittedAt,omitzero"`
	EventAt        time.Time `json:"eventAt,omitzero"` // when what asked for it happened, as its event has it
	ClaimedAt      time.Time `json:"claimedAt,omitzero"`
	AcceptedAt     time.Time `json:"acceptedAt,omitzero"` // ECS has accepted the attempt
	StartedAt      time.Time `json:"startedAt,omitzero"`  // the task was first seen RUNNING
	EndedAt        time.Time `json:"endedAt,omitzero"`
	CheckedAt      time.Time `json:"checkedAt,omitzero"` // last described by reconcile

	Decision *Decision `json:"decision,omitempty"`
	TaskARN  string    `json:"taskArn,omitempty"`
	// TaskVersion is the newest detail.version seen of the task; older events are stale.
	TaskVersion int64 `json:"taskVersion,omitempty"`
	// Missing counts the ticks in a row on which ECS did not know the task.
	Missing int `json:"missing,omitempty"`

	// Objects are what a batch has gathered; nil for every other run. Member names the batch that an object's run
	// belongs to: it has no task of its own, and is launched and settled with its batch.
	Objects *Objects `json:"objects,omitempty"`
	Member  ID       `json:"member,omitempty"`

	Wish     Wish     `json:"wish,omitempty"`
	WishWhy  string   `json:"wishWhy,omitempty"`
	Outcome  *Outcome `json:"outcome,omitempty"`
	Owed     []Effect `json:"owed,omitempty"`
	History  []Step   `json:"history,omitempty"`
	Revision int64    `json:"-"` // of the ledger item; zero: not stored yet
}

// Clone returns a deep copy.
func (r Run) Clone() Run {
	r.Input.Object = copied(r.Input.Object)
	r.Input.ScheduledTime, r.Input.IntervalStart = copied(r.Input.ScheduledTime), copied(r.Input.IntervalStart)
	r.Input.Environment = slices.Clone(r.Input.Environment)
	if r.Decision != nil {
		d := *r.Decision
		d.Subnets, d.SecurityGroups = slices.Clone(d.Subnets), slices.Clone(d.SecurityGroups)
		d.Placement.Strategy, d.Placement.Constraints = slices.Clone(d.Placement.Strategy), slices.Clone(d.Placement.Constraints)
		d.Command, d.Environment, d.Tags = slices.Clone(d.Command), slices.Clone(d.Environment), slices.Clone(d.Tags)
		r.Decision = &d
	}
	if r.Objects != nil {
		o := *r.Objects
		o.Members, o.Into = slices.Clone(o.Members), slices.Clone(o.Into)
		r.Objects = &o
	}
	if r.Outcome = copied(r.Outcome); r.Outcome != nil {
		r.Outcome.ExitCode = copied(r.Outcome.ExitCode)
	}
	r.Owed, r.History = slices.Clone(r.Owed), slices.Clone(r.History)
	for i := range r.History {
		r.History[i].ExitCode = copied(r.History[i].ExitCode)
	}
	return r
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// Owes reports whether the run owes the effect.
func (r Run) Owes(e Effect) bool { return slices.Contains(r.Owed, e) }

// Open reports whether something must still happen to the run.
func (r Run) Open() bool { return !r.State.Final() || len(r.Owed) > 0 }
