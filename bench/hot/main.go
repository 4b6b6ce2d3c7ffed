package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"slipway/bench/internal/guard"
	"slipway/bench/internal/hotpath"
)

func main() {
	path := flag.String("path", "", "the path to repeat; without it, all are measured")
	times := flag.Int("n", 1, "how often")
	flag.Parse()
	if *path == "" {
		out := map[string]guard.Work{}
		for _, p := range hotpath.Paths() {
			out[p.Name] = measure(p)
		}
		if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	for _, p := range hotpath.Paths() {
		if p.Name == *path {
			once := p.New()
			for range *times {
				once()
			}
		}
	}
}

// How often a path is measured, and how often it is repeated for each figure.
const (
	rounds  = 31
	repeats = 100
)

// measure counts allocations of a repetition, and compares the least CPU time of the path with the least of fixed work that
// takes turns with it.
func measure(p hotpath.Path) guard.Work {
	once := p.New()
	for range repeats {
		once()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 4 * repeats {
		once()
	}
	runtime.ReadMemStats(&after)
	least := func(f func()) func() time.Duration {
		best := time.Hour
		return func() time.Duration {
			began := cpu()
			for range repeats {
				f()
			}
			best = min(best, cpu()-began)
			return best
		}
	}
	own, fixed := least(once), least(hotpath.Fixed)
	var a, b time.Duration
	for range rounds {
		a, b = own(), fixed()
	}
	return guard.Work{
		Allocations: float64(after.Mallocs-before.Mallocs) / (4 * repeats),
		Bytes:       float64(after.TotalAlloc-before.TotalAlloc) / (4 * repeats),
		Ratio:       float64(a) / float64(b),
	}
}

// cpu is the CPU time of this process: others' work does not count.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
