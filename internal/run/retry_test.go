package run_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/run"
)

func TestAllows(t *testing.T) {
	code := func(n int) *int { return &n }
	policy := run.Retry{Attempts: 3, On: []string{"spot-interruption"}, ExitCodes: []int{75}}
	for name, tc := range map[string]struct {
		policy  run.Retry
		attempt int
		outcome run.Outcome
		want    bool
	}{
		"a class that the policy names":     {policy, 1, run.Outcome{Class: "spot-interruption"}, true},
		"the last attempt but one":          {policy, 2, run.Outcome{Class: "spot-interruption"}, true},
		"the last attempt":                  {policy, 3, run.Outcome{Class: "spot-interruption"}, false},
		"a class that it does not name":     {policy, 1, run.Outcome{Class: "out-of-memory"}, false},
		"an exit code that it names":        {policy, 1, run.Outcome{Class: "task-failed", ExitCode: code(75)}, true},
		"an exit code that it does not":     {policy, 1, run.Outcome{Class: "task-failed", ExitCode: code(1)}, false},
		"no exit code":                      {policy, 1, run.Outcome{Class: "task-failed"}, false},
		"a success, whatever the exit code": {policy, 1, run.Outcome{Class: "succeeded", ExitCode: code(75)}, false},
		"no policy means one attempt":       {run.Retry{On: []string{"unknown"}}, 1, run.Outcome{Class: "unknown"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.policy.Allows(run.Run{Attempt: tc.attempt}, tc.outcome); got != tc.want {
				t.Errorf("Allows = %t, want %t", got, tc.want)
			}
		})
	}
}

func TestBackoffStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := run.Run{
			ID:      run.ID(rapid.String().Draw(t, "id")),
			Attempt: rapid.IntRange(0, 1000).Draw(t, "attempt"),
			Launch:  rapid.IntRange(0, 100_000).Draw(t, "launch"),
		}
		within(t, run.RetryAt(r, noon).Sub(noon), 10*time.Second, 10*time.Minute, r.Attempt)
		within(t, run.RelaunchAt(r, noon).Sub(noon), 5*time.Second, 5*time.Minute, r.Launch)
		if again := run.RetryAt(r, noon); !again.Equal(run.RetryAt(r.Clone(), noon)) {
			t.Fatalf("the same run waits %v, then something else", again.Sub(noon))
		}
	})
}

// within checks a wait against a second and first·2ⁿ⁻¹, at most longest.
func within(t *rapid.T, wait, first, longest time.Duration, n int) {
	t.Helper()
	most := first
	for i := 1; i < n && most < longest; i++ {
		most *= 2
	}
	if wait < time.Second || wait > min(most, longest) {
		t.Fatalf("wait %v for time %d, want from 1s to %v", wait, n, min(most, longest))
	}
}

func TestBackoffIsSpread(t *testing.T) {
	early := 0
	for i := range 1000 {
		r := run.Run{ID: run.ScheduledID("nightly", noon.Add(time.Duration(i)*time.Minute)), Attempt: 20}
		if run.RetryAt(r, noon).Sub(noon) < 5*time.Minute {
			early++
		}
	}
	if early < 400 || early > 600 {
		t.Errorf("%d of 1000 waits are in the first half, want about 500", early)
	}
}
