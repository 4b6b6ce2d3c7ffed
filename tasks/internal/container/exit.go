package container

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The exit codes of the reference containers.
const (
	ExitDone    = 0
	ExitFailed  = 1   // the same input fails again
	ExitUsage   = 2   // the command line or the environment is wrong
	ExitRetry   = 75  // EX_TEMPFAIL of sysexits.h: the same input may succeed later
	ExitStopped = 143 // 128 + SIGTERM: told to stop before the work was done
)

// ErrStopped is the cause of a context that ended because the container was told to stop.
var ErrStopped = errors.New("told to stop")

// UsageError says that the command line or the environment is wrong.
type UsageError struct{ Problem string }

// Error is the problem.
func (e *UsageError) Error() string { return e.Problem }

// Usage makes a UsageError.
func Usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// Problems is a UsageError that names them all, or nil when there are none.
func Problems(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	texts := make([]string, len(problems))
	for i, err := range problems {
		texts[i] = err.Error()
	}
	return &UsageError{strings.Join(texts, "; ")}
}

// ExitCode is the exit code for the error that the work returned. Work that was done although the container was told
// to stop is done.
func ExitCode(err error, stopped bool) int {
	var usage *UsageError
	switch {
	case err == nil:
		return ExitDone
	case stopped:
		return ExitStopped
	case errors.As(err, &usage):
		return ExitUsage
	case Temporary(err):
		return ExitRetry
	}
	return ExitFailed
}

// Transient marks an error that may not happen again, such as a download that broke off.
type Transient struct{ Err error }

// Error is the message of the error inside.
func (e *Transient) Error() string { return e.Err.Error() }

// Unwrap returns the error inside.
func (e *Transient) Unwrap() error { return e.Err }

// Temporary reports whether the error may go away by itself: throttling, an answer of 5xx, a timeout, a broken
// connection. These are what the SDK itself repeats, with timeouts and broken downloads beside them.
func Temporary(err error) bool {
	var transient *Transient
	var network net.Error
	switch {
	case errors.As(err, &transient), errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return true
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return true
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// words are what the codes of S3 and SQS mean to the one who reads the task's log.
var words = map[string]string{
	"NoSuchKey":             "the object does not exist",
	"NotFound":              "the object does not exist",
	"NoSuchVersion":         "the object has no such version",
	"NoSuchBucket":          "the bucket does not exist",
	"MethodNotAllowed":      "the version is a delete marker",
	"InvalidObjectState":    "the object is archived and must be restored first",
	"AccessDenied":          "access denied; the task role needs the right",
	"AccessDeniedException": "access denied; the task role needs the right",
	"AWS.SimpleQueueService.NonExistentQueue": "the queue does not exist",
	"QueueDoesNotExist":                       "the queue does not exist",
}

// Explain shortens an error of AWS to what it means and its code, and one on the way to AWS to what happened. It leaves
// any other error as it is, and keeps err in the chain.
func Explain(err error) error {
	var api smithy.APIError
	var unsent *smithyhttp.RequestSendError
	switch {
	case errors.As(err, &unsent):
		return &explained{"no answer: " + unsent.Err.Error(), err}
	case !errors.As(err, &api):
		return err
	}
	text, ok := words[api.ErrorCode()]
	if !ok {
		text = api.ErrorMessage()
	}
	return &explained{fmt.Sprintf("%s (%s)", text, api.ErrorCode()), err}
}

type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }

// Line is an error as one line of a log, without characters that hide or reorder text.
func Line(err error) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, err.Error())
}
