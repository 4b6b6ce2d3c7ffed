package scaling_test

import (
	"encoding/json"
	"testing"
	"time"

	"slipway/internal/scaling"
)

// launches asks for so many tasks at once, and returns those on their way by the seconds until their launch.
func launches(t *testing.T, messages int) (map[int]int, scaling.Decision, scaling.State) {
	t.Helper()
	p := protected
	p.Max = 5000
	d, st := scaling.Decide(p, scaling.State{}, scaling.Sample{Visible: messages}, start)
	out := map[int]int{}
	for _, l := range st.Launches {
		out[int(l.At.Sub(start)/time.Second)] += l.N
	}
	return out, d, st
}

// What is beyond Fargate's launch quota is known to be launched later: 100 tasks at once, 20 a second, 500 in a minute.
func TestLaunchesWaitForTheQuota(t *testing.T) {
	got, d, _ := launches(t, 6000)
	total := 0
	for after, n := range got {
		total += n
		if most := 100 + 20*after; n > most || after > 0 && n > 200 {
			t.Errorf("%d tasks are taken to be launched after %d s", n, after)
		}
	}
	if d.Desired < 600 || total != d.Desired || got[0] != 100 {
		t.Errorf("launches %v of %d tasks, want all of them, 100 at once", got, d.Desired)
	}
}

// A task that waits for the quota is not asked for twice.
func TestTasksThatWaitForTheQuotaAreNotAskedForAgain(t *testing.T) {
	p := protected
	p.Max = 5000
	first, d, st := launches(t, 6000)
	if len(first) < 3 {
		t.Fatalf("launches %v wait for no quota", first)
	}
	asked := d.Desired
	for range 3 {
		s := scaling.Sample{Visible: 6000, Pending: d.Desired, Desired: d.Desired}
		d, st = scaling.Decide(p, st, s, st.At.Add(5*time.Second))
	}
	if d.Desired > asked*5/4 {
		t.Errorf("%d tasks were asked for, and in a quarter of a minute %d for the same messages", asked, d.Desired)
	}
	if text, err := json.Marshal(st); err != nil || len(text) > 20_000 {
		t.Errorf("the memory takes %d bytes, %v", len(text), err)
	}
}

// Tasks that are not wanted any more give their launches back.
func TestLaunchesAreGivenBack(t *testing.T) {
	p := protected
	p.Max = 5000
	_, _, st := launches(t, 6000)
	d, st := scaling.Decide(p, st, scaling.Sample{}, start.Add(time.Second)) // none of them was launched
	if want := 100 - float64(d.Desired); st.Quota.Account != want || st.Quota.Service != want+400 {
		t.Errorf("with %d tasks asked for, the quota is %+v", d.Desired, st.Quota)
	}
}
