package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway/internal/run"
)

func TestStart(t *testing.T) {
	s := newStack(t)
	out, _ := s.run(0, "start", "import", "--env", "TOKEN=hunter2=x", "--env", "EMPTY=")
	r := s.get(run.ID(strings.TrimSpace(out)))
	if r.State != run.Queued || r.Trigger != run.ByHand || len(r.Input.Environment) != 2 || r.Input.Environment[0].Value != "hunter2=x" {
		t.Errorf("got %+v", r)
	}
	if got := s.received("LaunchQueueUrl"); len(got) != 1 || !strings.Contains(got[0], `"job":"import"`) {
		t.Errorf("got messages %v, want one nudge", got)
	}
	again, _ := s.run(0, "start", "import")
	if again == out {
		t.Error("two runs by hand are one")
	}

	first, _ := s.run(0, "start", "report", "--key", "k")
	second, errs := s.run(0, "start", "report", "--key", "k")
	if first != second {
		t.Errorf("the same key gives %s and %s", first, second)
	}
	contains(t, errs, "was there already, and is queued")
	out, _ = s.run(0, "start", "import", "--env", "TOKEN=hunter2", "--json")
	contains(t, out, `"existed": false`, `"value": "(hidden)"`)

	_, errs = s.run(2, "start", "inport")
	contains(t, errs, "there is no job inport", "did you mean import?")
	for _, variable := range []string{"SLIPWAY_STACK=x", "S3_KEY=x", "A", "1A=x", "A-B=hunter2"} {
		_, errs := s.run(2, "start", "import", "--env", variable)
		contains(t, errs, "--env")
		if strings.Contains(errs, "hunter2") {
			t.Errorf("a value is in the error: %s", errs)
		}
	}
	s.run(2, "start", "import", "--env", "A=1", "--env", "A=2")
	_, errs = s.run(2, "start", "import", "--env", "A="+strings.Repeat("x", 9000))
	contains(t, errs, "8192")
}

func TestStartWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		outcome run.Outcome
		want    int
		says    string
	}{
		"for success": {run.Outcome{Class: "succeeded"}, 0, ""},
		"for failure": {run.Outcome{Class: "out-of-memory", Summary: "The container ran out of memory."}, 1, "The container ran out of memory"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t)
			id := run.ManualID("test", "import", "k")
			rounds := 0
			s.world.sleep = func(context.Context, time.Duration) error {
				s.now = s.now.Add(time.Second)
				if rounds++; rounds == 1 {
					s.claimed(s.get(id))
					return nil
				}
				r := s.get(id)
				n, err := r.End(tc.outcome, s.now, s.now)
				if err == nil {
					s.save(r, n)
				}
				return err
			}
			out, errs := s.run(tc.want, "start", "import", "--key", "k", "--wait")
			contains(t, out, string(id))
			contains(t, errs, "queued", "running", tc.says)
		})
	}
}

func TestStartThatIsNotWaitedForGoesOn(t *testing.T) {
	s := newStack(t)
	ctx, interrupt := context.WithCancel(t.Context())
	s.world.sleep = func(context.Context, time.Duration) error { interrupt(); return ctx.Err() }
	_, errs := s.runIn(ctx, 1, "start", "import", "--wait")
	contains(t, errs, "goes on without being waited for")
}

func TestRetry(t *testing.T) {
	s := newStack(t)
	failed, queued := s.failed(s.manual("failed")), s.manual("queued")
	out, _ := s.run(1, "retry", string(failed.ID), string(queued.ID), "import-nothing", "--dry-run")
	contains(t, out, string(failed.ID)+"  would be queued again", "would be queued again: 1 of 3 runs")
	if r := s.get(failed.ID); r.State != run.Failed {
		t.Errorf("a dry run has made it %s", r.State)
	}

	out, _ = s.run(1, "retry", string(failed.ID), string(queued.ID), "import-nothing", "--why", "disk was full", "--json")
	var answers []operated
	decode(t, out, &answers)
	if len(answers) != 3 || !answers[0].Done || answers[0].State != run.Queued || answers[0].Attempt != 2 {
		t.Fatalf("got %s", out)
	}
	contains(t, answers[1].Why, "it is queued", "nothing to retry")
	contains(t, answers[2].Why, "has no such run")
	r := s.get(failed.ID)
	contains(t, r.History[len(r.History)-1].Why, "retried: by arn:aws:", "disk was full")
	if got := s.received("LaunchQueueUrl"); len(got) != 1 {
		t.Errorf("got %d nudges, want 1", len(got))
	}

	s.write(strings.Replace(operatedFile, "import:", "inport:", 1))
	gone := s.failed(s.manual("gone"))
	for _, args := range [][]string{{"--dry-run"}, {}} {
		out, _ = s.run(1, append([]string{"retry", string(gone.ID)}, args...)...)
		contains(t, out, "it is failed, and its job import is no longer configured")
	}
	for _, args := range [][]string{{}, {"import-x", "--job", "import"}, {"--state", "running"}, {"import-x", "--why", strings.Repeat("x", 501)}} {
		s.run(2, append([]string{"retry"}, args...)...)
	}
}

func TestRetryOfMany(t *testing.T) {
	s := newStack(t)
	for i := range maxUnasked + 1 {
		r := s.manual(fmt.Sprint(i))
		n, err := r.End(run.Outcome{Class: "application-error"}, s.now, s.now)
		if err != nil {
			t.Fatal(err)
		}
		s.save(r, n)
	}
	s.manual("queued")
	_, errs := s.run(2, "retry", "--job", "import")
	contains(t, errs, "retry 101 runs", "--yes")
	s.world.terminal, s.world.in = true, strings.NewReader("n\n")
	_, errs = s.run(1, "retry", "--job", "import", "--since", "2h")
	contains(t, errs, "retry 101 runs. Go on?", "nothing more was changed")
	out, _ := s.run(0, "retry", "--job", "import", "--dry-run")
	contains(t, out, "would be queued again: 101 of 101 runs")
	s.world.in = strings.NewReader("yes\n")
	out, _ = s.run(0, "retry", "--state", "failed", "--since", "2h")
	contains(t, out, "queued again: 101 of 101 runs")
	out, _ = s.run(0, "retry", "--state", "failed", "--yes")
	contains(t, out, "queued again: 0 of 0 runs")
}

func TestCancel(t *testing.T) {
	s := newStack(t)
	queued, running, ended := s.manual("queued"), s.claimed(s.manual("running")), s.failed(s.manual("ended"))
	out, _ := s.run(1, "cancel", string(queued.ID), string(running.ID), string(ended.ID), "import-x", "--why", "by mistake")
	contains(t, out, string(queued.ID)+"  cancelled", string(running.ID)+"  its task is stopped within",
		string(ended.ID)+"  not done: it is failed", "import-x  not done: stack test has no such run", "cancelled: 2 of 4 runs")
	if r := s.get(running.ID); r.Wish != run.WishCancel || !strings.HasSuffix(r.WishWhy, ": by mistake") {
		t.Errorf("got wish %q, because %q", r.Wish, r.WishWhy)
	}
	if r := s.get(queued.ID); r.State != run.Cancelled {
		t.Errorf("a queued run is %s", r.State)
	}
	s.manual("another")
	s.run(2, "cancel", "--state", "failed")
	out, _ = s.run(0, "cancel", "--job", "import", "--state", "queued", "--dry-run")
	contains(t, out, "would be cancelled: 1 of 1 run")
	s.write("version: 7\n")
	s.run(1, "cancel", "--job", "import", "--state", "queued") // a file with mistakes is told of
}

func TestCancelOfABatchTakesItsObjects(t *testing.T) {
	s := newStack(t)
	s.jobs[0].Batch = &run.Batch{MaxObjects: 10}
	m := s.object(run.Object{Bucket: "uploads", Key: "incoming/a", VersionID: "1", Size: 3})
	out, _ := s.run(0, "cancel", "--job", "images")
	contains(t, out, string(m.Member)+"  cancelled", "cancelled: 1 of 1 run")
	if r := s.get(m.ID); r.State != run.Cancelled {
		t.Errorf("the object of a cancelled batch is %s", r.State)
	}

	m = s.object(run.Object{Bucket: "uploads", Key: "incoming/b", VersionID: "1", Size: 3})
	s.now = s.now.Add(run.DefaultMaxWait)
	s.claimed(s.get(m.Member))
	for _, args := range [][]string{{"--dry-run"}, {}} {
		out, _ = s.run(1, append([]string{"cancel", string(m.ID)}, args...)...)
		contains(t, out, "cancel the batch "+string(m.Member))
	}
}
