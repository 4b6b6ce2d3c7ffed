package sqs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/sqs"
	"slipway/internal/emulator"
	"slipway/internal/run"
)

// open makes a queue for the test and returns the adapter, a client of the test's own, and the queue's URL.
func open(t *testing.T) (*sqs.SQS, *awssqs.Client, string) {
	t.Helper()
	cfg, _ := emulator.Config(t)
	endpoint := awsconf.Endpoint(emulator.Environment(t), "SQS")
	client := awssqs.NewFromConfig(cfg, func(o *awssqs.Options) { o.BaseEndpoint = endpoint })
	out, err := client.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String(t.Name())})
	if err != nil {
		t.Fatal(err)
	}
	return sqs.New(cfg, endpoint), client, *out.QueueUrl
}

func receive(t *testing.T, client *awssqs.Client, url string) []types.Message {
	t.Helper()
	out, err := client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

func TestADeadLetterSaysWhy(t *testing.T) {
	queue, client, url := open(t)
	err := queue.SendDeadLetter(t.Context(), url, sqs.DeadLetter{
		Body: `{"as":"received"}`, Reason: "key-encoding", Detail: "line\none\x00" + strings.Repeat("é", 2000) + "\xff",
		Function: "s3-trigger", MessageID: "m-1", Receives: 2, FirstReceived: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := receive(t, client, url)
	if len(got) != 1 || *got[0].Body != `{"as":"received"}` {
		t.Fatalf("messages = %+v, want the body as it was received", got)
	}
	for name, want := range map[string]string{
		"Reason": "key-encoding", "Function": "s3-trigger", "MessageId": "m-1", "Receives": "2", "FirstReceived": "2026-03-01T12:00:00Z",
	} {
		if value := aws.ToString(got[0].MessageAttributes[name].StringValue); value != want {
			t.Errorf("attribute %s = %q, want %q", name, value, want)
		}
	}
	if detail := *got[0].MessageAttributes["Detail"].StringValue; !strings.HasPrefix(detail, "line one ") || len(detail) > 1024 {
		t.Errorf("detail of %d bytes: %.40q", len(detail), detail)
	}
}

func TestADeadLetterLeavesOutWhatIsNotKnown(t *testing.T) {
	queue, client, url := open(t)
	if err := queue.SendDeadLetter(t.Context(), url, sqs.DeadLetter{Body: "x", Reason: "not-json", Function: "s3-trigger"}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, client, url); len(got) != 1 || len(got[0].MessageAttributes) != 2 {
		t.Errorf("messages = %+v, want one with two attributes", got)
	}
}

func TestDepth(t *testing.T) {
	queue, client, url := open(t)
	for range 3 {
		if err := queue.Send(t.Context(), url, "work", nil); err != nil {
			t.Fatal(err)
		}
	}
	later := &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("later"), DelaySeconds: 60}
	if _, err := client.SendMessage(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 1}); err != nil {
		t.Fatal(err)
	}
	got, err := queue.Depth(t.Context(), url)
	if want := (sqs.Depth{Visible: 2, InFlight: 1, Delayed: 1}); err != nil || got != want {
		t.Errorf("depth = %+v, %v, want %+v", got, err, want)
	}
}

func TestAQueueThatIsNotThere(t *testing.T) {
	queue, _, url := open(t)
	missing := url + "-missing"
	_, err := queue.Depth(t.Context(), missing)
	for call, err := range map[string]error{"Depth": err, "Send": queue.Send(t.Context(), missing, "x", nil)} {
		if run.Retryable(err) || run.ReasonOf(err) != "no-such-queue" {
			t.Errorf("%s = %v (%s), want no-such-queue", call, err, run.ReasonOf(err))
		}
	}
}
