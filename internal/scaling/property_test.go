package scaling_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/scaling"
)

func anyPolicy(t *rapid.T) scaling.Policy {
	p := scaling.Policy{
		Min:             rapid.IntRange(0, 5).Draw(t, "min"),
		MessagesPerTask: rapid.IntRange(0, 20).Draw(t, "messages per task"),
		Latency:         time.Duration(rapid.IntRange(0, 3600).Draw(t, "latency")) * time.Second,
		ServiceTime:     time.Duration(rapid.SampledFrom([]int{0, 0, 1, 90}).Draw(t, "service time")) * time.Second,
		ScaleIn:         rapid.SampledFrom([]scaling.ScaleIn{scaling.Idle, scaling.Protected, ""}).Draw(t, "scale in"),
		FIFO:            rapid.Bool().Draw(t, "fifo"),
	}
	p.Max = p.Min + rapid.IntRange(1, 200).Draw(t, "above min")
	return p
}

func anyCount(t *rapid.T, name string) int {
	return rapid.OneOf(rapid.IntRange(0, 50), rapid.IntRange(0, 5000), rapid.SampledFrom([]int{scaling.Unknown, -9, 1 << 40, 1 << 62})).Draw(t, name)
}

func anySample(t *rapid.T) scaling.Sample {
	return scaling.Sample{
		Visible: anyCount(t, "visible"), InFlight: anyCount(t, "in flight"), Delayed: anyCount(t, "delayed"),
		Running: anyCount(t, "running"), Pending: anyCount(t, "pending"), Desired: anyCount(t, "desired"),
		Deploying: rapid.Bool().Draw(t, "deploying"), StartFailures: rapid.IntRange(0, 5).Draw(t, "start failures"),
	}
}

// understood are the reasons of decisions that are not holds.
func understood(r scaling.Reason) bool {
	switch r {
	case scaling.NoReading, scaling.BadSample, scaling.OldReading, scaling.ClockBack, scaling.BadPolicy:
		return false
	}
	return true
}

// Whatever is read, whenever: the count is within the bounds, the busy are kept, and what is remembered stays small.
func TestWhateverIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		var st scaling.State
		now := start
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{5000, 5000, 5000, 60_000, 1, 0, -30_000, 3_600_000}).Draw(t, "step")) * time.Millisecond)
			s := anySample(t)
			d, next := scaling.Decide(p, st, s, now)
			if again, _ := scaling.Decide(p, st, s, now); again != d {
				t.Fatalf("the same input gave %+v and %+v", d, again)
			}
			checkDecision(t, p, s, d)
			if text, err := json.Marshal(next); err != nil || len(text) > 20_000 {
				t.Fatalf("the memory takes %d bytes, %v", len(text), err)
			}
			st = next
		}
	})
}

func checkDecision(t *rapid.T, p scaling.Policy, s scaling.Sample, d scaling.Decision) {
	if d.Desired < p.Min || d.Desired > p.Max || d.Reason == "" || d.Wait < 0 {
		t.Fatalf("decision %+v for %+v", d, s)
	}
	if !understood(d.Reason) || s.Desired > p.Max || s.Running > p.Max {
		return
	}
	busy := (min(s.InFlight, s.Running*max(p.MessagesPerTask, 1)) + max(p.MessagesPerTask, 1) - 1) / max(p.MessagesPerTask, 1)
	if d.Desired < min(busy, p.Max) {
		t.Fatalf("%d tasks (%s) for %d that are busy", d.Desired, d.Reason, busy)
	}
	if p.ScaleIn != scaling.Protected && s.InFlight > 0 && d.Desired < s.Desired {
		t.Fatalf("lowered from %d to %d (%s) with %d in flight", s.Desired, d.Desired, d.Reason, s.InFlight)
	}
	if s.Deploying && d.Desired < s.Desired {
		t.Fatalf("lowered from %d to %d (%s) during a deployment", s.Desired, d.Desired, d.Reason)
	}
}

// What is remembered survives the ledger: JSON and back gives the same decisions.
func TestTheMemorySurvivesJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		var kept, stored scaling.State
		now := start
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			now = now.Add(5 * time.Second)
			s := anySample(t)
			text, err := json.Marshal(stored)
			if err != nil {
				t.Fatal(err)
			}
			stored = scaling.State{}
			if err := json.Unmarshal(text, &stored); err != nil {
				t.Fatal(err)
			}
			var a, b scaling.Decision
			a, kept = scaling.Decide(p, kept, s, now)
			b, stored = scaling.Decide(p, stored, s, now)
			if a != b {
				t.Fatalf("decided %+v, and %+v from the ledger", a, b)
			}
		}
	})
}

// An empty queue leads to the minimum and to rest within a quarter of an hour, whatever was before.
func TestAnEmptyQueueComesToRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPolicy(t)
		var st scaling.State
		now, desired := start, 0
		var d scaling.Decision
		for range rapid.IntRange(1, 20).Draw(t, "looks") {
			now = now.Add(5 * time.Second)
			n := rapid.IntRange(0, 3000).Draw(t, "messages")
			d, st = scaling.Decide(p, st, scaling.Sample{Visible: n, InFlight: n / 3, Running: desired, Desired: desired}, now)
			desired = d.Desired
		}
		for range 15 * 12 {
			now = now.Add(5 * time.Second)
			d, st = scaling.Decide(p, st, scaling.Sample{Running: desired, Desired: desired}, now)
			desired = d.Desired
		}
		if d.Desired != p.Min || !d.Rest {
			t.Fatalf("a quarter of an hour later: %+v, want %d and rest", d, p.Min)
		}
	})
}
