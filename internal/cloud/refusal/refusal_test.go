package refusal_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/smithy-go"

	"slipway/internal/cloud/refusal"
	"slipway/internal/run"
)

func TestOf(t *testing.T) {
	codes := refusal.Codes{"MessageRejected": "mail-refused"}
	for name, tc := range map[string]struct {
		err    error
		retry  bool
		reason string
	}{
		"a code of the table never passes": {&smithy.GenericAPIError{Code: "MessageRejected"}, false, "mail-refused"},
		"throttling passes":                {&smithy.GenericAPIError{Code: "ThrottlingException"}, true, "ThrottlingException"},
		"a code within other errors":       {&smithy.OperationError{Err: &smithy.GenericAPIError{Code: "MessageRejected"}}, false, "mail-refused"},
		"a timeout passes":                 {context.DeadlineExceeded, true, "no-answer"},
	} {
		t.Run(name, func(t *testing.T) {
			err := refusal.Of("send", tc.err, codes)
			if run.Retryable(err) != tc.retry || run.ReasonOf(err) != tc.reason || !errors.Is(err, tc.err) {
				t.Errorf("error = %v, retryable %v, reason %s", err, run.Retryable(err), run.ReasonOf(err))
			}
		})
	}
	if err := refusal.Of("send", nil, codes); err != nil {
		t.Errorf("error of nothing = %v", err)
	}
}
