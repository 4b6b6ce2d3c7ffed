package container_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"slipway/tasks/internal/container"
)

func api(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

func TestExitCodes(t *testing.T) {
	for name, tc := range map[string]struct {
		err     error
		stopped bool
		want    int
	}{
		"done":                                {nil, false, 0},
		"done although it was told to stop":   {nil, true, 0},
		"told to stop":                        {container.ErrStopped, true, 143},
		"an error while it was told to stop":  {errors.New("x"), true, 143},
		"an error":                            {errors.New("x"), false, 1},
		"no right":                            {api("AccessDenied"), false, 1},
		"wrong usage":                         {fmt.Errorf("x: %w", container.Usage("y")), false, 2},
		"throttled":                           {fmt.Errorf("x: %w", container.Explain(api("SlowDown"))), false, 75},
		"throttled by another name":           {api("ThrottlingException"), false, 75},
		"a timeout":                           {context.DeadlineExceeded, false, 75},
		"a connection that broke":             {&net.OpError{Op: "read", Err: io.ErrUnexpectedEOF}, false, 75},
		"an error that somebody called so":    {&container.Transient{Err: errors.New("x")}, false, 75},
		"data that ends early is no accident": {io.ErrUnexpectedEOF, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := container.ExitCode(tc.err, tc.stopped); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

func TestAnErrorIsOneCleanLine(t *testing.T) {
	var stderr strings.Builder
	work := func(context.Context, []string) error { return errors.New("a\nb\x1b[31m\u202ec") }
	if got := container.Run(t.Context(), "it", &stderr, time.Second, work); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
	if got := stderr.String(); got != "it: a b[31mc\n" {
		t.Errorf("got %q", got)
	}
}

func TestWorkThatDoesNotEndIsLeftAfterItsGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		release, began := make(chan struct{}), time.Now()
		time.AfterFunc(time.Minute, func() { cancel(container.ErrStopped) })
		got := container.Run(ctx, "it", io.Discard, 10*time.Second, func(context.Context, []string) error { <-release; return nil })
		if took := time.Since(began); got != 143 || took != 70*time.Second {
			t.Errorf("got %d after %v, want 143 after 70s", got, took)
		}
		close(release)
	})
}
