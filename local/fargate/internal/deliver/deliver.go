package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/upstream"
)

// Bus is where rules and targets are.
type Bus interface {
	Rules(ctx context.Context) ([]upstream.Rule, error)
	Matches(ctx context.Context, pattern, event string) (bool, error)
	Send(ctx context.Context, queueARN, groupID, body string) error
	Invoke(ctx context.Context, functionARN, payload string) error
}

// lanes is how many events are delivered at once. Those of one resource share a lane, and stay in order.
const lanes = 8

// How often a delivery is tried, and how long the rules are believed.
const (
	tries    = 4
	between  = 500 * time.Millisecond
	rulesFor = 3 * time.Second
)

// Deliverer delivers events. Its zero value is not ready: use New.
type Deliverer struct {
	bus   Bus
	log   *slog.Logger
	lanes [lanes]*lane

	mu    sync.Mutex // protects following fields
	rules []upstream.Rule
	until time.Time
}

// New returns a deliverer, whose goroutines end with the context.
func New(ctx context.Context, bus Bus, log *slog.Logger) *Deliverer {
	d := &Deliverer{bus: bus, log: log}
	for i := range d.lanes {
		d.lanes[i] = &lane{ready: make(chan struct{}, 1)}
		go d.lanes[i].work(ctx, d.deliver)
	}
	return d
}

// Put takes an event and returns at once.
func (d *Deliverer) Put(e fake.Event) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.Join(e.Resources, " "))) // a hash takes everything
	d.lanes[h.Sum32()%lanes].put(e)
}

// lane is a queue without an end, worked on by one goroutine.
type lane struct {
	ready chan struct{}

	mu     sync.Mutex // protects following field
	events []fake.Event
}

func (l *lane) put(e fake.Event) {
	l.mu.Lock()
	l.events = append(l.events, e)
	l.mu.Unlock()
	select {
	case l.ready <- struct{}{}:
	default: // somebody has said so
	}
}

func (l *lane) work(ctx context.Context, deliver func(context.Context, fake.Event)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.ready:
		}
		l.mu.Lock()
		events := l.events
		l.events = nil
		l.mu.Unlock()
		for _, e := range events {
			deliver(ctx, e)
		}
	}
}

func (d *Deliverer) deliver(ctx context.Context, e fake.Event) {
	body, err := json.Marshal(e)
	if err != nil {
		d.log.ErrorContext(ctx, "event not encoded", "id", e.ID, "error", err)
		return
	}
	var rules []upstream.Rule
	if err := again(func() (err error) { rules, err = d.current(ctx); return err }); err != nil {
		d.log.ErrorContext(ctx, "rules not read", "id", e.ID, "error", err)
		return
	}
	for _, r := range rules {
		if !possible(r.Pattern, e) {
			continue
		}
		var matches bool
		if err := again(func() (err error) { matches, err = d.bus.Matches(ctx, r.Pattern, string(body)); return err }); err != nil {
			d.log.ErrorContext(ctx, "pattern not tested", "rule", r.Name, "error", err)
		}
		if !matches {
			continue
		}
		for _, t := range r.Targets {
			d.reach(ctx, r.Name, t, body, e)
		}
	}
}

// current are the rules, a few seconds old at most. When they cannot be read, the ones before are used.
func (d *Deliverer) current(ctx context.Context) ([]upstream.Rule, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().Before(d.until) {
		return d.rules, nil
	}
	rules, err := d.bus.Rules(ctx)
	if err != nil && d.rules == nil {
		return nil, err
	}
	if err == nil {
		d.rules = rules
	}
	d.until = time.Now().Add(rulesFor)
	return d.rules, nil
}

// possible sorts out patterns that ask for another source or detail type, which most do, without a call.
func possible(pattern string, e fake.Event) bool {
	var p struct {
		Source     []any `json:"source"`
		DetailType []any `json:"detail-type"`
	}
	if json.Unmarshal([]byte(pattern), &p) != nil {
		return true
	}
	return mayHold(p.Source, e.Source) && mayHold(p.DetailType, e.DetailType)
}

// mayHold reports whether a list of a pattern may match a text: it is absent, names it, or has more than texts.
func mayHold(list []any, text string) bool {
	return list == nil || slices.ContainsFunc(list, func(v any) bool {
		s, plain := v.(string)
		return !plain || s == text
	})
}

// again calls until there is no error, as often as a delivery is tried: giving up loses the event.
func again(call func() error) error {
	var err error
	for n := range tries {
		if n > 0 {
			time.Sleep(between << n) // the emulator is away: there is no clock to pass
		}
		if err = call(); err == nil {
			return nil
		}
	}
	return err
}

// reach delivers to one target, and to its dead letters when that fails again and again.
func (d *Deliverer) reach(ctx context.Context, rule string, t upstream.Target, body []byte, e fake.Event) {
	err := again(func() error { return d.send(ctx, t, input(t, body, e)) })
	if err == nil {
		return
	}
	d.log.ErrorContext(ctx, "event not delivered", "rule", rule, "target", t.ARN, "id", e.ID, "error", err)
	if t.DeadLetter.ARN != "" {
		if err := d.bus.Send(ctx, t.DeadLetter.ARN, "", string(body)); err != nil {
			d.log.ErrorContext(ctx, "dead letter not sent", "rule", rule, "error", err)
		}
	}
}

func (d *Deliverer) send(ctx context.Context, t upstream.Target, body string) error {
	switch {
	case strings.Contains(t.ARN, ":sqs:"):
		return d.bus.Send(ctx, t.ARN, t.SQS.MessageGroupID, body)
	case strings.Contains(t.ARN, ":lambda:"):
		return d.bus.Invoke(ctx, t.ARN, body)
	}
	return fmt.Errorf("deliver to %s: only queues and functions are targets here", t.ARN)
}

// input is what a target gets: a text of its own, the detail, or the event.
func input(t upstream.Target, body []byte, e fake.Event) string {
	switch {
	case t.Input != "":
		return t.Input
	case t.InputPath == "$.detail":
		return string(e.Detail)
	}
	return string(body)
}
