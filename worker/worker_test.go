package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"slipway/worker"
)

// bench runs a worker within a bubble, where time passes only while everybody waits.
type bench struct {
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error
	began  time.Time
}

func run(t *testing.T, o worker.Options) *bench {
	t.Helper()
	if o.URL == "" {
		o.URL = "https://sqs/queue"
	}
	if o.Protection == nil {
		o.Protection = worker.Unprotected
	}
	o.Log = slog.New(slog.DiscardHandler)
	w, err := worker.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b := &bench{t, cancel, make(chan error, 1), time.Now()}
	go func() { b.ended <- w.Run(ctx) }()
	return b
}

// after lets time pass.
func (b *bench) after(d time.Duration) {
	time.Sleep(d) // of the bubble's clock
	synctest.Wait()
}

// stop tells the worker to stop, and returns how long it took and what Run returned.
func (b *bench) stop() (time.Duration, error) {
	asked := time.Now()
	b.cancel()
	err := <-b.ended
	return time.Since(asked), err
}

// takes is a handler that takes so long, and ends early with its context.
func takes(d time.Duration) worker.Handler {
	return func(ctx context.Context, _ worker.Message) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func TestItEmptiesAQueueManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := newQueue(slices.Repeat([]string{"x"}, 100)...), &log{}
		b := run(t, worker.Options{Queue: q, Concurrency: 25, Handle: func(ctx context.Context, m worker.Message) error {
			defer l.enter()()
			return takes(10*time.Second)(ctx, m)
		}})
		b.after(41 * time.Second)
		if _, _, deleted := q.left(); deleted != 100 || l.most != 25 {
			t.Errorf("got %d deleted with %d at once, want 100 with 25", deleted, l.most)
		}
		if _, err := b.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAMessageInWorkStaysInvisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue("long")
		fails := 0
		q.changeFails = func() error { // every second extension is lost
			if fails++; fails%2 == 0 {
				return errors.New("lost")
			}
			return nil
		}
		first := run(t, worker.Options{Queue: q, Handle: takes(6 * time.Hour)})
		second := run(t, worker.Options{Queue: q, Handle: takes(time.Second)})
		first.after(7 * time.Hour)
		if m := q.find("long"); m.receives != 1 || !m.deleted {
			t.Errorf("got %d receipts, deleted %v; want one, and deleted", m.receives, m.deleted)
		}
		_, _ = first.stop()
		_, _ = second.stop()
	})
}

func TestAHandlerLearnsThatItsMessageIsLost(t *testing.T) {
	for name, tc := range map[string]struct {
		lost  func() error
		after time.Duration
	}{
		"because no extension arrives":         {func() error { return errors.New("unreachable") }, time.Minute},
		"because twelve hours are the longest": {nil, 12 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue("x")
				q.changeFails = tc.lost
				causes, l := make(chan error, 10), &log{}
				hooks := worker.Hooks{
					Returned: func(worker.Message, error) { l.add("given back") },
					Extended: func(_ worker.Message, err error) {
						if err != nil && tc.lost == nil {
							l.add("refused: %v", err)
						}
					},
				}
				b := run(t, worker.Options{Queue: q, Concurrency: 1, Hooks: hooks, Handle: func(ctx context.Context, m worker.Message) error {
					if m.Receives > 1 {
						return nil
					}
					<-ctx.Done()
					causes <- context.Cause(ctx)
					return context.Cause(ctx)
				}})
				b.after(tc.after - 30*time.Second)
				if len(causes) != 0 {
					t.Errorf("got %v too early", <-causes)
				}
				b.after(2 * time.Minute)
				if got := <-causes; !errors.Is(got, worker.ErrLost) {
					t.Errorf("got %v, want ErrLost", got)
				}
				if m := q.find("x"); !m.deleted || m.receives != 2 {
					t.Errorf("got %+v, want the second receipt to be the last", m)
				}
				if len(l.all()) != 0 {
					t.Errorf("got %v of a message that may be somebody else's", l.all())
				}
				_, _ = b.stop()
			})
		})
	}
}

func TestAMessageThatFailsComesAgainAndIsNeverDeleted(t *testing.T) {
	for name, handle := range map[string]worker.Handler{
		"by an error": func(context.Context, worker.Message) error { return errors.New("no") },
		"by a panic":  func(context.Context, worker.Message) error { panic("no") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue("poison")
				b := run(t, worker.Options{Queue: q, Handle: handle})
				b.after(time.Minute)
				m := q.find("poison")
				var waits []time.Duration
				for i := 1; i < min(6, len(m.received)); i++ {
					waits = append(waits, m.received[i].Sub(m.received[i-1]))
				}
				want := "[1s 2s 4s 8s 16s]"
				if got := fmt.Sprint(waits); got != want || m.deleted {
					t.Errorf("got waits %s, deleted %v; want %s", got, m.deleted, want)
				}
				_, _ = b.stop()
			})
		})
	}
}

func TestFIFOKeepsTheOrderOfAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := newQueue(), &log{}
		q.fifo = true
		q.send("a", "a1", "a2", "a3")
		q.send("b", "b1", "b2")
		b := run(t, worker.Options{Queue: q, URL: "https://sqs/queue.fifo", Handle: func(ctx context.Context, m worker.Message) error {
			l.add("%s", m.Body)
			if m.Body == "a2" && m.Receives < 3 {
				return errors.New("not yet")
			}
			return takes(2*time.Second)(ctx, m)
		}})
		b.after(time.Minute)
		order := map[string]string{}
		for _, body := range l.all() {
			order[body[:1]] += body + " "
		}
		if order["a"] != "a1 a2 a2 a2 a3 " || order["b"] != "b1 b2 " {
			t.Errorf("got %v", l.all())
		}
		if _, _, deleted := q.left(); deleted != 5 {
			t.Errorf("got %d deleted, want 5", deleted)
		}
		_, _ = b.stop()
	})
}

func TestGroupsOfAQueueWithoutOrderAreWorkedOnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		q.send("tenant", "1", "2", "3", "4")
		b := run(t, worker.Options{Queue: q, Handle: takes(10 * time.Second)})
		b.after(11 * time.Second)
		if _, _, deleted := q.left(); deleted != 4 {
			t.Errorf("got %d deleted after the time of one, want 4", deleted)
		}
		_, _ = b.stop()
	})
}

func TestStopping(t *testing.T) {
	for name, tc := range map[string]struct {
		work                     time.Duration
		took                     time.Duration
		visible, hidden, deleted int
	}{
		"finishes what it can":             {work: 12 * time.Second, took: 11 * time.Second, deleted: 10},
		"gives back what takes too long":   {work: time.Hour, took: 25 * time.Second, visible: 10},
		"ends with the poll that is empty": {work: time.Millisecond, took: 9 * time.Second, deleted: 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue(slices.Repeat([]string{"x"}, 10)...)
				b := run(t, worker.Options{Queue: q, Concurrency: 20, Handle: takes(tc.work)})
				b.after(time.Second)
				took, err := b.stop()
				if err != nil || took.Round(time.Second) != tc.took {
					t.Errorf("got %v after %v, want nil after %v", err, took, tc.took)
				}
				visible, hidden, deleted := q.left()
				if visible != tc.visible || hidden != tc.hidden || deleted != tc.deleted {
					t.Errorf("got %d visible, %d hidden, %d deleted; want %+v", visible, hidden, deleted, tc)
				}
			})
		})
	}
}

func TestWhatComesAfterTheSignalGoesBackUnworked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := newQueue(), &log{}
		b := run(t, worker.Options{Queue: q, Handle: func(context.Context, worker.Message) error { l.add("worked"); return nil }})
		b.after(time.Second) // the poll is under way
		b.cancel()
		synctest.Wait()
		q.send("", "late")
		if err := <-b.ended; err != nil {
			t.Error(err)
		}
		if visible, _, _ := q.left(); visible != 1 || len(l.all()) != 0 {
			t.Errorf("got %d visible and %v, want it back", visible, l.all())
		}
	})
}

func TestAHandlerThatDoesNotEndIsSaidSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := run(t, worker.Options{Queue: newQueue("x"), Handle: func(context.Context, worker.Message) error { <-release; return nil }})
		b.after(time.Second)
		took, err := b.stop()
		if !errors.Is(err, worker.ErrUnfinished) || took != 28*time.Second {
			t.Errorf("got %v after %v, want ErrUnfinished after 28s", err, took)
		}
		close(release)
	})
}

func TestNothingIsReceivedWithoutProtection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, k := newQueue("x"), &task{refuse: errors.New("DEPLOYMENT_BLOCKED")}
		q.before = func() {
			if !k.protected() {
				t.Error("received without protection")
			}
		}
		b := run(t, worker.Options{Queue: q, Handle: takes(time.Second), Protection: k})
		b.after(5 * time.Minute)
		if q.polls != 0 {
			t.Errorf("got %d polls, want none", q.polls)
		}
		k.set(nil)
		b.after(30 * time.Second)
		if _, _, deleted := q.left(); deleted != 1 {
			t.Error("it did not go on when it was protected")
		}
		_, _ = b.stop()
		if k.protected() {
			t.Error("it ended protected")
		}
	})
}

func TestProtectionIsRenewedWhileThereIsWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, k := newQueue("long"), &task{}
		b := run(t, worker.Options{Queue: q, Handle: takes(3 * time.Hour), Protection: k})
		for range 3*60 - 1 {
			b.after(time.Minute)
			if !k.protected() {
				t.Fatalf("unprotected after %v of work", time.Since(b.began))
			}
		}
		protects, _ := k.counts()
		if protects > 30 {
			t.Errorf("got %d requests in three hours, want one for each half of 15 minutes", protects)
		}
		b.after(2 * time.Minute)
		if _, releases := k.counts(); releases == 0 {
			t.Error("it was not released when the work was done")
		}
		_, _ = b.stop()
	})
}

func TestItReceivesNothingMoreWhenProtectionCannotBeRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, k := newQueue("long"), &task{}
		b := run(t, worker.Options{Queue: q, Handle: takes(2 * time.Hour), Protection: k})
		b.after(time.Minute)
		k.set(errors.New("unreachable"))
		b.after(10 * time.Minute)
		q.send("", "second")
		b.after(time.Hour)
		if m := q.find("second"); m.receives != 0 {
			t.Error("it received without knowing that it is protected")
		}
		k.set(nil)
		b.after(time.Minute)
		if m := q.find("second"); m.receives != 1 {
			t.Error("it did not go on")
		}
		_, _ = b.stop()
		if k.protected() {
			t.Error("it ended protected")
		}
	})
}

func TestAnExtensionOnItsWayDoesNotUndoThatAMessageWasGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, slow := newQueue("x"), true
		q.changeFails = func() error {
			if slow {
				slow = false
				time.Sleep(2 * time.Second) // of the bubble's clock: the way to SQS is long
			}
			return nil
		}
		fiveSeconds := func(worker.Message) time.Duration { return 5 * time.Second }
		b := run(t, worker.Options{Queue: q, RetryAfter: fiveSeconds, Handle: func(ctx context.Context, m worker.Message) error {
			return errors.Join(takes(20*time.Second+time.Second/2)(ctx, m), errors.New("no"))
		}})
		b.after(30 * time.Second)
		if m := q.find("x"); m.receives != 2 {
			t.Errorf("got %d receipts, want the message to come again after five seconds", m.receives)
		}
		_, _ = b.stop()
	})
}

func TestAnIdleWorkerLetsGoOfItsProtection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, k := newQueue(), &task{}
		b := run(t, worker.Options{Queue: q, Handle: takes(time.Second), Protection: k})
		unprotected := 0
		for range 10 * 60 {
			b.after(time.Second)
			if !k.protected() {
				unprotected++
			}
		}
		if protects, releases := k.counts(); releases < protects-1 || unprotected < 150 {
			t.Errorf("got %d protected, %d released, %d s unprotected in ten minutes; want a third", protects, releases, unprotected)
		}
		_, _ = b.stop()
	})
}

func TestTrouble(t *testing.T) {
	api := func(code string) error { return &smithy.GenericAPIError{Code: code} }
	for name, tc := range map[string]struct {
		err  error
		ends bool
	}{
		"throttled":                 {api("ThrottlingException"), false},
		"unreachable":               {errors.New("connection refused"), false},
		"a queue that is not there": {api("AWS.SimpleQueueService.NonExistentQueue"), true},
		"no right":                  {api("AccessDenied"), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newQueue("x")
				var broken atomic.Bool
				broken.Store(true)
				q.receiveFails = func() error {
					if broken.Load() {
						return tc.err
					}
					return nil
				}
				b := run(t, worker.Options{Queue: q, Handle: takes(time.Second)})
				b.after(time.Minute)
				if ended := len(b.ended) > 0; ended != tc.ends {
					t.Fatalf("got an end: %v, want %v", ended, tc.ends)
				}
				if tc.ends {
					if err := <-b.ended; !errors.Is(err, tc.err) {
						t.Errorf("got %v", err)
					}
					return
				}
				broken.Store(false)
				b.after(30 * time.Second)
				if _, _, deleted := q.left(); deleted != 1 {
					t.Error("it did not go on")
				}
				_, _ = b.stop()
			})
		})
	}
}

func TestFIFOGivesTheRestBackWhenADeletionIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l, lost := newQueue(), &log{}, true
		q.fifo = true
		q.deleteFails = func() error {
			if lost {
				lost = false
				return errors.New("lost")
			}
			return nil
		}
		q.send("a", "a1", "a2")
		b := run(t, worker.Options{Queue: q, URL: "https://sqs/queue.fifo", Handle: func(_ context.Context, m worker.Message) error { l.add("%s", m.Body); return nil }})
		b.after(5 * time.Minute)
		if got := strings.Join(l.all(), " "); got != "a1 a1 a2" {
			t.Errorf("got %s, want the order kept", got)
		}
		_, _ = b.stop()
	})
}

func TestHooksSeeEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{}
		note := func(what string) func(worker.Message, error) {
			return func(m worker.Message, err error) { l.add("%s %s %v", what, m.Body, err) }
		}
		q := newQueue("good", "bad")
		b := run(t, worker.Options{
			Queue: q, Concurrency: 2, Protection: &task{},
			Handle: func(ctx context.Context, m worker.Message) error {
				if m.Body == "bad" && m.Receives == 1 {
					return errors.New("no")
				}
				return takes(25*time.Second)(ctx, m)
			},
			Hooks: worker.Hooks{
				Polled:   func(n int, err error) { l.add("polled %d %v", n, err) },
				Finished: func(m worker.Message, took time.Duration, err error) { l.add("finished %s %v %v", m.Body, took, err) },
				Deleted:  note("deleted"), Extended: note("extended"), Returned: note("returned"),
				Protected: func(on bool, err error) { l.add("protected %v %v", on, err) },
			},
		})
		b.after(2 * time.Minute)
		_, _ = b.stop()
		for _, want := range []string{
			"polled 2 <nil>", "polled 0 <nil>", "finished bad 0s no", "returned bad <nil>", "finished good 25s <nil>",
			"deleted good <nil>", "deleted bad <nil>", "extended good <nil>", "protected true <nil>", "protected false <nil>",
		} {
			if !slices.Contains(l.all(), want) {
				t.Errorf("no %q in %q", want, l.all())
			}
		}
	})
}

func TestWrongOptionsAreAllNamed(t *testing.T) {
	_, err := worker.New(worker.Options{Concurrency: -1, Visibility: time.Second, Wait: time.Minute, Rest: -1, StopTimeout: -1, ProtectFor: time.Second})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, name := range []string{"Queue", "URL", "Handle", "Concurrency", "Visibility", "Wait", "Rest", "StopTimeout", "ProtectFor"} {
		if !strings.Contains(err.Error(), name+" is ") {
			t.Errorf("got %q, want it to name %s", err, name)
		}
	}
}
