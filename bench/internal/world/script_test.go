package world

import (
	"testing"
	"time"
)

func TestCallsAtOnceAreOneWave(t *testing.T) {
	r, began := &recorder{within: 50 * time.Millisecond}, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, after := range []int{0, 100, 110, 150, 151, 300} {
		r.add(Call{Size: after}, began.Add(time.Duration(after)*time.Millisecond))
	}
	want := [][]int{{0}, {100, 110, 150}, {151}, {300}}
	if len(r.script) != len(want) || r.script.Calls() != 6 {
		t.Fatalf("got %d waves, want %v", len(r.script), want)
	}
	for i, wave := range r.script {
		if len(wave) != len(want[i]) || wave[0].Size != want[i][0] {
			t.Errorf("wave %d is %v, want the calls at %v", i, wave, want[i])
		}
	}
}
