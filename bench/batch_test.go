package main

import "testing"

// TestABatchCostsATwentieth holds what 10,000 small objects cost in batches of a hundred to a twentieth of what they cost
// with a task each, for several times of work an object.
func TestABatchCostsATwentieth(t *testing.T) {
	table, err := batches()
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != len(works) {
		t.Errorf("got %d rows, want %d", len(table.Rows), len(works))
	}
	for _, g := range table.Goals {
		if !g.Met() {
			t.Errorf("%s: %g, want at most %g", g.What, g.Got, g.Limit)
		}
	}
}
