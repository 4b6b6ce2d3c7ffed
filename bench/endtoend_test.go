package main

import (
	"slices"
	"strings"
	"testing"

	"slipway/bench/internal/measure"
)

func TestUploadsAreRows(t *testing.T) {
	all := []loaded{
		{Rate: 1, Uploads: 2, Draining: 12.4, Seconds: map[string]measure.Series{wayToTask: {1, 3}, "acceptance to start": {0.5, 0.5}}},
		{Rate: 50, Uploads: 3, Unstarted: 1, Unended: 1, Draining: 960, Seconds: map[string]measure.Series{wayToTask: {2}, wayToMail: {9}}},
	}
	whole := wholeTable(all, "1m0s")
	if want := []string{"1", "2", "0", "12", "1.00 / 3.00 / 3.00 / 3.00", "–", "0"}; !slices.Equal(whole.Rows[0], want) {
		t.Errorf("row = %q, want %q", whole.Rows[0], want)
	}
	if got := whole.Rows[1]; got[3] != "1 had not after 960" || got[6] != "1" {
		t.Errorf("row = %q, want the run that has not ended in it, and one mail", got)
	}
	stages := stageTable(all)
	i := slices.IndexFunc(stages.Rows, func(row []string) bool { return row[0] == "acceptance to start" })
	if i < 0 || !strings.HasPrefix(stages.Rows[i][2], "0.50") || stages.Rows[i][3] != "–" {
		t.Errorf("rows = %q, want the stage of the first rate and a dash for the second", stages.Rows)
	}
}
