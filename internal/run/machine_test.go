package run_test

import (
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/run"
)

// machine does to a run whatever may come, in any order, and remembers what must stay true.
type machine struct {
	run    run.Run
	now    time.Time
	tokens map[string][2]int // of which attempt and launch
	final  run.State         // the first final state, once there is one
}

var hexToken = regexp.MustCompile(`^[0-9a-f]{64}$`)

// step takes over the result of an action unless it was refused; what was given must not have changed.
func (m *machine) step(t *rapid.T, do func(run.Run) (run.Run, error)) {
	before := m.run.Clone()
	next, err := do(m.run)
	if !equal(m.run, before) {
		t.Fatalf("the run given was changed from %+v to %+v", before, m.run)
	}
	if err != nil {
		if !equal(next, before) {
			t.Fatalf("a refused action returned %+v, want %+v", next, before)
		}
		return
	}
	if next.Attempt < before.Attempt || next.Attempt == before.Attempt && next.Launch < before.Launch {
		t.Fatalf("attempt %d launch %d came after %d and %d", next.Attempt, next.Launch, before.Attempt, before.Launch)
	}
	m.run = next
}

func equal(a, b run.Run) bool {
	// Clone goes through JSON, so equal texts are equal runs.
	return string(encode(a)) == string(encode(b))
}

func (m *machine) check(t *rapid.T) {
	r := m.run
	switch {
	case m.final != "" && r.State != m.final:
		t.Fatalf("a %s run became %s", m.final, r.State)
	case !r.State.Valid():
		t.Fatalf("state %q is not known", r.State)
	case r.Slot && !r.State.Active():
		t.Fatalf("a %s run holds a slot", r.State)
	case len(r.History) > 40:
		t.Fatalf("%d lines of history", len(r.History))
	case r.History[0].Why != "admitted":
		t.Fatalf("the history begins with %q", r.History[0].Why)
	case r.Due().IsZero() == r.Open():
		t.Fatalf("due %v, though open is %t", r.Due(), r.Open())
	case r.State.Final() == r.EndedAt.IsZero():
		t.Fatalf("a %s run ended at %v", r.State, r.EndedAt)
	case r.ExpiresAt().IsZero() != r.Open():
		t.Fatalf("an expiry of %v, though open is %t", r.ExpiresAt(), r.Open())
	case r.State == run.Queued && r.Wish != run.NoWish:
		t.Fatalf("a queued run carries the wish %s", r.Wish)
	case r.State.Active() && r.Decision == nil:
		t.Fatal("an active run has no decision")
	case r.State == run.Queued && r.TaskARN != "":
		t.Fatalf("a queued run has task %s", r.TaskARN)
	}
	for i, e := range r.Owed {
		for _, other := range r.Owed[i+1:] {
			if e == other {
				t.Fatalf("owes %s twice", e)
			}
		}
	}
	if r.State.Final() {
		m.final = r.State
	}
}

func (m *machine) claim(t *rapid.T) {
	slot := rapid.Bool().Draw(t, "slot")
	was := m.run.State
	m.step(t, func(r run.Run) (run.Run, error) { return r.Claim(spot, slot, m.now) })
	if was != run.Queued || m.run.State != run.Starting {
		return
	}
	token, of := run.Token("stack", m.run), [2]int{m.run.Attempt, m.run.Launch}
	if earlier, known := m.tokens[token]; known || !hexToken.MatchString(token) {
		t.Fatalf("token %q of attempt and launch %v was that of %v", token, of, earlier)
	}
	m.tokens[token] = of
}

func (m *machine) task(t *rapid.T) run.Task {
	return run.Task{
		ARN:        rapid.SampledFrom([]string{"arn:task/1", "arn:task/2", "arn:task/3"}).Draw(t, "task"),
		LastStatus: rapid.SampledFrom([]string{"", "PROVISIONING", run.StatusRunning, run.StatusStopped}).Draw(t, "status"),
		Version:    rapid.Int64Range(0, 9).Draw(t, "version"),
	}
}

func drawOutcome(t *rapid.T) run.Outcome {
	return run.Outcome{Class: rapid.SampledFrom([]string{"succeeded", "task-failed", "timeout"}).Draw(t, "class")}
}

func drawEffects(t *rapid.T) []run.Effect {
	return rapid.SliceOfN(rapid.SampledFrom([]run.Effect{run.OwesEvent, run.OwesMail, run.OwesNudge}), 0, 3).Draw(t, "owed")
}

func (m *machine) notBefore(t *rapid.T) time.Time {
	return m.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
}

func TestWhateverComesTheRunStaysSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{run: queued(), now: noon, tokens: map[string][2]int{}}
		t.Repeat(map[string]func(*rapid.T){
			"":      m.check,
			"time":  func(t *rapid.T) { m.now = m.now.Add(time.Duration(rapid.IntRange(1, 3600).Draw(t, "s")) * time.Second) },
			"claim": m.claim,
			"accept": func(t *rapid.T) {
				task := m.task(t)
				m.step(t, func(r run.Run) (run.Run, error) { return r.Accept(task, m.now) })
			},
			"observe": func(t *rapid.T) {
				task := m.task(t)
				m.step(t, func(r run.Run) (run.Run, error) { return r.Observe(task, m.now), nil })
			},
			"look": func(t *rapid.T) {
				missing := rapid.Bool().Draw(t, "missing")
				m.step(t, func(r run.Run) (run.Run, error) { return r.Check(missing, m.now), nil })
			},
			"refuse": func(t *rapid.T) {
				at := m.notBefore(t)
				m.step(t, func(r run.Run) (run.Run, error) { return r.Refuse("no capacity", run.Place{Step: 1}, at, m.now) })
			},
			"retry": func(t *rapid.T) {
				o, at := drawOutcome(t), m.notBefore(t)
				m.step(t, func(r run.Run) (run.Run, error) { return r.Retry(o, run.Place{}, at, m.now) })
			},
			"end": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
					return
				}
				o, owed := drawOutcome(t), drawEffects(t)
				m.step(t, func(r run.Run) (run.Run, error) { return r.End(o, m.now, m.now, owed...) })
			},
			"skip": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
					return
				}
				m.step(t, func(r run.Run) (run.Run, error) { return r.Skip("full", m.now) })
			},
			"wish": func(t *rapid.T) {
				w := rapid.SampledFrom([]run.Wish{run.WishTimeout, run.WishTimeout, run.WishCancel, run.WishReplace}).Draw(t, "wish")
				if w != run.WishTimeout && rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
					return
				}
				m.step(t, func(r run.Run) (run.Run, error) { return r.WishFor(w, "why", m.now) })
			},
			"pay": func(t *rapid.T) {
				done := drawEffects(t)
				m.step(t, func(r run.Run) (run.Run, error) { return r.Paid(done...), nil })
			},
			"slots are counted by changes": func(t *rapid.T) {
				if got, want := run.ChangeOf(queued(), m.run).Slots, map[bool]int{true: 1}[m.run.Slot]; got != want {
					t.Fatalf("slots = %d, want %d", got, want)
				}
			},
		})
	})
}
