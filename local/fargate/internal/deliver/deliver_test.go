package deliver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/deliver"
	"slipway/local/fargate/internal/upstream"
)

// bus has the rules that it is given, and every pattern that is asked about matches.
type bus struct {
	rules []upstream.Rule
	down  string // an ARN that cannot be reached
	cut   int    // how many questions about patterns get no answer

	mu    sync.Mutex // protects following fields
	asked int
	sent  []string
}

func (b *bus) Rules(context.Context) ([]upstream.Rule, error) { return b.rules, nil }

func (b *bus) Matches(context.Context, string, string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.asked <= b.cut {
		return false, errors.New("connection reset")
	}
	return true, nil
}

func (b *bus) Send(_ context.Context, arn, _, body string) error {
	if arn == b.down {
		return errors.New("down")
	}
	var e fake.Event
	if json.Unmarshal([]byte(body), &e) == nil && e.ID != "" {
		body = e.ID
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, arn+" "+body)
	return nil
}

func (b *bus) Invoke(ctx context.Context, arn, payload string) error {
	return b.Send(ctx, arn, "", payload)
}

func event(id, task string) fake.Event {
	return fake.Event{ID: id, Source: "aws.ecs", DetailType: "ECS Task State Change", Resources: []string{task}, Detail: json.RawMessage(`{"a":1}`)}
}

const mine = `{"source":["aws.ecs"],"detail-type":["ECS Task State Change"]}`

func rule(pattern string, targets ...upstream.Target) upstream.Rule {
	return upstream.Rule{Name: "rule", State: "ENABLED", Pattern: pattern, Targets: targets}
}

func TestEventsReachTheTargetsOfTheirRules(t *testing.T) {
	dead := upstream.Target{ARN: "arn:aws:sqs:r:1:down"}
	dead.DeadLetter.ARN = "arn:aws:sqs:r:1:dead"
	for name, tc := range map[string]struct {
		rules []upstream.Rule
		want  []string
		asked int
	}{
		"a queue and a function": {
			[]upstream.Rule{rule(mine, upstream.Target{ARN: "arn:aws:sqs:r:1:q"}, upstream.Target{ARN: "arn:aws:lambda:r:1:function:f"})},
			[]string{"arn:aws:sqs:r:1:q 1", "arn:aws:lambda:r:1:function:f 1"},
			1,
		},
		"another source is not asked about":      {[]upstream.Rule{rule(`{"source":["aws.s3"]}`, upstream.Target{ARN: "arn:aws:sqs:r:1:q"})}, nil, 0},
		"another detail type is not asked about": {[]upstream.Rule{rule(`{"source":["aws.ecs"],"detail-type":["ECS Service Action"]}`, upstream.Target{ARN: "arn:aws:sqs:r:1:q"})}, nil, 0},
		"a prefix is asked about":                {[]upstream.Rule{rule(`{"source":[{"prefix":"aws."}]}`, upstream.Target{ARN: "arn:aws:sqs:r:1:q"})}, []string{"arn:aws:sqs:r:1:q 1"}, 1},
		"a text of its own": {
			[]upstream.Rule{rule(mine, upstream.Target{ARN: "arn:aws:sqs:r:1:q", Input: `"hello"`}, upstream.Target{ARN: "arn:aws:sqs:r:1:q", InputPath: "$.detail"})},
			[]string{`arn:aws:sqs:r:1:q "hello"`, `arn:aws:sqs:r:1:q {"a":1}`},
			1,
		},
		"a target that is away": {[]upstream.Rule{rule(mine, dead)}, []string{"arn:aws:sqs:r:1:dead 1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bus{rules: tc.rules, down: "arn:aws:sqs:r:1:down"}
				ctx, stop := context.WithCancel(t.Context())
				d := deliver.New(ctx, b, slog.New(slog.DiscardHandler))
				d.Put(event("1", "task"))
				settle()
				if !slices.Equal(b.sent, tc.want) || b.asked != tc.asked {
					t.Errorf("sent %q after %d questions, want %q after %d", b.sent, b.asked, tc.want, tc.asked)
				}
				stop()
			})
		})
	}
}

// TestAnEventOutlivesCutConnections: what is asked about its rules is asked again, as it is itself sent again.
func TestAnEventOutlivesCutConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bus{rules: []upstream.Rule{rule(mine, upstream.Target{ARN: "arn:aws:sqs:r:1:q"})}, cut: 2}
		ctx, stop := context.WithCancel(t.Context())
		deliver.New(ctx, b, slog.New(slog.DiscardHandler)).Put(event("1", "task"))
		settle()
		if want := []string{"arn:aws:sqs:r:1:q 1"}; !slices.Equal(b.sent, want) || b.asked != 3 {
			t.Errorf("sent %q after %d questions, want %q", b.sent, b.asked, want)
		}
		stop()
	})
}

func TestEventsOfOneTaskStayInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bus{rules: []upstream.Rule{rule(mine, upstream.Target{ARN: "arn:aws:sqs:r:1:q"})}}
		ctx, stop := context.WithCancel(t.Context())
		d := deliver.New(ctx, b, slog.New(slog.DiscardHandler))
		var want []string
		for i := range 200 {
			d.Put(event(fmt.Sprint(i+1), "task"))
			want = append(want, fmt.Sprintf("arn:aws:sqs:r:1:q %d", i+1))
		}
		settle()
		if !slices.Equal(b.sent, want) {
			t.Errorf("sent %q", b.sent)
		}
		stop()
	})
}

// settle lets every try be made.
func settle() {
	time.Sleep(time.Minute) // of the bubble's clock
	synctest.Wait()
}
