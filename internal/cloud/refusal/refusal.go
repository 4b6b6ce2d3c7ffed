package refusal

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"slipway/internal/run"
)

// Codes are the error codes of a service that no retry can help, each with the stable reason that it is reported by.
// An error that has no code in it, such as a timeout, throttling or a server's fault, may pass.
type Codes map[string]string

// Of says what was being done, and decides on the kind of err. It returns nil for nil.
func Of(doing string, err error, permanent Codes) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	var api smithy.APIError
	if !errors.As(err, &api) {
		return &run.Error{Kind: run.Unavailable, Reason: "no-answer", Err: wrapped}
	}
	if reason, never := permanent[api.ErrorCode()]; never {
		return run.Never(reason, wrapped)
	}
	return &run.Error{Kind: run.Unavailable, Reason: api.ErrorCode(), Err: wrapped}
}
