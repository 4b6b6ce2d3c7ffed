package sqs_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"slipway/internal/cloud/sqs"
)

// TestATraceIsHandedOn holds what no code of ours does: in Lambda the SDK sends the header of the trace with each call,
// and SQS keeps it with the message for whoever receives it.
func TestATraceIsHandedOn(t *testing.T) {
	const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	got := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("X-Amzn-Trace-Id")
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = w.Write([]byte(`{"MessageId":"m","MD5OfMessageBody":"b326b5062b2f0e69046810717534cb09"}`))
	}))
	defer server.Close()
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "lifecycle-notifier")
	t.Setenv("_X_AMZN_TRACE_ID", header)
	cfg := aws.Config{Region: "eu-north-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
	if err := sqs.New(cfg, &server.URL).Send(t.Context(), server.URL+"/queue", "true", nil); err != nil {
		t.Fatal(err)
	}
	if got != header {
		t.Errorf("X-Amzn-Trace-Id = %q, want %q", got, header)
	}
}
