package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"slipway/bench/internal/hotpath"
	"slipway/bench/internal/measure"
	"slipway/internal/stop"
)

// throughput is how much the deciding code does in a second, what a burst makes of RunTask's quota, and the busiest tick.
func (b *bench) throughput() ([]measure.Table, error) {
	events := b.perSecond("task-to-outcome", len(stop.Names()))
	looks := b.perSecond("queue-to-decision", 1)
	t := measure.Table{
		Title:   "Decisions a second",
		Note:    fmt.Sprintf("In one process on %d cores; minimum / median / maximum over %d rounds.", runtime.NumCPU(), b.rounds),
		Columns: []string{"what", "a second"},
		Rows: [][]string{
			{"task state changes decoded and classified, of every class", events.Spread(0)},
			{"decisions of the scaling policy", looks.Spread(0)},
		},
		Goals: []measure.Goal{{What: "lifecycle events a second", Got: events.Median(), Limit: 2000, AtLeast: true}},
		Raw:   map[string]measure.Series{"events": events, "decisions": looks},
	}
	burst, err := b.burst()
	if err != nil {
		return nil, err
	}
	out := []measure.Table{t, burst}
	if b.quick {
		return out, nil
	}
	tick, err := b.tick()
	return append(out, tick), err
}

// perSecond repeats a hot path on every core for a while, in each round.
func (b *bench) perSecond(path string, events int) measure.Series {
	say("throughput of %s", path)
	var out measure.Series
	for _, p := range hotpath.Paths() {
		if p.Name != path {
			continue
		}
		for range b.rounds {
			var done atomic.Int64
			var wait sync.WaitGroup
			began := time.Now()
			for range runtime.NumCPU() {
				wait.Go(func() {
					for once := p.New(); time.Since(began) < 300*time.Millisecond; {
						once()
						done.Add(1)
					}
				})
			}
			wait.Wait()
			out = append(out, float64(int(done.Load())*events)/time.Since(began).Seconds())
		}
	}
	return out
}

var burstLine = regexp.MustCompile(`adaptive: (\d+) tasks in (\S+): ([0-9.]+) % of the quota, ([0-9.]+) % of (\d+) calls throttled`)

// burst is 2,000 events before a fake ECS that enforces the quota, on a virtual clock, by the test that holds it to that.
func (b *bench) burst() (measure.Table, error) {
	say("a burst of 2,000 events")
	t := measure.Table{
		Title: "A backlog of 2,000 events behind RunTask's quota", Columns: []string{"instances", "tasks", "took", "of the quota %", "of the calls throttled %"},
		Note: "Each call takes 0.1 to 0.4 s, on a virtual clock.",
	}
	text, err := b.goTest("./internal/orchestrator", "-run", "^TestABurstUsesTheQuota$", "-v", "-count", "1")
	if err != nil {
		return t, err
	}
	found := burstLine.FindAllSubmatch(text, -1)
	if len(found) != 4 {
		return t, fmt.Errorf("the test of bursts printed %d lines, want 4:\n%s", len(found), text) //nolint:err113 // for a person
	}
	for i, instances := range []string{"1", "2", "4", "5"} {
		m := found[i]
		t.Rows = append(t.Rows, []string{instances, string(m[1]), string(m[2]), string(m[3]), string(m[4])})
		share, err := strconv.ParseFloat(string(m[3]), 64)
		if err != nil {
			return t, err
		}
		t.Goals = append(t.Goals, measure.Goal{What: instances + " instances: percent of the quota", Got: share, Limit: 95, AtLeast: true})
	}
	return t, nil
}

var tickLine = regexp.MustCompile(`BenchmarkTick\S*\s+\d+\s+([0-9.]+) ns/op`)

// tick is the benchmark of the busiest minute.
func (b *bench) tick() (measure.Table, error) {
	say("the busiest tick")
	t := measure.Table{
		Title: "A tick of 200 jobs and 5,000 runs", Columns: []string{"run", "s"},
		Note: "Every call to the table takes 5 ms and every call to ECS 20 ms.",
	}
	text, err := b.goTest("./bench", "-run", "^$", "-bench", "^BenchmarkTick$", "-benchtime", "1x", "-count", "3")
	if err != nil {
		return t, err
	}
	for i, m := range tickLine.FindAllSubmatch(text, -1) {
		ns, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), fmt.Sprintf("%.2f", ns/1e9)})
	}
	return t, nil
}

func (b *bench) goTest(args ...string) ([]byte, error) {
	cmd := exec.Command("go", append([]string{"test"}, args...)...) //nolint:gosec,noctx // our own tests
	cmd.Dir, cmd.Env = b.root, os.Environ()
	text, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go test %v: %w\n%s", args, err, bytes.TrimSpace(text))
	}
	return text, nil
}
