package compile

import (
	"slices"
	"time"

	"slipway/internal/run"
	"slipway/internal/schedule"
)

// startedByObjects reports whether the job has the trigger s3, or could have meant it: then nothing is said twice.
func (r *reader) startedByObjects(j run.Job, v *value) bool {
	trigger := v.get("trigger")
	return j.Trigger.S3 != nil || trigger == nil || r.mentioned(trigger, "s3")
}

func (r *reader) concurrency(v *value) run.Concurrency {
	maximum := v.get("max")
	c := run.Concurrency{Max: int(maximum.num()), WhenFull: run.WhenFull(v.get("whenFull").str())}
	if c.KnowsHolders() && c.Max > run.MaxHolders {
		r.add(maximum, "whenFull: %s keeps a list of the runs that hold a task, of at most %d; write max: %d or less, or leave whenFull out",
			c.WhenFull, run.MaxHolders, run.MaxHolders)
	}
	return c
}

// jitter must leave the order of the runs alone: each starts before the next one is due.
func (r *reader) jitter(v *value, s schedule.Schedule) {
	if v == nil {
		return
	}
	shortest := time.Duration(v.number) + 1
	at, ok := s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	for range 100 { // enough to meet the shortest distance of any usual schedule
		next, more := s.Next(at)
		if !ok || !more {
			break
		}
		shortest, at = min(shortest, next.Sub(at)), next
	}
	if time.Duration(v.number) >= shortest {
		r.add(v, "%s is not less than the %s between two of its times; write less, so that runs keep their order", v.text, shortest)
	}
}

// indexed refuses a job whose runs of one time are always in each other's way.
func (r *reader) indexed(j run.Job, v *value) {
	s := j.Trigger.Schedule
	if s == nil || !j.Concurrency.KnowsHolders() || s.Count <= j.Concurrency.Max {
		return
	}
	r.add(v.get("trigger", "count"), "whenFull: %s lets %d of these %d runs go on and gives up the others each time; raise concurrency.max to %d, or let them wait",
		j.Concurrency.WhenFull, j.Concurrency.Max, s.Count, s.Count)
}

// ofObjects fills in the policies that only jobs with the trigger s3 have. Under defaults they say nothing to others.
func (r *reader) ofObjects(j *run.Job, own, v *value) {
	if j.Trigger.S3 != nil {
		j.Batch, j.LatestOnly = r.batch(v.get("batch")), v.get("latestOnly").is()
		r.together(*j, v)
		return
	}
	if r.startedByObjects(*j, v) {
		return
	}
	if batch := own.get("batch"); batch != nil {
		r.add(batch, "a batch gathers objects, and this job is not started by objects; remove it")
	}
	if latest := own.get("latestOnly"); latest.is() {
		r.add(latest, "only objects have versions, and this job is not started by objects; remove it, or write concurrency: {max: 1, whenFull: replace}")
	}
}

// batch is nil for a job that gathers nothing.
func (r *reader) batch(v *value) *run.Batch {
	if v == nil {
		return nil
	}
	named := func(name string) bool { return v.get(name) != nil || r.mentioned(v, name) }
	if !slices.ContainsFunc(v.shape.names(), named) {
		r.add(v, "say when a batch is full, as in {maxObjects: 100}")
	}
	bytes := v.get("maxBytes")
	if bytes != nil && bytes.number == 0 {
		r.add(bytes, "a batch of nothing is never started; write for example 1GiB, or remove it")
	}
	return &run.Batch{MaxObjects: int(v.get("maxObjects").num()), MaxBytes: bytes.num(), MaxWait: duration(v.get("maxWait"))}
}

// together refuses policies that contradict a batch.
func (r *reader) together(j run.Job, v *value) {
	if j.Batch == nil {
		return
	}
	if j.LatestOnly {
		r.add(v.get("latestOnly"), "a batch is started as a whole, and an older version of a key may be in it beside objects of other keys; give either batch or latestOnly")
	}
	full := v.get("concurrency", "whenFull")
	switch j.Concurrency.WhenFull {
	case run.WhenFullSkip:
		r.add(full, "skip would end every object of a batch without any work; leave whenFull out, and a batch waits for room")
	case run.WhenFullReplace:
		r.add(full, "replace would stop a batch halfway through its objects, and give them up; leave whenFull out, and a batch waits for room")
	}
}
