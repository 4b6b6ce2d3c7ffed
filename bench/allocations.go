package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"

	"slipway/bench/internal/guard"
	"slipway/bench/internal/measure"
)

// allocations are those of what every event does, in a process of its own.
func (b *bench) allocations() (measure.Table, error) {
	say("allocations")
	t := measure.Table{
		Title: "Allocations of the hot paths", Columns: []string{"what", "allocations", "KB", "CPU ÷ that of fixed work"},
		Note: "Once each, as `make guard` watches them; the fixed work is 20 SHA-256 of 4 KB and a small JSON document, and takes turns with the path.",
	}
	path, err := b.build("hot")
	if err != nil {
		return t, err
	}
	cmd := exec.Command(path) //nolint:gosec,noctx // built above
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return t, fmt.Errorf("measure the hot paths: %w", err)
	}
	var work map[string]guard.Work
	if err := json.Unmarshal(text, &work); err != nil {
		return t, err
	}
	for _, name := range slices.Sorted(maps.Keys(work)) {
		w := work[name]
		t.Rows = append(t.Rows, []string{name, fmt.Sprintf("%.0f", w.Allocations), fmt.Sprintf("%.1f", w.Bytes/1024), fmt.Sprintf("%.3g", w.Ratio)})
	}
	return t, nil
}
