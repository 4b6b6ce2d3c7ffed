package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"slipway/internal/emulator"
	"slipway/internal/fake"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// behind is a ledger whose DynamoDB fails on request.
func behind(t *testing.T, fault func(operation string, n int) *fake.DynamoDBFault) (*ledger.Ledger, *fake.DynamoDB) {
	t.Helper()
	cfg, url := emulator.Config(t)
	cfg.Retryer = func() aws.Retryer { // as often as in a function, but at once
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	proxy := &fake.DynamoDB{Endpoint: *url, Fault: fault}
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a connection that is cut on purpose is no news
	server.Start()
	t.Cleanup(server.Close)
	l := ledger.New(cfg, &server.URL, emulator.Table(t.Context(), t))
	l.SetSleep(func(context.Context, time.Duration) error { return nil })
	return l, proxy
}

// canceled is a transaction that others are in the way of, by position.
func canceled(reasons ...string) *fake.DynamoDBFault {
	return &fake.DynamoDBFault{Code: "TransactionCanceledException", Reasons: reasons}
}

// for the first n calls of an operation.
func first(n int, operation string, f *fake.DynamoDBFault) func(string, int) *fake.DynamoDBFault {
	return func(o string, call int) *fake.DynamoDBFault {
		if o == operation && call <= n {
			return f
		}
		return nil
	}
}

// TestAWriteHappensOnceWhateverGoesWrong writes two runs with a slot each, and one run without.
func TestAWriteHappensOnceWhateverGoesWrong(t *testing.T) {
	const transact, put = "TransactWriteItems", "PutItem"
	for name, fault := range map[string]func(string, int) *fake.DynamoDBFault{
		"others hold the first run":              first(1, transact, canceled("TransactionConflict")),
		"others hold the second run":             first(1, transact, canceled("None", "TransactionConflict")),
		"others hold the counter":                first(1, transact, canceled("None", "None", "TransactionConflict")),
		"others hold all of it, seven times":     first(7, transact, canceled("TransactionConflict", "TransactionConflict", "TransactionConflict")),
		"the counter is throttled":               first(1, transact, canceled("None", "None", "ThrottlingError")),
		"the transaction is throttled":           first(1, transact, &fake.DynamoDBFault{Code: "ThrottlingException"}),
		"the transaction meets a server error":   first(1, transact, &fake.DynamoDBFault{Code: "InternalServerError", Status: 500}),
		"the transaction's answer is lost":       first(1, transact, &fake.DynamoDBFault{Afterwards: true}),
		"the transaction's answer is lost twice": first(2, transact, &fake.DynamoDBFault{Afterwards: true}),
		"it is done, and a server error says no": first(1, transact, &fake.DynamoDBFault{Code: "InternalServerError", Status: 500, Afterwards: true}),
		"the single write is throttled":          first(1, put, &fake.DynamoDBFault{Code: "ThrottlingException"}),
		"the single write meets a server error":  first(1, put, &fake.DynamoDBFault{Code: "InternalServerError", Status: 500}),
		"the single write's answer is lost":      first(1, put, &fake.DynamoDBFault{Afterwards: true}),
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := behind(t, fault)
			var changes []run.Change
			for _, id := range []string{"a", "b"} {
				changes = append(changes, run.ChangeOf(newRun(id), claimed(t, newRun(id), true)))
			}
			for _, w := range []run.Write{{Job: "images", Max: 2, Changes: changes}, {Job: "images", Max: 2, Changes: []run.Change{{Run: newRun("c")}}}} {
				if err := l.Write(t.Context(), w); err != nil {
					t.Fatalf("write %d runs: %v", len(w.Changes), err)
				}
			}
			for _, id := range []string{"a", "b", "c"} {
				if r := stored(t.Context(), t, l, id); r.Revision != 1 {
					t.Errorf("run %s is at revision %d, want 1", id, r.Revision)
				}
			}
			if states, err := l.Jobs(t.Context()); err != nil || len(states) != 1 || states[0].Active != 2 {
				t.Errorf("jobs = %+v, %v, want two active runs counted once", states, err)
			}
		})
	}
}

// TestAFaultThatStaysIsToldOf says what the caller sees when the tries do not help, and that it may write again.
func TestAFaultThatStaysIsToldOf(t *testing.T) {
	for name, tc := range map[string]struct {
		fault *fake.DynamoDBFault
		there bool // the write has happened
	}{
		"others hold the items":     {canceled("TransactionConflict", "None"), false},
		"the transaction throttles": {&fake.DynamoDBFault{Code: "ThrottlingException"}, false},
		"the server fails":          {&fake.DynamoDBFault{Code: "InternalServerError", Status: 500}, false},
		"no answer ever comes":      {&fake.DynamoDBFault{}, false},
		"each answer is lost":       {&fake.DynamoDBFault{Afterwards: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var bad atomic.Bool // the server may still be at a call whose connection was cut
			bad.Store(true)
			l, proxy := behind(t, func(operation string, _ int) *fake.DynamoDBFault {
				if bad.Load() && operation == "TransactWriteItems" {
					return tc.fault
				}
				return nil
			})
			w := run.Write{Job: "images", Max: 1, Changes: []run.Change{run.ChangeOf(newRun("a"), claimed(t, newRun("a"), true))}}
			err := l.Write(t.Context(), w)
			var c *run.Conflict
			switch {
			case tc.there && err == nil: // its own write was found
			case err == nil || errors.As(err, &c) || !run.Retryable(err):
				t.Errorf("error = %v, want one that is worth another try and no conflict", err)
			}
			if n := proxy.Calls("TransactWriteItems"); n < 2 || n > 30 {
				t.Errorf("it was tried %d times, want a few", n)
			}
			if _, err := l.Run(t.Context(), "a"); errors.Is(err, run.ErrNotFound) == tc.there {
				t.Errorf("the run: %v, want it there: %t", err, tc.there)
			}
			bad.Store(false)
			if err := l.Write(t.Context(), w); err != nil {
				t.Errorf("written again: %v", err)
			}
			if states, err := l.Jobs(t.Context()); err != nil || len(states) != 1 || states[0].Active != 1 {
				t.Errorf("jobs = %+v, %v, want one active run", states, err)
			}
		})
	}
}

// TestASingleWriteBesideATransactionIsWorthAnotherTry is a PutItem that meets an item of a transaction under way.
func TestASingleWriteBesideATransactionIsWorthAnotherTry(t *testing.T) {
	l, _ := behind(t, first(1, "PutItem", &fake.DynamoDBFault{Code: "TransactionConflictException"}))
	w := run.Write{Job: "images", Changes: []run.Change{{Run: newRun("a")}}}
	for range 2 { // and once more, as by one whose answer was lost
		if err := l.Write(t.Context(), w); err != nil {
			t.Fatalf("error = %v, want it written at another try", err)
		}
	}
	if r := stored(t.Context(), t, l, "a"); r.Revision != 1 {
		t.Errorf("revision = %d, want 1", r.Revision)
	}
}

// TestReadsThatFailAreErrors lets each read fail for good.
func TestReadsThatFailAreErrors(t *testing.T) {
	for _, code := range []string{"ThrottlingException", "InternalServerError", ""} {
		t.Run(fmt.Sprintf("%q", code), func(t *testing.T) {
			l, _ := behind(t, func(string, int) *fake.DynamoDBFault { return &fake.DynamoDBFault{Code: code, Status: 500} })
			if _, err := l.Run(t.Context(), "a"); err == nil || errors.Is(err, run.ErrNotFound) || !run.Retryable(err) {
				t.Errorf("a run: %v, want an error that is worth another try", err)
			}
			if list, err := l.Watched(t.Context(), noon, 1); err == nil || len(list) != 0 {
				t.Errorf("watched = %v, %v, want an error", list, err)
			}
		})
	}
}
