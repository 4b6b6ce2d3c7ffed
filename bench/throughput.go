package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"slipway/bench/internal/hotpath"
	"slipway/bench/internal/measure"
	"slipway/bench/internal/program"
	"slipway/bench/internal/world"
	"slipway/internal/stop"
)

// throughput is how much the deciding code does in a second, and a whole function, what a burst makes of RunTask's quota, and
// the busiest tick.
func (b *bench) throughput() ([]measure.Table, error) {
	rates, err := b.rates()
	if err != nil {
		return nil, err
	}
	burst, err := b.burst()
	if err != nil {
		return nil, err
	}
	tick, err := b.tick()
	return []measure.Table{rates, burst, tick}, err
}

// rates are what is done in a second.
func (b *bench) rates() (measure.Table, error) {
	t := measure.Table{
		Title:   "Decisions a second",
		Note:    fmt.Sprintf("On %d cores, by the CPU time used, but for the function, which is by the clock; minimum / median / maximum over %d rounds of 0.3 s.", runtime.NumCPU(), b.rounds),
		Columns: []string{"what", "a second"}, Raw: map[string]measure.Series{},
	}
	add := func(what string, s measure.Series) {
		t.Rows, t.Raw[what] = append(t.Rows, []string{what, s.Spread(0)}), s
	}
	classified := b.perSecond("task-to-outcome", len(stop.Names()))
	settled := b.perSecond("task-to-settled", 1)
	add("task state changes decoded and classified, of every class", classified)
	add("the same decoded, classified, decided, and the run settled in a table in memory", settled)
	notified, err := b.notified()
	if err != nil {
		return t, err
	}
	add("the same through the function lifecycle-notifier, one on each core, ten in a batch, 1 ms a call to AWS", notified)
	add("decisions of the scaling policy", b.perSecond("queue-to-decision", 1))
	t.Goals = []measure.Goal{{What: "lifecycle events a second, decoded, classified and decided", Got: settled.Median(), Limit: 2000, AtLeast: true}}
	return t, nil
}

// span is how long a round lasts.
const span = 300 * time.Millisecond

// notified is how many events of stopped tasks lifecycle-notifier settles in a second, as many instances as there are cores.
func (b *bench) notified() (measure.Series, error) {
	say("throughput of lifecycle-notifier")
	const batch = 10
	f := functions[len(functions)-1]
	s, err := sceneOf(f.name, batch)
	if err != nil {
		return nil, err
	}
	aws := world.New()
	defer aws.Close()
	aws.Keep(s.Items...)
	aws.SetLatency(short)
	spec, err := b.functionOf(f, s, aws.URL)
	if err != nil {
		return nil, err
	}
	var instances []*program.Program
	defer func() {
		for _, p := range instances {
			p.Stop()
		}
	}()
	for range runtime.NumCPU() {
		p, err := program.Run(spec)
		if err != nil {
			return nil, err
		}
		instances = append(instances, p)
	}
	var out measure.Series
	for round := range b.rounds + 1 {
		rate, err := invokeAll(instances, s.Payload)
		if err != nil {
			return nil, err
		}
		if round > 0 { // the first warms up
			out = append(out, rate*batch)
		}
	}
	return out, nil
}

// invokeAll invokes every instance again and again for a while, and returns how many invocations a second that made.
func invokeAll(instances []*program.Program, payload []byte) (float64, error) {
	var done atomic.Int64
	errs := make([]error, len(instances))
	var wait sync.WaitGroup
	began := time.Now()
	for i, p := range instances {
		wait.Go(func() {
			for errs[i] == nil && time.Since(began) < span {
				var answer []byte
				if _, answer, errs[i] = p.Invoke(payload); errs[i] == nil && !bytes.Contains(answer, []byte(`"batchItemFailures":[]`)) {
					errs[i] = fmt.Errorf("lifecycle-notifier gave messages back: %s", answer) //nolint:err113 // for a person
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), errors.Join(errs...)
}

// perSecond repeats a hot path on every core for a while, in each round. What others do on the machine does not count: it is
// how much is done in a second of CPU time, times the cores.
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
			began, before := time.Now(), cpuTime()
			for range runtime.NumCPU() {
				wait.Go(func() {
					for once := p.New(); time.Since(began) < span; {
						once()
						done.Add(1)
					}
				})
			}
			wait.Wait()
			used := (cpuTime() - before).Seconds()
			out = append(out, float64(int(done.Load())*events)/used*float64(runtime.NumCPU()))
		}
	}
	return out
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // RUSAGE_SELF is always known
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
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

// tick is the benchmark of the busiest minute, thrice, or once in a quick run: it takes seconds.
func (b *bench) tick() (measure.Table, error) {
	say("the busiest tick")
	count := "3"
	if b.quick {
		count = "1"
	}
	t := measure.Table{
		Title: "The busiest tick: 200 jobs and 5,000 runs", Columns: []string{"runs of it", "s"},
		Note: "200 hourly jobs all due and 5,000 active runs all to be looked at. Every call to the table takes 5 ms and every call to ECS 20 ms.",
	}
	text, err := b.goTest("./bench", "-run", "^$", "-bench", "^BenchmarkTick$", "-benchtime", "1x", "-count", count)
	if err != nil {
		return t, err
	}
	var took measure.Series
	for _, m := range tickLine.FindAllSubmatch(text, -1) {
		ns, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			return t, err
		}
		took = append(took, ns/1e9)
	}
	if len(took) == 0 {
		return t, fmt.Errorf("the benchmark of the tick printed no line:\n%s", text) //nolint:err113 // for a person
	}
	t.Rows = [][]string{{strconv.Itoa(len(took)), took.Spread(2)}}
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
