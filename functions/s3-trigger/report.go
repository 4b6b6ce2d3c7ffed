package main

import (
	"context"

	"slipway/functions/internal/delivery"
	"slipway/internal/orchestrator"
	"slipway/internal/telemetry"
)

// report logs one line about the invocation and counts what became of its messages and runs.
func (h *handler) report(ctx context.Context, all []*work, fates []delivery.Fate) {
	byJob, total := map[string]map[telemetry.Metric]int{}, map[telemetry.Metric]int{}
	runs := 0
	for _, w := range all {
		add(total, telemetry.ObjectsUnmatched, w.unmatched)
		add(total, telemetry.EventsIgnored, w.ignored)
		for _, a := range w.admitted {
			if byJob[a.Job] == nil {
				byJob[a.Job] = map[telemetry.Metric]int{}
			}
			if metric := metricOf(a.Result); metric != "" {
				add(byJob[a.Job], metric, 1)
			}
			runs++
		}
	}
	for _, fate := range fates {
		switch fate {
		case delivery.GoBack:
			add(total, telemetry.EventsReturned, 1)
		case delivery.GivenUp:
			add(total, telemetry.DeadLetters, 1)
		case delivery.Done:
		}
	}
	for job, counts := range byJob {
		h.metrics.Emit(job, counts)
	}
	h.metrics.Emit(h.desk.Function, total)
	h.log.InfoContext(ctx, "messages handled", "messages", len(all), "runs", runs,
		"unmatched", total[telemetry.ObjectsUnmatched], "ignored", total[telemetry.EventsIgnored],
		"returned", total[telemetry.EventsReturned], "deadLetters", total[telemetry.DeadLetters])
}

// add leaves out zeros: a metric without a value costs nothing.
func add(counts map[telemetry.Metric]int, m telemetry.Metric, n int) {
	if n > 0 {
		counts[m] += n
	}
}

// metricOf is the metric that counts a result, or empty.
func metricOf(r orchestrator.Result) telemetry.Metric {
	switch r {
	case orchestrator.Started, orchestrator.Claimed:
		return telemetry.RunsStarted
	case orchestrator.Duplicate:
		return telemetry.RunsDuplicate
	case orchestrator.Skipped:
		return "" // lifecycle-notifier counts it, as every run that has ended, when it tells of it
	case orchestrator.Ended:
		return telemetry.RunsRefused
	case orchestrator.Queued, orchestrator.Unknown:
	}
	return telemetry.RunsQueued
}
