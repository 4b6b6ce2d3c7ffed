package measure_test

import (
	"strings"
	"testing"

	"slipway/bench/internal/measure"
)

func TestSeries(t *testing.T) {
	a, b := measure.Series{4, 2, 9}, measure.Series{2, 2, 3}
	if a.Min() != 2 || a.Median() != 4 || a.Max() != 9 {
		t.Errorf("got %v, %v, %v; want 2, 4, 9", a.Min(), a.Median(), a.Max())
	}
	if got := a.Over(b).Spread(1); got != "1.0 / 2.0 / 3.0" {
		t.Errorf("ratios = %s, want those of each round", got)
	}
	if got := measure.Series(nil).Spread(1); got != "–" {
		t.Errorf("nothing measured = %q, want a dash", got)
	}
}

func TestPercentiles(t *testing.T) {
	var s measure.Series
	for i := 100; i > 0; i-- {
		s = append(s, float64(i))
	}
	if got, want := s.Percentiles(0), "50 / 90 / 99 / 100"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := (measure.Series{7}).Percentiles(1), "7.0 / 7.0 / 7.0 / 7.0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := measure.Series(nil).Percentiles(1); got != "–" {
		t.Errorf("nothing measured = %q, want a dash", got)
	}
}

func TestATableSaysWhichGoalsAreReached(t *testing.T) {
	var out strings.Builder
	table := measure.Table{
		Title: "Sizes", Columns: []string{"what", "MB"}, Rows: [][]string{{"a", "1"}},
		Goals: []measure.Goal{{What: "small", Got: 1, Limit: 2}, {What: "large", Got: 1, Limit: 2, AtLeast: true}},
	}
	if err := table.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| what | MB |\n| --- | --- |\n| a | 1 |\n", "small: 1, goal ≤ 2: reached", "large: 1, goal ≥ 2: **not reached**"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("table = %s, want %q in it", out.String(), want)
		}
	}
}
