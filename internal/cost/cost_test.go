package cost_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/cost"
)

func task() cost.Task { return cost.Task{CPU: 512, Memory: 1024} }

// nothing is a month in which nothing happens.
func nothing() cost.Workload {
	return cost.Workload{
		Objects: cost.Objects{Task: task()}, Jobs: cost.Jobs{Task: task()}, Queues: cost.Queues{Task: task(), MessagesPerTask: 1, Hours: 24}, Peak: 2,
	}
}

func find(b cost.Bill, what string, item cost.Item) float64 {
	for _, l := range b.Lines {
		if l.For == what && l.Item == item {
			return l.Quantity
		}
	}
	return 0
}

// TestTasks compares with Fargate's rule: from the pull to the end by the second, and a minute at least.
func TestTasks(t *testing.T) {
	for name, tc := range map[string]struct {
		change    func(*cost.Workload)
		vcpuHours float64 // on demand, of what the change adds
		of        string
	}{
		"nothing":                  {func(*cost.Workload) {}, 0, "objects"},
		"a short one is a minute":  {func(w *cost.Workload) { w.Objects.Count, w.Objects.Runtime = 60, time.Second }, 0.5, "objects"},
		"start-up is billed":       {func(w *cost.Workload) { w.Objects.Count, w.Objects.Runtime = 36, 65*time.Second }, 0.5, "objects"},
		"failures are tried again": {func(w *cost.Workload) { w.Objects.Count, w.Objects.Runtime, w.Failing = 60, time.Second, 0.5 }, 0.75, "objects"},
		"half of it on Spot":       {func(w *cost.Workload) { w.Objects.Count, w.Objects.Runtime, w.Spot = 60, time.Second, 0.5 }, 0.25, "objects"},
		"a hundred share a task": {func(w *cost.Workload) {
			w.Objects.Count, w.Objects.Runtime, w.Objects.BatchObjects = 6000, 250*time.Millisecond, 100
		}, 0.5, "objects"},
		"bytes bound a batch": {func(w *cost.Workload) {
			w.Objects = cost.Objects{Count: 60, Size: 10, BatchObjects: 100, BatchBytes: 19, Task: task()}
		}, 0.5, "objects"},
		"hourly for a month": {func(w *cost.Workload) {
			w.Jobs = cost.Jobs{Count: 2, Every: time.Hour, Runtime: 25 * time.Second, Task: task()}
		}, 730 * 2 * 0.5 / 60, "jobs"},
		"messages keep tasks alive": {func(w *cost.Workload) { w.Queues.Count, w.Queues.Messages, w.Queues.Time = 1, 4800, time.Second }, 1.0, "messages"},
		"ten at once": {func(w *cost.Workload) {
			w.Queues = cost.Queues{Count: 1, Messages: 48000, Time: time.Second, MessagesPerTask: 10, Hours: 8, Task: task()}
		}, 1.0, "messages"},
	} {
		t.Run(name, func(t *testing.T) {
			w := nothing()
			tc.change(&w)
			if err := w.Check(); err != nil {
				t.Fatal(err)
			}
			if got := find(cost.For(w, cost.Published()).Tasks, tc.of, cost.CPUHoursARM); math.Abs(got-tc.vcpuHours) > 0.01*tc.vcpuHours {
				t.Errorf("%g vCPU hours, want %g", got, tc.vcpuHours)
			}
		})
	}
}

// workloads are drawn from all that Check lets through, within reason.
func workloads() *rapid.Generator[cost.Workload] {
	return rapid.Custom(func(t *rapid.T) cost.Workload {
		size := cost.Task{CPU: rapid.SampledFrom([]int{256, 512, 4096}).Draw(t, "cpu"), Memory: 2048, EphemeralStorage: rapid.IntRange(0, 200).Draw(t, "disk")}
		share := func(name string) float64 { return rapid.Float64Range(0, 1).Draw(t, name) }
		long := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 7200).Draw(t, name)) * time.Second
		}
		w := cost.Workload{
			Objects: cost.Objects{
				Count: float64(rapid.IntRange(0, 1e7).Draw(t, "objects")), Size: int64(rapid.IntRange(0, 1e9).Draw(t, "size")), Runtime: long("runtime"),
				BatchObjects: rapid.IntRange(0, 1000).Draw(t, "batch"), BatchBytes: int64(rapid.IntRange(0, 1e9).Draw(t, "bytes")), Task: size,
			},
			Jobs:    cost.Jobs{Count: rapid.IntRange(0, 200).Draw(t, "jobs"), Every: time.Minute + long("every"), Runtime: long("job"), Task: size},
			Queues:  cost.Queues{Count: rapid.IntRange(1, 9).Draw(t, "queues"), Messages: float64(rapid.IntRange(0, 1e7).Draw(t, "messages")), Time: long("message"), MessagesPerTask: rapid.IntRange(1, 10).Draw(t, "at once"), Hours: rapid.Float64Range(1, 24).Draw(t, "hours"), Task: size},
			Failing: share("failing"), Mails: float64(rapid.IntRange(0, 1e5).Draw(t, "mails")), Spot: share("spot"), X86: rapid.Bool().Draw(t, "x86"), PublicIP: rapid.Bool().Draw(t, "ip"), Peak: 1 + 9*share("peak"),
		}
		if err := w.Check(); err != nil {
			t.Fatalf("%+v: %v", w, err)
		}
		return w
	})
}

func bills(e cost.Estimate) []cost.Bill { return append([]cost.Bill{e.Tasks, e.Slipway}, e.Peers...) }

// TestABillIsTheSumOfItsLines also demands that no line is below zero, or no number at all.
func TestABillIsTheSumOfItsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := cost.For(workloads().Draw(t, "workload"), cost.Published())
		for _, b := range bills(e) {
			sum := 0.0
			for _, l := range b.Lines {
				if !(l.Quantity > 0) || !(l.Dollars >= 0) {
					t.Fatalf("%s: %+v", b.Name, l)
				}
				sum += l.Dollars
			}
			if math.Abs(sum-b.Dollars) > 1e-6*(1+sum) {
				t.Fatalf("%s: $%g, and its lines are $%g", b.Name, b.Dollars, sum)
			}
		}
		if e.Together != e.Tasks.Dollars+e.Slipway.Dollars {
			t.Fatalf("together $%g, want $%g + $%g", e.Together, e.Tasks.Dollars, e.Slipway.Dollars)
		}
	})
}

// TestMoreWorkNeverCostsLess raises one count at a time.
func TestMoreWorkNeverCostsLess(t *testing.T) {
	more := map[string]func(*cost.Workload){
		"objects": func(w *cost.Workload) { w.Objects.Count += 1000 }, "runtime": func(w *cost.Workload) { w.Objects.Runtime += time.Minute },
		"jobs": func(w *cost.Workload) { w.Jobs.Count++ }, "job runtime": func(w *cost.Workload) { w.Jobs.Runtime += time.Minute },
		"messages": func(w *cost.Workload) { w.Queues.Messages += 1e5 }, "queues": func(w *cost.Workload) { w.Queues.Count++ },
		"storage": func(w *cost.Workload) { w.Objects.Task.EphemeralStorage += 30 }, "failures": func(w *cost.Workload) { w.Failing = min(1, w.Failing+0.1) },
		"mails": func(w *cost.Workload) { w.Mails += 1000 }, "addresses": func(w *cost.Workload) { w.PublicIP = true }, "x86": func(w *cost.Workload) { w.X86 = true },
	}
	rapid.Check(t, func(t *rapid.T) {
		w := workloads().Draw(t, "workload")
		what := rapid.SampledFrom([]string{"objects", "runtime", "jobs", "job runtime", "messages", "queues", "storage", "failures", "mails", "addresses", "x86"}).Draw(t, "more")
		before := bills(cost.For(w, cost.Published()))
		more[what](&w)
		for i, b := range bills(cost.For(w, cost.Published())) {
			if b.Dollars < before[i].Dollars-1e-9 {
				t.Fatalf("more %s: %s costs $%g, and did cost $%g", what, b.Name, b.Dollars, before[i].Dollars)
			}
		}
	})
}

func TestCheckNamesEveryMistake(t *testing.T) {
	w := nothing()
	w.Objects.Count, w.Objects.Runtime, w.Jobs, w.Spot, w.Failing, w.Peak = -1, -time.Second, cost.Jobs{Count: 1, Every: time.Second}, math.NaN(), 2, 0.5
	w.Queues = cost.Queues{Messages: 5, Hours: 25}
	err := w.Check()
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{"objects: -1", "runtime of an object", "interval of the jobs: 1s", "share on Spot: NaN", "failing attempts: 2", "peak: 0.5", "no queue for them", "messages at once: 0", "hours of a day: 25", "task for jobs", "task for queues"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestPricesOfAnotherRegion(t *testing.T) {
	w := nothing()
	w.Objects.Count = 1000
	text, err := json.Marshal(cost.Prices{Region: "eu-north-1", ReadOn: "2026-12-01", Prices: []cost.Price{{Item: cost.CPUHoursARM, Per: 1, Dollars: 0.06476}}})
	if err != nil {
		t.Fatal(err)
	}
	own, err := cost.Published().With(text)
	if err != nil || own.Region != "eu-north-1" || len(own.Prices) != len(cost.Published().Prices) {
		t.Fatalf("prices = %+v, %v", own, err)
	}
	there, here := cost.For(w, own).Tasks.Lines[0], cost.For(w, cost.Published()).Tasks.Lines[0]
	if math.Abs(there.Dollars-2*here.Dollars) > 1e-12 {
		t.Errorf("twice the price: $%g, and $%g here", there.Dollars, here.Dollars)
	}
	for name, bad := range map[string]string{
		"no JSON": "{", "an unknown item": `{"prices":[{"item":"gold","per":1,"dollars":1}]}`, "an unknown key": `{"currency":"EUR"}`,
		"less than nothing": `{"prices":[{"item":"sqs-requests","per":1,"dollars":-1}]}`, "for none": `{"prices":[{"item":"sqs-requests","per":0,"dollars":1}]}`,
	} {
		if _, err := cost.Published().With([]byte(bad)); err == nil || !strings.Contains(err.Error(), "prices") {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestFargateHour(t *testing.T) {
	p := cost.Published()
	for x86, items := range map[bool][2]cost.Item{false: {cost.CPUHoursARM, cost.MemoryHoursARM}, true: {cost.CPUHoursX86, cost.MemoryHoursX86}} {
		if got, want := p.FargateHour(4, 8, x86), 4*p.Of(items[0])+8*p.Of(items[1]); got != want {
			t.Errorf("an hour of 4 vCPU and 8 GB, x86 %v: got %g, want %g", x86, got, want)
		}
	}
}
