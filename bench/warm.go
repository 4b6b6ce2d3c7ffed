package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"slipway/bench/internal/measure"
	"slipway/bench/internal/program"
	"slipway/bench/internal/scene"
	"slipway/bench/internal/world"
)

// A kind of invocation: what the event is about, and how long each call to AWS takes.
type kind struct {
	scene.Scene
	things  int
	latency time.Duration
}

func (k kind) String() string { return fmt.Sprintf("%s, %s, %s a call", k.Function, k.What, k.latency) }

const (
	// launcher is the function that starts tasks.
	launcher = "s3-trigger"
	// gap is the time from one invocation of a contender to its next, for each task that is started: s3-trigger paces its
	// RunTask calls at the quota of 20 a second, and faster events would measure that.
	gap = 60 * time.Millisecond
	// recordGap is the same for an invocation with ten things, before its calls are recorded.
	recordGap = 10 * gap
	// The latencies of the service that are measured, and the one with which calls are recorded.
	short, long = time.Millisecond, 50 * time.Millisecond
)

// warm invokes each function, the anchor and the peers in turn: with one thing and with ten, by a service that is near and
// by one that is far.
func (b *bench) warm() ([]measure.Table, error) {
	var tables []measure.Table
	for _, f := range functions {
		took := map[int]measure.Series{} // with the far service, by how many things
		for _, n := range []int{1, 10} {
			more, err := b.warmOf(f, n, took)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			tables = append(tables, more...)
		}
		last := &tables[len(tables)-1]
		last.Goals = append(last.Goals, measure.Goal{What: f.name + ": ten over one at 50 ms", Got: took[10].Median() / took[1].Median(), Limit: 1.2})
	}
	allocations, err := b.allocations()
	return append(tables, allocations), err
}

// warmOf measures one function with n things.
func (b *bench) warmOf(f function, n int, took map[int]measure.Series) ([]measure.Table, error) {
	s, err := sceneOf(f.name, n)
	if err != nil {
		return nil, err
	}
	aws := world.New()
	defer aws.Close()
	aws.Keep(s.Items...)
	latencies, peers := []time.Duration{short, long}, b.peers("anchor")
	if b.quick && n > 1 {
		latencies, peers = latencies[1:], peers[:1]
	}
	list, err := b.alive(f, s, aws, peers)
	defer func() {
		for _, c := range list {
			c.p.Stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	var tables []measure.Table
	for _, latency := range latencies {
		k := kind{s, n, latency}
		say("warm: %s", k)
		turns := list
		if b.quick && latency == long {
			turns = list[:2] // the interpreters are compared by the near service
		}
		if err := b.take(turns, aws, k); err != nil {
			return nil, err
		}
		if latency == long {
			took[n] = list[0].took
		}
		tables = append(tables, warmTable(turns, k))
	}
	return tables, nil
}

func sceneOf(function string, n int) (scene.Scene, error) {
	all, err := scene.Of(n)
	for _, s := range all {
		if s.Function == function {
			return s, err
		}
	}
	return scene.Scene{}, err
}

// warmed is a program that stays alive.
type warmed struct {
	name      string
	p         *program.Program
	took, cpu measure.Series // ms an invocation, by round
	calls     int            // to AWS, an invocation
}

// alive starts the function, records what it asks for, and starts its peers, the anchor first, which ask the same.
func (b *bench) alive(f function, s scene.Scene, aws *world.World, peers []string) ([]*warmed, error) {
	own, err := b.functionOf(f, s, aws.URL)
	if err != nil {
		return nil, err
	}
	p, err := program.Run(own)
	if err != nil {
		return nil, err
	}
	list := []*warmed{{name: f.name, p: p}}
	script, err := b.script(p, s, aws)
	if err != nil {
		return list, err
	}
	for _, name := range peers {
		peer, err := b.spec(name, f, map[string]string{"AWS_ENDPOINT_URL": aws.URL, "SCRIPT": script})
		if err != nil {
			return list, err
		}
		p, err := program.Run(peer)
		if err != nil {
			return list, err
		}
		list = append(list, &warmed{name: name, p: p})
	}
	return list, nil
}

// functionOf is the function with the configuration of a scene, in a folder of its own.
func (b *bench) functionOf(f function, s scene.Scene, url string) (program.Spec, error) {
	own, err := b.spec(f.name, f, map[string]string{"AWS_ENDPOINT_URL": url})
	if err != nil || s.Scalers == 0 {
		return own, err
	}
	dir, err := os.MkdirTemp(b.work, f.name)
	if err != nil {
		return own, err
	}
	text, err := os.ReadFile(filepath.Join(own.Dir, "slipway.json"))
	if err == nil {
		text, err = s.Configure(text)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "slipway.json"), text, 0o600)
	}
	if err == nil {
		err = os.Link(own.Args[0], filepath.Join(dir, "bootstrap"))
	}
	own.Dir, own.Args = dir, []string{filepath.Join(dir, "bootstrap")}
	return own, err
}

// script records what the function asks for once it has asked for what it keeps, and returns the file.
func (b *bench) script(p *program.Program, s scene.Scene, aws *world.World) (string, error) {
	const apart = 100 * time.Millisecond
	aws.SetLatency(apart)
	before, wait := 2, time.Duration(0)
	if s.Function == launcher {
		before, wait = 5, recordGap // its pace finds the quota, and holds no call back any more
	}
	for range before {
		if _, _, err := p.Invoke(s.Payload); err != nil {
			return "", err
		}
		time.Sleep(wait)
	}
	aws.Record(apart / 2)
	_, _, err := p.Invoke(s.Payload)
	text, encodeErr := json.Marshal(aws.Recorded())
	if err != nil {
		return "", err
	}
	if encodeErr != nil {
		return "", encodeErr
	}
	file, err := os.CreateTemp(b.work, "script-*.json")
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return file.Name(), err
}

// take warms all of them up, and then lets them take turns, event by event.
func (b *bench) take(list []*warmed, aws *world.World, k kind) error {
	aws.SetLatency(k.latency)
	for _, c := range list {
		c.took, c.cpu = nil, nil
	}
	each := max(1, min(20, 20*int(short)/int(k.latency)/k.things)) // invocations a round
	if b.quick {
		each = max(1, each/3)
	}
	for range b.warmUps(k) {
		if _, err := turn(list, aws, k); err != nil {
			return err
		}
	}
	for _, c := range list {
		if c.calls != list[1].calls { // a function that does nothing is fast
			return fmt.Errorf("%s makes %d calls, and the anchor %d", c.name, c.calls, list[1].calls) //nolint:err113 // for a person
		}
	}
	for range b.rounds {
		if err := round(list, aws, k, each); err != nil {
			return err
		}
	}
	if own, anchor := list[0].took.Median(), list[1].took.Median(); anchor > 1.5*own {
		return fmt.Errorf("the anchor takes %.0f ms and the function %.0f: calls at once were recorded one after another; measure again when the machine has less other work", anchor, own) //nolint:err113 // for a person
	}
	return nil
}

// warmUps is how many turns go before the first that counts. A quick run makes do with one where a turn takes a second.
func (b *bench) warmUps(k kind) int {
	if b.quick && k.latency == long {
		return 1
	}
	return max(3, b.rounds/k.things)
}

// round is some turns of all, of which the median counts; the CPU time is that of all its invocations.
func round(list []*warmed, aws *world.World, k kind, each int) error {
	before := make([]time.Duration, len(list))
	for i, c := range list {
		var err error
		if before[i], err = c.p.CPU(); err != nil {
			return err
		}
	}
	times := make([]measure.Series, len(list))
	for range each {
		took, err := turn(list, aws, k)
		if err != nil {
			return err
		}
		for i := range list {
			times[i] = append(times[i], took[i].Seconds()*1000)
		}
	}
	for i, c := range list {
		after, err := c.p.CPU()
		if err != nil {
			return err
		}
		c.took = append(c.took, times[i].Median())
		c.cpu = append(c.cpu, (after-before[i]).Seconds()*1000/float64(each))
	}
	return nil
}

// turn invokes each of them once, and returns no sooner than the quota has room for the next.
func turn(list []*warmed, aws *world.World, k kind) ([]time.Duration, error) {
	wait := time.Duration(0)
	if k.Function == launcher {
		wait = time.Duration(k.things) * gap
	}
	next := time.After(wait)
	out := make([]time.Duration, len(list))
	for i, c := range list {
		calls := aws.Calls()
		took, answer, err := c.p.Invoke(k.Payload)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		var failed struct{ BatchItemFailures []any }
		if err := json.Unmarshal(answer, &failed); c.name != "anchor" && (err != nil || len(failed.BatchItemFailures) > 0) {
			return nil, fmt.Errorf("%s gave messages back: %s; its log: %s", c.name, answer, c.p.Log()) //nolint:err113 // for a person
		}
		out[i], c.calls = took, aws.Calls()-calls
	}
	<-next
	return out, nil
}

func warmTable(list []*warmed, k kind) measure.Table {
	own, anchor := list[0], list[1]
	t := measure.Table{
		Title:   "Warm " + k.String(),
		Columns: []string{"program", "calls", "ms", "÷ anchor", "CPU ms", "function's CPU ÷ its"},
		Raw:     map[string]measure.Series{},
	}
	for _, c := range list {
		t.Raw[c.name+" ms"], t.Raw[c.name+" CPU ms"] = c.took, c.cpu
		t.Rows = append(t.Rows, []string{c.name, fmt.Sprint(c.calls), c.took.Spread(2), c.took.Over(anchor.took).Spread(2), c.cpu.Spread(2), own.cpu.Over(c.cpu).Spread(2)})
		if isPeer(c.name) {
			t.Goals = append(t.Goals, measure.Goal{What: "CPU over " + c.name, Got: own.cpu.Over(c.cpu).Median(), Limit: 0.35})
		}
	}
	above := own.took.Over(anchor.took).Median() - 1
	t.Goals = append(t.Goals, measure.Goal{What: "time above the anchor, over the anchor", Got: above, Limit: 1.2})
	return t
}
