package main

import (
	"fmt"
	"strings"
	"testing"

	"slipway/internal/cloud/sqs"
)

const uploaded = `{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"uploads"},"object":{"key":"incoming/%d","size":1}}}`

// bury puts a dead letter into a queue; without a reason as SQS itself does.
func (s *stackSession) bury(queue, body, reason string) {
	s.t.Helper()
	url, adapter := s.env["SLIPWAY_"+queue], sqs.New(s.cfg, s.cfg.BaseEndpoint)
	var err error
	if reason == "" {
		err = adapter.Send(s.t.Context(), url, body, nil)
	} else {
		err = adapter.SendDeadLetter(s.t.Context(), url, sqs.DeadLetter{Body: body, Reason: reason, Detail: "a bad\nkey", Function: "s3-trigger", Receives: 2})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stackSession) letters(args ...string) letters {
	s.t.Helper()
	out, _ := s.run(0, append([]string{"dead-letters", "--json"}, args...)...)
	var l letters
	decode(s.t, out, &l)
	return l
}

func TestDeadLettersAreReadAndStay(t *testing.T) {
	s := newStack(t)
	out, _ := s.run(0, "dead-letters")
	contains(t, out, "There are no dead letters")
	const want = 13
	for range want - 1 {
		s.bury("LaunchDeadLetterQueueUrl", strings.ReplaceAll(uploaded, "%d", "a"), "key-encoding")
	}
	s.bury("LifecycleDeadLetterQueueUrl", "no JSON", "")
	for range 2 { // what was read is there again at once
		l := s.letters()
		if len(l.DeadLetters) != want || l.Partial {
			t.Fatalf("got %d dead letters, partial: %v", len(l.DeadLetters), l.Partial)
		}
		if m := l.DeadLetters[0]; m.Reason != "key-encoding" || m.Function != "s3-trigger" || m.Receives != "2" || m.About != "s3://uploads/incoming/a" || m.Body != "" {
			t.Errorf("got %+v", m)
		}
		if m := l.DeadLetters[want-1]; m.Reason != "crashed or timed out" || m.About != "no event" {
			t.Errorf("got %+v", m)
		}
	}
	if l := s.letters("--limit", "3"); len(l.DeadLetters) != 3 || !l.Partial {
		t.Errorf("with a limit, got %d, partial: %v", len(l.DeadLetters), l.Partial)
	}

	id := s.letters().DeadLetters[0].ID
	out, _ = s.run(0, "dead-letters", "show", id)
	contains(t, out, "reason    key-encoding", "detail    a bad key", `"detail-type": "Object Created"`)
	_, errs := s.run(1, "dead-letters", "show", "nothing")
	contains(t, errs, "no dead letter nothing was found")
	if n := len(s.letters().DeadLetters); n != want {
		t.Errorf("after all that there are %d", n)
	}
}

func TestRedriveSendsTheBodyAlone(t *testing.T) {
	s := newStack(t)
	for i, reason := range []string{"unknown-job", "unknown-job", "key-encoding", ""} {
		s.bury("LaunchDeadLetterQueueUrl", fmt.Sprintf(`{"as":"it was","number":%d}`, i), reason)
	}
	s.bury("LifecycleDeadLetterQueueUrl", `{"of":"ECS"}`, "")
	out, _ := s.run(0, "dead-letters", "redrive", "--all", "--reason", "unknown-job", "--dry-run")
	contains(t, out, "would be sent: 2 of 2 dead letters")
	out, _ = s.run(0, "dead-letters", "redrive", "--all", "--reason", "unknown-job")
	contains(t, out, "sent: 2 of 2 dead letters")
	if got := s.received("LaunchQueueUrl"); len(got) != 2 || !strings.HasPrefix(got[0], `{"as":"it was"`) {
		t.Errorf("got %v after %s", got, out)
	}
	l := s.letters()
	if len(l.DeadLetters) != 3 {
		t.Fatalf("got %d left, want 3", len(l.DeadLetters))
	}
	out, _ = s.run(1, "dead-letters", "redrive", l.DeadLetters[2].ID, "nothing", "--json")
	var answers []redriven
	decode(t, out, &answers)
	if len(answers) != 2 || !answers[0].Done || answers[1].Done || answers[1].Why == "" {
		t.Errorf("got %s", out)
	}
	if got := s.received("LifecycleQueueUrl"); len(got) != 1 || got[0] != `{"of":"ECS"}` {
		t.Errorf("got %v", got)
	}
	s.run(0, "dead-letters", "redrive", "--all")
	if n := len(s.letters().DeadLetters); n != 0 {
		t.Errorf("got %d left", n)
	}
	s.run(2, "dead-letters", "redrive")
	s.run(2, "dead-letters", "redrive", "id", "--all")
	s.run(2, "dead-letters", "redrive", "id", "--reason", "x")
}

func TestDeadLettersOfAnotherQueue(t *testing.T) {
	s := newStack(t)
	s.env["SLIPWAY_MineUrl"] = s.queue("MineUrl")
	s.bury("MineUrl", "work", "")
	url := s.env["SLIPWAY_MineUrl"]
	if l := s.letters("--queue", url); len(l.DeadLetters) != 1 || l.DeadLetters[0].Queue != url {
		t.Errorf("got %+v", l)
	}
	_, errs := s.run(2, "dead-letters", "redrive", "--all", "--queue", url)
	contains(t, errs, "--to URL")
	s.run(0, "dead-letters", "redrive", "--all", "--queue", url, "--to", s.env["SLIPWAY_LaunchQueueUrl"])
	if got := s.received("LaunchQueueUrl"); len(got) != 1 || got[0] != "work" {
		t.Errorf("got %v", got)
	}
	_, errs = s.run(3, "dead-letters", "--queue", url+"-gone")
	contains(t, errs, "not there")
}

func TestRedriveOfManyAsksAndLosesNothing(t *testing.T) {
	s := newStack(t)
	for range maxUnasked + 1 {
		s.bury("LaunchDeadLetterQueueUrl", "x", "")
	}
	told, _ := s.run(2, "dead-letters", "redrive", "--all")
	if got, want := s.held("LaunchDeadLetterQueueUrl"), 1; got != want {
		t.Errorf("got %d messages left, want %d, the one that was asked about, after\n%s", got, want, told)
	}
}

// held is how many messages a queue can give.
func (s *stackSession) held(queue string) int {
	s.t.Helper()
	depth, err := sqs.New(s.cfg, s.cfg.BaseEndpoint).Depth(s.t.Context(), s.env["SLIPWAY_"+queue])
	if err != nil {
		s.t.Fatal(err)
	}
	return depth.Visible
}
