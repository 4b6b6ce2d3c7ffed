package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"slipway/bench/internal/measure"
	"slipway/bench/internal/program"
	"slipway/bench/internal/world"
)

// A kind of invocation: how many events it has, and how long each call to AWS takes.
type kind struct {
	events  int
	latency time.Duration
}

func (k kind) String() string { return fmt.Sprintf("%d events, %s a call", k.events, k.latency) }

// gap is the time from one invocation of a contender to its next, for each event: the function paces its RunTask calls
// at the quota of 20 a second, and faster events would measure that.
const gap = 60 * time.Millisecond

// bucket is the stand-in for the bucket of the template whose objects the shipped configuration wants.
const bucket = "example-uploadsbucket"

// warm invokes the function s3-trigger, the anchor and the peers in turn.
func (b *bench) warm() ([]measure.Table, error) {
	aws := world.New()
	defer aws.Close()
	list, err := b.alive(aws)
	defer func() {
		for _, c := range list {
			c.p.Stop()
		}
	}()
	if err != nil {
		return nil, err
	}
	var tables []measure.Table
	var one, ten measure.Series // of the function, at 50 ms
	for _, k := range []kind{{1, time.Millisecond}, {1, 50 * time.Millisecond}, {10, time.Millisecond}, {10, 50 * time.Millisecond}} {
		say("warm: %s", k)
		if err := b.take(list, aws, k); err != nil {
			return nil, err
		}
		if k.latency == 50*time.Millisecond && k.events == 1 {
			one = list[0].took
		} else if k.latency == 50*time.Millisecond {
			ten = list[0].took
		}
		tables = append(tables, warmTable(list, k))
	}
	last := &tables[len(tables)-1]
	last.Goals = append(last.Goals, measure.Goal{What: "ten events over one", Got: ten.Median() / one.Median(), Limit: 1.2})
	return tables, nil
}

// warmed is a program that stays alive.
type warmed struct {
	name      string
	p         *program.Program
	took, cpu measure.Series // ms an invocation, by round
	calls     float64        // to AWS, an invocation
}

func (b *bench) alive(aws *world.World) ([]*warmed, error) {
	var out []*warmed
	for _, name := range b.peers("s3-trigger", "anchor") {
		s, err := b.spec(name, functions[0], map[string]string{"AWS_ENDPOINT_URL": aws.URL})
		if err != nil {
			return out, err
		}
		p, err := program.Run(s)
		if err != nil {
			return out, err
		}
		out = append(out, &warmed{name: name, p: p})
	}
	return out, nil
}

// take warms all of them up, and then lets them take turns, event by event.
func (b *bench) take(list []*warmed, aws *world.World, k kind) error {
	payload, err := b.events(k.events)
	if err != nil {
		return err
	}
	aws.SetLatency(k.latency)
	for _, c := range list {
		c.took, c.cpu = nil, nil
	}
	each := max(1, min(20, 20*int(time.Millisecond)/int(k.latency)/k.events)) // invocations a round
	warmUp := max(3, 40/k.events)                                             // until the pace of calls has found the quota
	for range warmUp {
		if _, err := turn(list, aws, k, payload); err != nil {
			return err
		}
	}
	for _, c := range list {
		if c.calls != list[1].calls { // a function that does nothing is fast
			return fmt.Errorf("%s makes %v calls, and the anchor %v", c.name, c.calls, list[1].calls) //nolint:err113 // for a person
		}
	}
	for range b.rounds {
		if err := round(list, aws, k, payload, each); err != nil {
			return err
		}
	}
	return nil
}

// round is some turns of all, of which the median counts; the CPU time is that of all its invocations.
func round(list []*warmed, aws *world.World, k kind, payload []byte, each int) error {
	before := make([]time.Duration, len(list))
	for i, c := range list {
		var err error
		if before[i], err = c.p.CPU(); err != nil {
			return err
		}
	}
	times := make([]measure.Series, len(list))
	for range each {
		took, err := turn(list, aws, k, payload)
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
func turn(list []*warmed, aws *world.World, k kind, payload []byte) ([]time.Duration, error) {
	next := time.After(time.Duration(k.events) * gap)
	out := make([]time.Duration, len(list))
	for i, c := range list {
		calls := aws.Calls()
		took, answer, err := c.p.Invoke(payload)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		var failed struct{ BatchItemFailures []any }
		if err := json.Unmarshal(answer, &failed); c.name != "anchor" && (err != nil || len(failed.BatchItemFailures) > 0) {
			return nil, fmt.Errorf("%s gave messages back: %s", c.name, answer) //nolint:err113 // for a person
		}
		out[i], c.calls = took, float64(aws.Calls()-calls)
	}
	<-next
	return out, nil
}

// events is a batch of the launch queue, of different objects.
func (b *bench) events(n int) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(b.root, "events", "sqs-eventbridge-object-created.json"))
	if err != nil {
		return nil, err
	}
	var batch struct{ Records []map[string]any }
	if err := json.Unmarshal(text, &batch); err != nil {
		return nil, err
	}
	if len(batch.Records) != 1 {
		return nil, errors.New("the sample event has not one record")
	}
	var out struct{ Records []map[string]any }
	for i := range n {
		record := map[string]any{}
		for key, value := range batch.Records[0] {
			record[key] = value
		}
		var body map[string]any
		if err := json.Unmarshal([]byte(record["body"].(string)), &body); err != nil {
			return nil, err
		}
		body["detail"].(map[string]any)["object"].(map[string]any)["key"] = fmt.Sprintf("incoming/picture-%02d.jpg", i)
		body["detail"].(map[string]any)["bucket"].(map[string]any)["name"] = bucket
		changed, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		record["body"], record["messageId"] = string(changed), fmt.Sprintf("9f0e6d3a-0000-4000-8000-%012d", i)
		out.Records = append(out.Records, record)
	}
	return json.Marshal(out)
}

func warmTable(list []*warmed, k kind) measure.Table {
	own, anchor := list[0], list[1]
	t := measure.Table{
		Title:   "Warm s3-trigger: " + k.String(),
		Note:    "From the invocation to its answer. The anchor makes the same calls as plain POSTs; the time above it is the function's own.",
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
