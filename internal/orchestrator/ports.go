package orchestrator

import (
	"context"
	"time"

	"slipway/internal/run"
)

// Runs is where runs are kept.
type Runs interface {
	// Run returns a run as it is stored, or an error that is run.ErrNotFound.
	Run(ctx context.Context, id run.ID) (run.Run, error)
	// Runs returns the runs of these IDs as they are stored, in this order, without those that are not there.
	Runs(ctx context.Context, ids []run.ID) ([]run.Run, error)
	// Write makes all changes together or none. It returns a *run.Conflict, and has written nothing, when a run is
	// not at the revision that its change was made from, the job has no room, or anything else that the write depends
	// on is not so. After success each run is stored at its revision plus one.
	Write(ctx context.Context, w run.Write) error
	// Gathering returns the batch that new objects of the job join, or "" when there was none yet. It may be sealed.
	Gathering(ctx context.Context, job string) (run.ID, error)
}

// Index finds runs that something is due for. It is a hint and may be stale: the write that follows decides.
// An error beside runs tells of others that cannot be read; they keep nobody from these.
type Index interface {
	// Queued returns up to limit queued runs of the job that are due, the longest due first.
	Queued(ctx context.Context, job string, now time.Time, limit int) ([]run.Run, error)
	// Watched returns up to limit runs of every job that are active or owe something and whose Due has come, the
	// longest due first.
	Watched(ctx context.Context, now time.Time, limit int) ([]run.Run, error)
}

// Jobs is what the ledger keeps of jobs.
type Jobs interface {
	// Jobs returns the state of every job ever seen.
	Jobs(ctx context.Context) ([]run.JobState, error)
	// Job returns the state of one job as it is stored; one that was never seen has only its name.
	Job(ctx context.Context, name string) (run.JobState, error)
	// SaveJob stores a state read before, or a new one, but for its counter. It returns a *run.Conflict when the
	// stored one has another revision.
	SaveJob(ctx context.Context, s run.JobState) error
}

// Leases lets one of many do something at a time.
type Leases interface {
	// Acquire takes or renews the lease for holder until now+ttl, and reports whether it did. A lease that has
	// expired at now is free.
	Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error)
	// Release gives the lease back if holder still has it.
	Release(ctx context.Context, name, holder string) error
}

// Ledger is all of the ledger that the orchestrator needs.
type Ledger interface {
	Runs
	Index
	Jobs
	Incidents
}

// Tasks is ECS.
type Tasks interface {
	// Run calls RunTask once for one task and returns everything that it answered; it judges nothing. A call whose
	// outcome is unknown (timeout, connection lost) has Err with Status 0.
	Run(ctx context.Context, req run.TaskRequest) run.Launched
	// Describe returns the tasks that ECS knows, and the ARNs of those that it does not (MISSING).
	// Any number of ARNs may be asked for.
	Describe(ctx context.Context, cluster string, arns []string) (tasks []run.Task, missing []string, err error)
	// StartedBy returns the ARNs of the tasks with this startedBy, running and recently stopped.
	StartedBy(ctx context.Context, cluster, startedBy string) ([]string, error)
	// Stop asks ECS to stop a task; a task that has stopped already is no error.
	Stop(ctx context.Context, cluster, arn, reason string) error
	// Definition resolves a family, family:revision or ARN to the newest ACTIVE revision and its containers.
	Definition(ctx context.Context, name string) (run.Definition, error)
}

// Files keeps the lists of objects that are too long for RunTask, and the reports that containers write about them.
type Files interface {
	// Put stores a file under its URL, as s3://bucket/key. The same file may be put again.
	Put(ctx context.Context, url, contentType string, content []byte) error
	// Get returns a file of at most limit bytes, or an error that is run.ErrNotFound.
	Get(ctx context.Context, url string, limit int64) ([]byte, error)
}
