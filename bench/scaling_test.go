package main

import (
	"slices"
	"testing"

	"slipway/internal/simulate"
)

func TestPoliciesAreColumns(t *testing.T) {
	got := scalingTable(fleet{20, 10}, []simulate.Comparison{
		{Title: "steady, 20 busy tasks", Policies: []simulate.Report{{Policy: "slipway", OverBare: 1.5}, {Policy: "fixed", OverBare: 2, LatePercent: 0.25}}},
	})
	if want := []string{"arrivals", "slipway", "fixed"}; !slices.Equal(got.Columns, want) {
		t.Errorf("columns = %v, want %v", got.Columns, want)
	}
	if want := []string{"steady", "1.50 (0)", "2.00 (0.25)"}; !slices.Equal(got.Rows[0], want) {
		t.Errorf("row = %v, want %v", got.Rows[0], want)
	}
	if want := "Scaling policies: 20 busy tasks, each with 10 messages at once"; got.Title != want {
		t.Errorf("title = %q, want %q", got.Title, want)
	}
}
