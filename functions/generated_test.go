package functions_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/emulator"
	"slipway/internal/event"
)

// TestEventsThatSAMGenerates reads what `sam local generate-event` writes, as somebody who tries a function sends it.
func TestEventsThatSAMGenerates(t *testing.T) {
	body, err := json.Marshal(string(generate(t, "s3", "put", "--bucket", "acme-incoming", "--key", "a b+c.pdf")))
	if err != nil {
		t.Fatal(err)
	}
	object := strings.Trim(string(body), `"`) // SAM puts a body between quotes as it is
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"an object, whose key SAM encodes as S3 does": {[]string{"s3", "put", "--bucket", "acme-incoming", "--key", "a b+c.pdf"}, "objects: acme-incoming/a b+c.pdf"},
		"an object that was deleted":                  {[]string{"s3", "delete"}, "objects: none, 1 ignored"},
		"a message of SQS with an object inside":      {[]string{"sqs", "receive-message", "--body", object}, "batch of 1: objects: acme-incoming/a b+c.pdf"},
		"a message of SQS with no meaning":            {[]string{"sqs", "receive-message"}, "batch of 1: refused"},
		"a rule's schedule":                           {[]string{"cloudwatch", "scheduled-event"}, "tick"},
		"a notification of SNS by itself":             {[]string{"sns", "notification"}, "unknown"},
		"an event of another service":                 {[]string{"dynamodb", "update"}, "unknown"},
		"something that is no event of ours":          {[]string{"apigateway", "aws-proxy"}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := understood(generate(t, tc.args...)); !strings.HasPrefix(got, tc.want) {
				t.Errorf("understood as %q, want %q", got, tc.want)
			}
		})
	}
}

func generate(t *testing.T, args ...string) []byte {
	t.Helper()
	sam := cmp.Or(os.Getenv("SAM"), filepath.Join(emulator.Root(), ".tools", "sam", "bin", "sam"))
	cmd := exec.CommandContext(t.Context(), sam, append([]string{"local", "generate-event"}, args...)...) //nolint:gosec // the pinned SAM CLI
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sam local generate-event %v: %v", args, err)
	}
	return out
}

// understood is what the functions make of a payload.
func understood(payload []byte) string {
	if messages, ok := event.Batch(payload); ok {
		return fmt.Sprintf("batch of %d: %s", len(messages), understood([]byte(messages[0].Body)))
	}
	if !json.Valid(payload) {
		return "refused"
	}
	e, err := event.Decode(payload)
	switch e := e.(type) {
	case event.Objects:
		if len(e.Created) == 0 {
			return fmt.Sprintf("objects: none, %d ignored", e.Ignored)
		}
		return fmt.Sprintf("objects: %s/%s", e.Created[0].Object.Bucket, e.Created[0].Object.Key)
	case event.Unknown:
		if _, tick := event.ParseTick(payload); tick {
			return "tick"
		}
		return "unknown"
	}
	return fmt.Sprintf("refused: %v", err)
}
