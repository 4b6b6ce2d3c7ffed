package main

import (
	"slices"
	"testing"
)

func TestUnitsAreReadFromTheTests(t *testing.T) {
	got := unitRows(`=== RUN   TestA
    units_test.go:1: units of TestA/a batch of a hundred: write units: 905.5, estimated 908
    units_test.go:1: units of TestA/a batch of a hundred: read units: 410, estimated 410
    units_test.go:2: units of TestATick: write units of a tick: 2, estimated 2
`)
	want := [][]string{{"a batch of a hundred", "905.5", "908", "410", "410"}, {"a tick", "2", "2", "–", "–"}}
	if len(got) != len(want) || !slices.Equal(got[0], want[0]) || !slices.Equal(got[1], want[1]) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMonthsAreWorkloads(t *testing.T) {
	for _, m := range months {
		table, err := m.table()
		if err != nil {
			t.Errorf("%s: %v", m.what, err)
		}
		if len(table.Rows) != 4 {
			t.Errorf("%s: got %d ways, want Slipway and three others", m.what, len(table.Rows))
		}
	}
}
