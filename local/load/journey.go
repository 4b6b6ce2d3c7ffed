package main

import (
	"time"

	"slipway/internal/run"
)

// Stages are what an upload goes through until its task starts, in their order. They add up to the whole way.
const (
	toAdmitted = "upload to admission"    // S3, EventBridge, the launch queue, and the invocation of s3-trigger
	toClaimed  = "admission to claim"     // room and pace
	toAccepted = "claim to acceptance"    // RunTask
	toStarted  = "acceptance to start"    // ECS starts the task
	toEnded    = "start to end"           // the task's work
	toMail     = "end to mail"            // the event of ECS, the lifecycle queue, lifecycle-notifier, SES
	wholeStart = "upload to start"        // what a user waits for
	wholeMail  = "upload to mail, failed" // the same of an object that is damaged
)

// journey is one upload: when it began, and when there was a mail about it, if there was one.
type journey struct {
	key      string
	began    time.Time
	mailedAt time.Time
}

// figures are those of one rate, in seconds.
type figures struct {
	Rate    float64 `json:"rate"`
	Uploads int     `json:"uploads"`
	// Unstarted counts uploads without a task that started, and Unended those without an end.
	Unstarted int `json:"unstarted"`
	Unended   int `json:"unended"`
	// Uploading is how long the uploads took, Draining how long it was from the first upload to the end of the last run.
	Uploading float64              `json:"uploading"`
	Draining  float64              `json:"draining"`
	Seconds   map[string][]float64 `json:"seconds"` // of each stage, for each upload
}

// add takes in what became of an upload. A run of nil is one that there is not.
func (f *figures) add(j journey, r *run.Run) {
	f.Uploads++
	if r == nil || r.StartedAt.IsZero() {
		f.Unstarted++
	}
	if r == nil || !r.State.Final() {
		f.Unended++
	}
	if r == nil {
		return
	}
	f.stage(wholeStart, j.began, r.StartedAt)
	f.stage(wholeMail, j.began, j.mailedAt)
	last := j.began
	for _, s := range []struct {
		name string
		at   time.Time
	}{
		{toAdmitted, r.AdmittedAt}, {toClaimed, r.ClaimedAt}, {toAccepted, r.AcceptedAt}, {toStarted, r.StartedAt}, {toEnded, r.EndedAt}, {toMail, j.mailedAt},
	} {
		f.stage(s.name, last, s.at)
		last = s.at
	}
}

// stage notes how long one stage took, unless one of its ends is not known.
func (f *figures) stage(name string, from, to time.Time) {
	if from.IsZero() || to.IsZero() {
		return
	}
	if f.Seconds == nil {
		f.Seconds = map[string][]float64{}
	}
	f.Seconds[name] = append(f.Seconds[name], to.Sub(from).Seconds())
}
