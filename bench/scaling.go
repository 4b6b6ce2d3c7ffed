package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"slipway/bench/internal/measure"
	"slipway/internal/simulate"
)

// A fleet is what the policies are compared for: how many tasks the work keeps busy, and how many messages each works on.
type fleet struct{ load, perTask int }

var fleets = []fleet{{1, 1}, {5, 1}, {20, 1}, {200, 1}, {20, 10}}

// quickFleets are those of a quick run: the others take minutes.
var quickFleets = []fleet{{1, 1}}

func (f fleet) String() string {
	words := fmt.Sprintf("%d busy tasks", f.load)
	if f.load == 1 {
		words = "1 busy task"
	}
	if f.perTask > 1 {
		words += fmt.Sprintf(", each with %d messages at once", f.perTask)
	}
	return words
}

// scaling compares the scaling policies on generated arrivals, and on the recordings in the folder that SLIPWAY_TRACES
// names.
func (b *bench) scaling() ([]measure.Table, error) {
	slipway, err := b.build("slipway")
	if err != nil {
		return nil, err
	}
	list := fleets
	if b.quick {
		list = quickFleets
	}
	var tables []measure.Table
	for _, f := range list {
		say("scaling policies at %s", f)
		all, err := compare(slipway, f)
		if err != nil {
			return nil, err
		}
		tables = append(tables, scalingTable(f, all))
	}
	return tables, nil
}

// recordings are those of docs/benchmarks.md, each with what else is said of it.
var recordings = []struct {
	files string
	more  []string
}{
	{"azure_llm_2023_code.csv,azure_llm_2023_conv.csv", nil},
	{"nab_elb_request_count_8c0756.csv,nab_Twitter_volume_AMZN.csv,nab_Twitter_volume_AAPL.csv", []string{"--busiest", "4h"}},
}

// compare lets slipway play all arrivals that there are.
func compare(slipway string, f fleet) ([]simulate.Comparison, error) {
	plays := [][]string{{"--pattern", "all"}}
	if folder := os.Getenv("SLIPWAY_TRACES"); folder != "" {
		plays = nil
		for _, r := range recordings {
			var paths []string
			for _, name := range strings.Split(r.files, ",") {
				paths = append(paths, filepath.Join(folder, name))
			}
			plays = append(plays, append([]string{"--trace", strings.Join(paths, ",")}, r.more...))
		}
		plays = append(plays, []string{"--pattern", "all"})
	}
	var all []simulate.Comparison
	for _, play := range plays {
		args := append([]string{"simulate", "--json", "--load", fmt.Sprint(f.load), "--messages-per-task", fmt.Sprint(f.perTask)}, play...)
		cmd := exec.Command(slipway, args...) //nolint:gosec,noctx // built above
		cmd.Stderr = os.Stderr
		text, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("slipway %s: %w", strings.Join(args, " "), err)
		}
		var some []simulate.Comparison
		if err := json.Unmarshal(text, &some); err != nil {
			return nil, fmt.Errorf("read what slipway simulate has printed: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// scalingTable has the arrivals as rows and the policies as columns.
func scalingTable(f fleet, all []simulate.Comparison) measure.Table {
	t := measure.Table{
		Title: "Scaling policies: " + f.String(), Columns: []string{"arrivals"},
		Note: "Task-seconds over the bare work, and in brackets the late messages in percent (`slipway simulate`, a virtual clock, one draw).",
	}
	for i, c := range all {
		name, _, _ := strings.Cut(c.Title, ",")
		row := []string{name}
		for _, p := range c.Policies {
			if i == 0 {
				t.Columns = append(t.Columns, p.Policy)
			}
			row = append(row, fmt.Sprintf("%.2f (%.3g)", p.OverBare, p.LatePercent))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
