package run_test

import (
	"testing"
	"time"

	"slipway/internal/run"
)

func TestStartWait(t *testing.T) {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	due := at(-120)
	ran := run.Step{State: run.Running}
	for name, tc := range map[string]struct {
		run   run.Run
		want  time.Duration
		first bool
	}{
		"nothing before it is RUNNING":                                {run.Run{AdmittedAt: noon}, 0, false},
		"from the event, and not from when it was read":               {run.Run{EventAt: noon, AdmittedAt: at(30), StartedAt: at(70), History: []run.Step{{State: run.Queued}, ran}}, 70 * time.Second, true},
		"from the admission when the time of the event is a sample's": {run.Run{EventAt: time.Unix(0, 0), AdmittedAt: at(30), StartedAt: at(70), History: []run.Step{ran}}, 40 * time.Second, true},
		"from the admission when the event has no time":               {run.Run{AdmittedAt: at(30), StartedAt: at(70), History: []run.Step{ran}}, 40 * time.Second, true},
		"from the time for which it was scheduled":                    {run.Run{Trigger: run.BySchedule, Input: run.Input{ScheduledTime: &due}, AdmittedAt: noon, StartedAt: at(10), History: []run.Step{ran}}, 130 * time.Second, true},
		"from the admission for one that was backfilled":              {run.Run{Trigger: run.ByHand, Input: run.Input{ScheduledTime: &due}, AdmittedAt: noon, StartedAt: at(10), History: []run.Step{ran}}, 10 * time.Second, true},
		"not first when an earlier attempt was RUNNING":               {run.Run{AdmittedAt: noon, StartedAt: at(10), History: []run.Step{ran, {State: run.Queued}, ran}}, 10 * time.Second, false},
		"no negative wait when the clock of ECS is behind":            {run.Run{AdmittedAt: noon, StartedAt: at(-1), History: []run.Step{ran}}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, first := tc.run.StartWait()
			if first != tc.first || first && got != tc.want {
				t.Errorf("StartWait() = %s, %t, want %s, %t", got, first, tc.want, tc.first)
			}
		})
	}
}
