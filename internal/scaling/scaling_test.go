package scaling_test

import (
	"testing"

	"slipway/internal/scaling"
)

func TestDecide(t *testing.T) {
	ten := scaling.Policy{Min: 0, Max: 10, MessagesPerTask: 10}
	for name, tc := range map[string]struct {
		policy scaling.Policy
		sample scaling.Sample
		want   scaling.Decision
	}{
		"one task for one message":             {ten, scaling.Sample{Visible: 1}, scaling.Decision{Desired: 1, Reason: scaling.Backlog}},
		"rounds up":                            {ten, scaling.Sample{Visible: 11}, scaling.Decision{Desired: 2, Reason: scaling.Backlog}},
		"counts what is in flight":             {ten, scaling.Sample{Visible: 5, InFlight: 6}, scaling.Decision{Desired: 2, Reason: scaling.Backlog}},
		"never above the maximum":              {ten, scaling.Sample{Visible: 9999}, scaling.Decision{Desired: 10, Reason: scaling.AtMaximum}},
		"never below the minimum":              {scaling.Policy{Min: 2, Max: 10, MessagesPerTask: 1}, scaling.Sample{}, scaling.Decision{Desired: 2, Reason: scaling.AtMinimum}},
		"zero for an empty queue":              {ten, scaling.Sample{Desired: 3}, scaling.Decision{Desired: 0, Reason: scaling.Empty}},
		"keeps busy tasks":                     {ten, scaling.Sample{InFlight: 1, Desired: 3}, scaling.Decision{Desired: 3, Reason: scaling.Busy}},
		"holds on a negative count":            {ten, scaling.Sample{Visible: -1, Desired: 3}, scaling.Decision{Desired: 3, Reason: scaling.BadSample}},
		"lowers a count above the maximum":     {ten, scaling.Sample{InFlight: 500, Desired: 50}, scaling.Decision{Desired: 10, Reason: scaling.Busy}},
		"delayed messages are not worked on":   {ten, scaling.Sample{Delayed: 50}, scaling.Decision{Desired: 0, Reason: scaling.Empty}},
		"a policy without messages is as one":  {scaling.Policy{Max: 5}, scaling.Sample{Visible: 3}, scaling.Decision{Desired: 3, Reason: scaling.Backlog}},
		"messages beyond int32 are no problem": {ten, scaling.Sample{Visible: 1 << 40}, scaling.Decision{Desired: 10, Reason: scaling.AtMaximum}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := scaling.Decide(tc.policy, tc.sample); got != tc.want {
				t.Errorf("Decide = %+v, want %+v", got, tc.want)
			}
		})
	}
}
