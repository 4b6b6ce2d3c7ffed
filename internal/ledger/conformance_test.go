package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"slipway/internal/emulator"
	"slipway/internal/fake"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

type whole interface {
	orchestrator.Ledger
	Runs(ctx context.Context, ids []run.ID) ([]run.Run, error)
	Gathering(ctx context.Context, job string) (run.ID, error)
	orchestrator.Leases
}

var (
	_ whole = (*ledger.Ledger)(nil)
	_ whole = (*fake.Ledger)(nil)
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestConformance holds the fake and the real ledger to the same behaviour.
func TestConformance(t *testing.T) {
	stores := map[string]func(t *testing.T) whole{
		"in memory": func(*testing.T) whole { return &fake.Ledger{} },
		"on DynamoDB": func(t *testing.T) whole {
			cfg, url := emulator.Config(t)
			return ledger.New(cfg, url, emulator.Table(t.Context(), t))
		},
	}
	cases := map[string]func(context.Context, *testing.T, whole){
		"a run is kept whole":                       keepsRuns,
		"a run that exists is a conflict":           refusesExisting,
		"an old revision is a conflict":             refusesOld,
		"slots are counted to the maximum":          countsSlots,
		"a conflict writes nothing":                 writesAllOrNothing,
		"the index lists what is due":               listsDue,
		"a job state keeps its counter":             keepsCounter,
		"a case is counted once":                    countsCasesOnce,
		"incidents are listed while they are due":   listsIncidents,
		"a mark is only replaced by a newer one":    keepsMarks,
		"a lease has one holder":                    leasesToOne,
		"runs are read together":                    readsTogether,
		"those that hold a slot are known":          knowsHolders,
		"only the newest object of a key is taken":  keepsNewest,
		"one batch is open at a time":               opensOneBatch,
		"a write sent twice is one write":           writesOnce,
		"more changes than go together are refused": refusesTooMany,
	}
	for store, open := range stores {
		for name, check := range cases {
			t.Run(store+": "+name, func(t *testing.T) { check(t.Context(), t, open(t)) })
		}
	}
}

func newRun(id string) run.Run {
	o := run.Object{Bucket: "b", Key: "a b+c%ü.png", VersionID: "v", Size: 5 << 32}
	return run.New(run.ID(id), run.Job{Name: "images"}, run.ByObject, run.Input{Object: &o}, noon)
}

func claimed(t *testing.T, r run.Run, slot bool) run.Run {
	t.Helper()
	next, err := r.Claim(run.Decision{Cluster: "c", Capacity: "FARGATE"}, slot, noon)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func write(ctx context.Context, t *testing.T, l whole, limit int, changes ...run.Change) *run.Conflict {
	t.Helper()
	err := l.Write(ctx, run.Write{Job: "images", Max: limit, Changes: changes})
	var c *run.Conflict
	if err != nil && !errors.As(err, &c) {
		t.Fatal(err)
	}
	return c
}

func mustWrite(ctx context.Context, t *testing.T, l whole, limit int, changes ...run.Change) {
	t.Helper()
	if c := write(ctx, t, l, limit, changes...); c != nil {
		t.Fatal(c)
	}
}

func stored(ctx context.Context, t *testing.T, l whole, id string) run.Run {
	t.Helper()
	r, err := l.Run(ctx, run.ID(id))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func keepsRuns(ctx context.Context, t *testing.T, l whole) {
	if _, err := l.Run(ctx, "a"); !errors.Is(err, run.ErrNotFound) {
		t.Fatalf("error = %v, want ErrNotFound", err)
	}
	want := claimed(t, newRun("a"), false)
	if c := write(ctx, t, l, 0, run.Change{Run: want}); c != nil {
		t.Fatal(c)
	}
	want.Revision = 1
	if got := stored(ctx, t, l, "a"); !reflect.DeepEqual(got, want) {
		t.Errorf("stored = %+v, want %+v", got, want)
	}
}

func refusesExisting(ctx context.Context, t *testing.T, l whole) {
	mustWrite(ctx, t, l, 0, run.Change{Run: newRun("a")})
	other := newRun("a")
	other.AdmittedAt = noon.Add(time.Second)
	c := write(ctx, t, l, 0, run.Change{Run: other})
	if c == nil || c.Current["a"].Revision != 1 || !c.Current["a"].AdmittedAt.Equal(noon) {
		t.Errorf("conflict = %+v, want the run that is stored", c)
	}
}

func refusesOld(ctx context.Context, t *testing.T, l whole) {
	r := newRun("a")
	mustWrite(ctx, t, l, 0, run.Change{Run: r})
	r.Revision = 1
	mustWrite(ctx, t, l, 0, run.Change{Run: claimed(t, r, false)})
	c := write(ctx, t, l, 0, run.Change{Run: r})
	if c == nil || c.Current["a"].State != run.Starting || c.Current["a"].Revision != 2 {
		t.Errorf("conflict = %+v, want the newer run", c)
	}
}

func countsSlots(ctx context.Context, t *testing.T, l whole) {
	take := func(id string) *run.Conflict {
		return write(ctx, t, l, 2, run.ChangeOf(newRun(id), claimed(t, newRun(id), true)))
	}
	if c := take("a"); c != nil {
		t.Fatal(c)
	}
	if c := take("b"); c != nil {
		t.Fatal(c)
	}
	if c := take("c"); c == nil || !c.Full || c.Active != 2 {
		t.Fatalf("conflict = %+v, want a full job with 2 active", c)
	}
	a := stored(ctx, t, l, "a")
	end, err := a.End(run.Outcome{Class: "succeeded"}, noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	if c := write(ctx, t, l, 2, run.ChangeOf(a, end)); c != nil {
		t.Fatal(c)
	}
	if c := take("c"); c != nil {
		t.Errorf("conflict = %+v, want room for one after one ended", c)
	}
}

func writesAllOrNothing(ctx context.Context, t *testing.T, l whole) {
	mustWrite(ctx, t, l, 0, run.Change{Run: newRun("a")})
	late := newRun("a")
	late.AdmittedAt = noon.Add(time.Minute)
	var changes []run.Change
	for _, r := range []run.Run{newRun("b"), late, newRun("c")} {
		changes = append(changes, run.ChangeOf(r, claimed(t, r, true)))
	}
	c := write(ctx, t, l, 2, changes...)
	if c == nil || !c.Full || len(c.Current) != 1 {
		t.Fatalf("conflict = %+v, want one run in the way and a full job", c)
	}
	if _, err := l.Run(ctx, "b"); !errors.Is(err, run.ErrNotFound) {
		t.Errorf("b is stored although its write was refused: %v", err)
	}
	if c := write(ctx, t, l, 2, changes[0], changes[2]); c != nil {
		t.Errorf("conflict = %+v, want room for two", c)
	}
}

func listsDue(ctx context.Context, t *testing.T, l whole) {
	for i := range 5 {
		r := newRun(fmt.Sprintf("r%d", i))
		r.NotBefore = noon.Add(time.Duration(5-i) * time.Minute)
		mustWrite(ctx, t, l, 0, run.Change{Run: r})
	}
	active := claimed(t, newRun("active"), false)
	mustWrite(ctx, t, l, 0, run.Change{Run: active})
	queued, err := l.Queued(ctx, "images", noon.Add(4*time.Minute), 3)
	if err != nil {
		t.Fatal(err)
	}
	var ids []run.ID
	for _, r := range queued {
		ids = append(ids, r.ID)
	}
	if want := []run.ID{"r4", "r3", "r2"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("queued = %v, want %v", ids, want)
	}
	for after, want := range map[time.Duration]int{time.Minute: 0, run.ResumeAfter: 1} {
		watched, err := l.Watched(ctx, noon.Add(after), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(watched) != want {
			t.Errorf("watched after %s = %d runs, want %d", after, len(watched), want)
		}
	}
	active.Revision = 1
	end, err := active.End(run.Outcome{Class: "succeeded"}, noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(ctx, t, l, 0, run.ChangeOf(active, end))
	if watched, err := l.Watched(ctx, noon.Add(time.Hour), 10); err != nil || len(watched) != 0 {
		t.Errorf("watched = %v, %v, want nothing once it has ended", watched, err)
	}
}

func keepsCounter(ctx context.Context, t *testing.T, l whole) {
	mustWrite(ctx, t, l, 9, run.ChangeOf(newRun("a"), claimed(t, newRun("a"), true)))
	states, err := l.Jobs(ctx)
	if err != nil || len(states) != 1 || states[0].Active != 1 {
		t.Fatalf("jobs = %+v, %v, want one with one active", states, err)
	}
	s := states[0]
	s.FirstSeen, s.LastScheduled = noon, noon
	if err := l.SaveJob(ctx, s); err != nil {
		t.Fatal(err)
	}
	var c *run.Conflict
	if err := l.SaveJob(ctx, s); !errors.As(err, &c) {
		t.Errorf("error = %v, want a conflict for an old revision", err)
	}
	states, err = l.Jobs(ctx)
	if err != nil || len(states) != 1 || states[0].Active != 1 || !states[0].LastScheduled.Equal(noon) {
		t.Errorf("jobs = %+v, %v, want the state and its counter", states, err)
	}
}

func leasesToOne(ctx context.Context, t *testing.T, l whole) {
	acquire := func(holder string, after time.Duration, want bool) {
		t.Helper()
		if got, err := l.Acquire(ctx, "x", holder, noon.Add(after), time.Minute); err != nil || got != want {
			t.Errorf("%s after %s: %t, %v, want %t", holder, after, got, err, want)
		}
	}
	acquire("a", 0, true)
	acquire("b", time.Second, false)
	acquire("a", 30*time.Second, true)
	acquire("b", 70*time.Second, false)
	acquire("b", 91*time.Second, true)
	if err := l.Release(ctx, "x", "a"); err != nil {
		t.Fatal(err)
	}
	acquire("a", 92*time.Second, false)
	if err := l.Release(ctx, "x", "b"); err != nil {
		t.Fatal(err)
	}
	acquire("a", 93*time.Second, true)
}

func refusesTooMany(ctx context.Context, t *testing.T, l whole) {
	changes := make([]run.Change, run.MaxWrite+1)
	if err := l.Write(ctx, run.Write{Job: "images", Changes: changes}); err == nil || run.Retryable(err) {
		t.Errorf("error = %v, want one never to be retried", err)
	}
}

func TestANewerLayoutIsRefused(t *testing.T) {
	cfg, url := emulator.Config(t)
	table := emulator.Table(t.Context(), t)
	l := ledger.New(cfg, url, table)
	r := newRun("a")
	r.State = "dreaming"
	mustWrite(t.Context(), t, l, 0, run.Change{Run: r})
	if _, err := l.Run(t.Context(), "a"); err == nil || run.Retryable(err) || run.ReasonOf(err) != "ledger-version" {
		t.Errorf("error = %v, want ledger-version", err)
	}
	mustWrite(t.Context(), t, l, 0, run.Change{Run: claimed(t, newRun("b"), false)})
	unknown := claimed(t, newRun("c"), false)
	unknown.State, unknown.Owed = "dreaming", []run.Effect{run.OwesMail}
	mustWrite(t.Context(), t, l, 0, run.Change{Run: unknown})
	watched, err := l.Watched(t.Context(), noon.Add(time.Hour), 10)
	if err == nil || len(watched) != 1 || watched[0].ID != "b" {
		t.Errorf("watched = %v, %v; want the run that can be read, and an error about the other", watched, err)
	}
}

func readsTogether(ctx context.Context, t *testing.T, l whole) {
	var ids []run.ID
	for i := range 130 { // more than one call takes
		id := fmt.Sprintf("r-%03d", i)
		ids = append(ids, run.ID(id))
		if i%10 != 7 {
			mustWrite(ctx, t, l, 0, run.Change{Run: newRun(id)})
		}
	}
	got, err := l.Runs(ctx, ids)
	if err != nil || len(got) != 117 {
		t.Fatalf("read %d runs, %v, want 117", len(got), err)
	}
	for i := 1; i < len(got); i++ {
		if got[i-1].ID >= got[i].ID {
			t.Fatalf("%s comes before %s", got[i-1].ID, got[i].ID)
		}
	}
	if got, err := l.Runs(ctx, nil); err != nil || len(got) != 0 {
		t.Errorf("no IDs gave %v, %v", got, err)
	}
}

func holding(ctx context.Context, t *testing.T, l whole, limit int, changes ...run.Change) *run.Conflict {
	t.Helper()
	err := l.Write(ctx, run.Write{Job: "images", Max: limit, Holders: true, Changes: changes})
	var c *run.Conflict
	if err != nil && !errors.As(err, &c) {
		t.Fatal(err)
	}
	return c
}

func knowsHolders(ctx context.Context, t *testing.T, l whole) {
	take := func(ids ...string) (out []run.Change) {
		for _, id := range ids {
			out = append(out, run.ChangeOf(newRun(id), claimed(t, newRun(id), true)))
		}
		return out
	}
	if c := holding(ctx, t, l, 2, take("a", "b")...); c != nil {
		t.Fatal(c)
	}
	c := holding(ctx, t, l, 2, take("c")...)
	if c == nil || !c.Full || !reflect.DeepEqual(sorted(c.Holders), []run.ID{"a", "b"}) {
		t.Fatalf("conflict = %+v, want full of a and b", c)
	}
	a := stored(ctx, t, l, "a")
	ended, err := a.End(run.Outcome{Class: "succeeded"}, noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	if c := holding(ctx, t, l, 2, run.ChangeOf(a, ended)); c != nil {
		t.Fatal(c)
	}
	if c := holding(ctx, t, l, 2, take("c")...); c != nil {
		t.Fatal(c)
	}
	if c := holding(ctx, t, l, 2, take("d")...); c == nil || !reflect.DeepEqual(sorted(c.Holders), []run.ID{"b", "c"}) {
		t.Errorf("conflict = %+v, want full of b and c", c)
	}
}

func sorted(ids []run.ID) []run.ID {
	slices.Sort(ids)
	return ids
}

// version is a run for a version of one key.
func version(sequencer string) run.Run {
	o := run.Object{Bucket: "b", Key: "k", Sequencer: sequencer, ETag: "e" + sequencer}
	return run.New(run.ObjectID("stack", "images", o), run.Job{Name: "images"}, run.ByObject, run.Input{Object: &o}, noon)
}

func keepsNewest(ctx context.Context, t *testing.T, l whole) {
	middle, older, newer, unordered := version("0055AED6DCD90281E5"), version("0055AED6DCD90281"), version("0055AED6DCD90281E6"), version("")
	mustWrite(ctx, t, l, 0, run.Change{Run: middle, Newest: true})
	c := write(ctx, t, l, 0, run.Change{Run: older, Newest: true})
	if c == nil || c.Newer[older.ID] != middle.ID || len(c.Current) > 0 {
		t.Errorf("an older version: %+v, want superseded by %s", c, middle.ID)
	}
	mustWrite(ctx, t, l, 0, run.Change{Run: older})
	mustWrite(ctx, t, l, 0, run.Change{Run: newer, Newest: true})
	mustWrite(ctx, t, l, 0, run.Change{Run: unordered, Newest: true})
	again := stored(ctx, t, l, string(middle.ID))
	if c := write(ctx, t, l, 0, run.Change{Run: again, Newest: true}); c == nil || c.Newer[middle.ID] != newer.ID {
		t.Errorf("the version that was the newest: %+v, want superseded by %s", c, newer.ID)
	}
	again = stored(ctx, t, l, string(newer.ID))
	mustWrite(ctx, t, l, 0, run.Change{Run: again, Newest: true})
}

func gather(ctx context.Context, t *testing.T, l whole, was, is run.ID, changes ...run.Change) *run.Conflict {
	t.Helper()
	err := l.Write(ctx, run.Write{Job: "images", Gathers: &run.Gathers{Was: was, Is: is}, Changes: changes})
	var c *run.Conflict
	if err != nil && !errors.As(err, &c) {
		t.Fatal(err)
	}
	return c
}

func opensOneBatch(ctx context.Context, t *testing.T, l whole) {
	if id, err := l.Gathering(ctx, "images"); err != nil || id != "" {
		t.Fatalf("gathering in %q, %v, want none", id, err)
	}
	if c := gather(ctx, t, l, "", "b1", run.Change{Run: newRun("b1")}, run.Change{Run: newRun("o1")}); c != nil {
		t.Fatal(c)
	}
	if c := gather(ctx, t, l, "", "b2", run.Change{Run: newRun("b2")}); c == nil || !c.Moved {
		t.Errorf("conflict = %+v, want moved", c)
	}
	if _, err := l.Run(ctx, "b2"); !errors.Is(err, run.ErrNotFound) {
		t.Errorf("b2 was written: %v", err)
	}
	if c := gather(ctx, t, l, "b1", "b3", run.Change{Run: newRun("b3")}, run.Change{Run: newRun("o1")}); c == nil || c.Moved || c.Current["o1"].ID != "o1" {
		t.Errorf("conflict = %+v, want the object that joined before", c)
	}
	if c := gather(ctx, t, l, "b1", "b3", run.Change{Run: newRun("b3")}); c != nil {
		t.Fatal(c)
	}
	if id, err := l.Gathering(ctx, "images"); err != nil || id != "b3" {
		t.Errorf("gathering in %q, %v, want b3", id, err)
	}
}

func writesOnce(ctx context.Context, t *testing.T, l whole) {
	if _, real := l.(*ledger.Ledger); !real {
		return // nothing sends the fake the same write twice
	}
	w := run.Write{Job: "images", Max: 1, Holders: true, Changes: []run.Change{run.ChangeOf(version("01"), claimed(t, version("01"), true))}}
	w.Changes[0].Newest = true
	for range 2 {
		if err := l.Write(ctx, w); err != nil {
			t.Fatal(err)
		}
	}
	g := run.Write{Job: "images", Gathers: &run.Gathers{Is: "b1"}, Changes: []run.Change{{Run: newRun("b1")}}}
	for range 2 {
		if err := l.Write(ctx, g); err != nil {
			t.Fatal(err)
		}
	}
	jobs, err := l.Jobs(ctx)
	if err != nil || len(jobs) != 1 || jobs[0].Active != 1 {
		t.Errorf("jobs = %+v, %v, want one slot taken", jobs, err)
	}
}
