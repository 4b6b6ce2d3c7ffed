package event

import (
	"errors"
	"fmt"

	"slipway/internal/run"
)

// The reasons why an event is of no use and never will be. They are written on dead letters.
const (
	NotJSON       = "not-json"       // the text is not JSON, or JSON that is not UTF-8
	WrongShape    = "wrong-shape"    // JSON, but not the event that it says it is, or no event at all
	MissingBucket = "missing-bucket" // an object without a bucket
	MissingKey    = "missing-key"    // an object without a key
	KeyTooLong    = "key-too-long"   // more than MaxKey bytes
	KeyEncoding   = "key-encoding"   // the key cannot be decoded, or holds what no environment variable can
	SizeNegative  = "size-negative"  // an object of less than nothing
	MissingTask   = "missing-task"   // a task's change without the task or its status
	MissingName   = "missing-name"   // a service's, deployment's or instance's change that does not say whose or which
	MissingJob    = "missing-job"    // a nudge without a job
)

// refuse is an error that no retry can help. Its text is bounded: encoding/json repeats what it cannot read.
func refuse(reason, format string, args ...any) error {
	err := fmt.Errorf("decode event: "+format, args...)
	if text := err.Error(); len(text) > maxError {
		err = errors.New(clip(text, maxError))
	}
	return run.Never(reason, err)
}

// maxError is how many bytes the text of an error may have.
const maxError = 1000
