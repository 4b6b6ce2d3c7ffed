package main

import (
	"slipway/internal/run"
	"slipway/internal/telemetry"
)

// endings are the metrics of the states in which a run ends.
var endings = map[run.State]telemetry.Metric{
	run.Succeeded: telemetry.RunsSucceeded,
	run.Failed:    telemetry.RunsFailed,
	run.Cancelled: telemetry.RunsCancelled,
	run.Skipped:   telemetry.RunsSkipped,
}

// measure counts what a run owed to tell. Every change of a run that counts is owed as an event, whoever makes it, a
// person included: here, and nowhere else, each of them passes, and after its event it hardly ever comes again.
func (e *effects) measure(r run.Run, effect run.Effect) {
	counts := map[telemetry.Metric]int{}
	switch effect {
	case run.OwesStarted:
		counts[telemetry.RunsRunning] = 1
		if wait, first := r.StartWait(); first {
			counts[telemetry.StartSeconds] = int(wait.Seconds())
		}
	case run.OwesRetrying:
	default:
		if r.Objects == nil { // its objects are runs, too
			counts[endings[r.State]] = 1
		}
	}
	e.emit(r.Job, counts)
	if class := failedAttempt(r, effect); class != "" {
		e.emit(class, map[telemetry.Metric]int{telemetry.AttemptsFailed: 1})
	}
}

// failedAttempt is the class of an attempt that is tried again, or of a run that has failed for good, or empty. A batch
// that has ended tells nothing that its objects do not, unless its halves are tried.
func failedAttempt(r run.Run, effect run.Effect) string {
	again := effect == run.OwesRetrying || r.Objects != nil && len(r.Objects.Into) > 0
	switch {
	case effect == run.OwesStarted || r.Outcome == nil || r.Outcome.Succeeded():
		return ""
	case again || r.State == run.Failed && r.Objects == nil:
		return r.Outcome.Class
	}
	return ""
}
