package guard

import (
	"fmt"
	"maps"
	"slices"
)

// Work is what one repetition of a hot path takes.
type Work struct {
	Instructions float64 `json:"instructions,omitempty"` // zero: not counted
	Allocations  float64 `json:"allocations"`
	Bytes        float64 `json:"bytes"`
	Ratio        float64 `json:"ratio"` // of its time to that of fixed work
}

// Baseline is everything that the guard compares. Sizes are ratios to hello world, built by the same compiler; Init is
// what the packages of a function allocate before main, in bytes.
type Baseline struct {
	Go    string             `json:"go"`
	Arch  string             `json:"arch"`
	Work  map[string]Work    `json:"work"`
	Sizes map[string]float64 `json:"sizes"`
	Init  map[string]float64 `json:"init"`
}

// What may be added without a new baseline.
const (
	MoreWork = 0.10
	MoreSize = 0.05
	// MoreTime is for times, which are compared only where nothing can be counted: the least of many, but still of a
	// machine that does others' work too.
	MoreTime = 0.35
)

// Counted reports whether the instructions of both can be compared.
func Counted(then, now Baseline) bool {
	if then.Go != now.Go || then.Arch != now.Arch {
		return false
	}
	for name, w := range then.Work {
		if w.Instructions == 0 || now.Work[name].Instructions == 0 {
			return false
		}
	}
	return len(then.Work) > 0
}

// How says by what the work is compared.
func How(then, now Baseline) string {
	switch {
	case Counted(then, now):
		return "instructions (callgrind) and allocations"
	case then.Go != now.Go || then.Arch != now.Arch:
		return fmt.Sprintf("allocations and the time beside fixed work: the baseline is of %s %s, and this is %s %s", then.Go, then.Arch, now.Go, now.Arch)
	}
	return "allocations and the time beside fixed work: there is no valgrind to count instructions"
}

// Grown lists what is larger than the baseline allows, or has none.
func Grown(then, now Baseline) []string {
	var out []string
	grown := func(what string, a, b, more float64) {
		if b > a*(1+more)+1e-9 {
			out = append(out, fmt.Sprintf("%s: %.6g, was %.6g: %+.1f %%, allowed %.0f %%", what, b, a, 100*(b/a-1), 100*more))
		}
	}
	counted := Counted(then, now)
	for _, name := range slices.Sorted(maps.Keys(now.Work)) {
		a, known := then.Work[name]
		b := now.Work[name]
		if !known {
			out = append(out, name+": has no baseline")
			continue
		}
		if counted {
			grown(name+": instructions", a.Instructions, b.Instructions, MoreWork)
		} else {
			grown(name+": time beside fixed work", a.Ratio, b.Ratio, MoreTime)
		}
		grown(name+": allocations", a.Allocations, b.Allocations, MoreWork)
		grown(name+": bytes allocated", a.Bytes, b.Bytes, MoreWork)
	}
	for _, group := range []struct {
		what      string
		then, now map[string]float64
		more      float64
	}{{"program over hello world", then.Sizes, now.Sizes, MoreSize}, {"bytes allocated before main", then.Init, now.Init, MoreWork}} {
		for _, name := range slices.Sorted(maps.Keys(group.now)) {
			if a, known := group.then[name]; known {
				grown(name+": "+group.what, a, group.now[name], group.more)
			} else {
				out = append(out, name+": "+group.what+" has no baseline")
			}
		}
	}
	return out
}
