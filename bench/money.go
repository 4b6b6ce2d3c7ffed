package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"slipway/bench/internal/measure"
	"slipway/internal/cost"
)

// money is what runs cost: what they take of the table, measured; what batches save; and a month by `slipway cost`.
func (b *bench) money() ([]measure.Table, error) {
	units, err := b.units()
	if err != nil {
		return nil, err
	}
	small, err := batches()
	if err != nil {
		return nil, err
	}
	out := []measure.Table{units, small}
	for _, m := range months {
		t, err := m.table()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// month is a workload, with the command that estimates it.
type month struct {
	what, command string
	workload      cost.Workload
}

// months are those that docs/benchmarks.md has.
var months = []month{
	{
		"100,000 objects of two minutes, 80 % of the tasks on Spot", "slipway cost --objects 100000 --runtime 2m --spot 0.8",
		objectsOf(cost.Objects{Count: 100_000, Size: 1 << 20, Runtime: 2 * time.Minute}, 0.8),
	},
	{
		"3,000,000 objects of half a second, a hundred to a task", "slipway cost --objects 3000000 --object-size 20KiB --runtime 500ms --batch-objects 100",
		objectsOf(cost.Objects{Count: 3_000_000, Size: 20 << 10, Runtime: 500 * time.Millisecond, BatchObjects: batchOf}, 0),
	},
}

// objectsOf is a month of nothing but objects, with the defaults of the command.
func objectsOf(o cost.Objects, spot float64) cost.Workload {
	o.Task = cost.Task{CPU: 512, Memory: 1024, EphemeralStorage: 20}
	return cost.Workload{
		Objects: o, Jobs: cost.Jobs{Every: time.Hour, Runtime: 5 * time.Minute, Task: o.Task},
		Queues: cost.Queues{Time: 5 * time.Second, MessagesPerTask: 1, Hours: 24, Task: o.Task}, Spot: spot, Mails: 100, Peak: 2,
	}
}

// table has the ways to do the work, the cheapest first.
func (m month) table() (measure.Table, error) {
	p := cost.Published()
	t := measure.Table{
		Title: "A month: " + m.what, Columns: []string{"way", "$ a month", "beside the tasks, or lacking"},
		Note: fmt.Sprintf("`%s`; prices of %s read on %s, without any free tier.", m.command, p.Region, p.ReadOn),
	}
	if err := m.workload.Check(); err != nil {
		return t, err
	}
	e := cost.For(m.workload, p)
	idle := 0.0
	for _, l := range e.Slipway.Lines {
		if l.For == "idle" {
			idle += l.Dollars
		}
	}
	ways := append([]cost.Bill{{
		Name: "Slipway", Dollars: e.Together, Lacks: fmt.Sprintf("$%.2f beside the tasks, of which $%.2f for a stack with nothing to do", e.Slipway.Dollars, idle),
	}}, e.Peers...)
	slices.SortStableFunc(ways, func(a, b cost.Bill) int { return int(100*a.Dollars) - int(100*b.Dollars) })
	for _, w := range ways {
		t.Rows = append(t.Rows, []string{w.Name, fmt.Sprintf("%.2f", w.Dollars), w.Lacks})
	}
	return t, nil
}

var unitLine = regexp.MustCompile(`units of [^/:]*(?:/([^:]*))?: (write|read) units(?: of ([^:]*))?: ([0-9.]+), estimated ([0-9.]+)`)

// units are what runs and ticks ask of DynamoDB, by the tests that hold `slipway cost` to them.
func (b *bench) units() (measure.Table, error) {
	say("units of the table")
	t := measure.Table{
		Title: "Units of DynamoDB", Columns: []string{"for", "write units", "as estimated", "read units", "as estimated"},
		Note: "The real code on the real ledger, from the event to the end of the run, behind a meter that bills each call by DynamoDB's rules.",
	}
	text, err := b.goTest("./bench", "-run", "UnitsThat", "-v", "-count", "1")
	if err != nil {
		return t, err
	}
	t.Rows = unitRows(string(text))
	if len(t.Rows) == 0 {
		return t, fmt.Errorf("the tests of the units printed no line:\n%s", text) //nolint:err113 // for a person
	}
	return t, nil
}

// unitRows are the lines that the tests print, those of one thing together.
func unitRows(text string) [][]string {
	rows := map[string][]string{}
	var order []string
	for _, m := range unitLine.FindAllStringSubmatch(text, -1) {
		what := strings.TrimSpace(m[1] + m[3])
		if rows[what] == nil {
			rows[what] = []string{what, "–", "–", "–", "–"}
			order = append(order, what)
		}
		at := 1
		if m[2] == "read" {
			at = 3
		}
		rows[what][at], rows[what][at+1] = m[4], m[5]
	}
	slices.Sort(order)
	var out [][]string
	for _, what := range order {
		out = append(out, rows[what])
	}
	return out
}
