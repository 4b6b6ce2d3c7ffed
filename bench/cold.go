package main

import (
	"fmt"

	"slipway/bench/internal/measure"
	"slipway/bench/internal/program"
)

// contender is one program, with its figures of each round.
type contender struct {
	name              string
	spec              program.Spec
	took, cpu, memory measure.Series // ms, ms, MiB
}

// cold starts every contender once a round, for each function with its own peers, from exec to the first request for an
// invocation.
func (b *bench) cold() ([]measure.Table, error) {
	var tables []measure.Table
	for _, f := range functions {
		list, err := b.contenders(f, b.peers(f.name, "floor-"+f.name, "hello", "naive"))
		if err != nil {
			return nil, err
		}
		say("cold starts of %s: %d rounds of %d programs", f.name, b.rounds, len(list))
		for round := range b.rounds + 1 {
			for _, c := range list {
				if err := c.start(round > 0); err != nil { // the first fills the caches
					return nil, err
				}
			}
		}
		t, err := b.coldTable(f, list)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func (b *bench) contenders(f function, names []string) ([]*contender, error) {
	var out []*contender
	for _, name := range names {
		s, err := b.spec(name, f, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, &contender{name: name, spec: s})
	}
	return out, nil
}

func (c *contender) start(counts bool) error {
	p, err := program.Run(c.spec)
	if err != nil {
		return err
	}
	p.Stop()
	if counts {
		c.took = append(c.took, p.Started.Took.Seconds()*1000)
		c.cpu = append(c.cpu, p.Started.CPU.Seconds()*1000)
		c.memory = append(c.memory, float64(p.Started.PeakKiB)/1024)
	}
	return nil
}

func (b *bench) coldTable(f function, list []*contender) (measure.Table, error) {
	own, by := list[0], map[string]*contender{}
	t := measure.Table{
		Title:   "Cold start: " + f.name,
		Note:    "From exec to the first request for an invocation; minimum / median / maximum. A ratio is that of the function to the peer, round by round.",
		Columns: []string{"program", "ms", "function ÷ it", "CPU ms", "peak memory MiB", "binary MB", "zip MB"},
		Raw:     map[string]measure.Series{},
	}
	size := map[string]float64{}
	for _, c := range list {
		by[c.name] = c
		t.Raw[c.name+" ms"], t.Raw[c.name+" MiB"] = c.took, c.memory
		binary, zipped := "–", "–"
		if !isPeer(c.name) {
			n, z, err := sizes(c.spec.Args[0])
			if err != nil {
				return t, err
			}
			size[c.name] = float64(n)
			binary, zipped = fmt.Sprintf("%.2f", float64(n)/1e6), fmt.Sprintf("%.2f", float64(z)/1e6)
		}
		t.Rows = append(t.Rows, []string{c.name, c.took.Spread(2), own.took.Over(c.took).Spread(3), c.cpu.Spread(1), c.memory.Spread(1), binary, zipped})
	}
	hello, floor := by["hello"], by["floor-"+f.name]
	t.Goals = []measure.Goal{
		{What: "cold start over its floor", Got: own.took.Over(floor.took).Median(), Limit: 1.1},
		{What: "cold start over hello", Got: own.took.Over(hello.took).Median(), Limit: f.times},
		{What: "binary over hello", Got: size[f.name] / size["hello"], Limit: f.binary},
		{What: "peak memory over hello", Got: own.memory.Over(hello.memory).Median(), Limit: f.memory},
	}
	if python := by["python"]; python != nil {
		t.Goals = append(t.Goals, measure.Goal{What: "cold start over Python", Got: own.took.Over(python.took).Median(), Limit: 0.03})
	}
	return t, nil
}
