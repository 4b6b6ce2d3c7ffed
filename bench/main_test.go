package main

import (
	"slices"
	"strings"
	"testing"
)

func TestSections(t *testing.T) {
	for name, tc := range map[string]struct {
		o    options
		want int
	}{
		"all":                           {options{}, len(sections)},
		"a quick run has no slow ones":  {options{quick: true}, len(sections) - 1},
		"one":                           {options{only: "money"}, 1},
		"a slow one that is asked for":  {options{quick: true, only: "end-to-end"}, 1},
		"one that there is not is none": {options{only: "nothing"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(tc.o.wanted()); got != tc.want {
				t.Errorf("got %d sections, want %d", got, tc.want)
			}
		})
	}
	leftOut := func(s string) bool { return strings.Contains(s, "end to end") }
	for o, want := range map[options]bool{{}: false, {quick: true}: true, {quick: true, only: "warm"}: false} {
		if got := slices.ContainsFunc(o.missing(), leftOut); got != want {
			t.Errorf("%+v says that the whole way is left out: %v, want %v", o, got, want)
		}
	}
}
