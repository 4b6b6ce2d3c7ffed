package eventbridge_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/eventbridge"
	"slipway/internal/emulator"
	"slipway/internal/run"
)

func TestPutReachesTheTargetOfARule(t *testing.T) {
	cfg, _ := emulator.Config(t)
	endpoint := awsconf.Endpoint(emulator.Environment(t), "EVENTBRIDGE")
	rules := awseventbridge.NewFromConfig(cfg, func(o *awseventbridge.Options) { o.BaseEndpoint = endpoint })
	queues := awssqs.NewFromConfig(cfg, func(o *awssqs.Options) { o.BaseEndpoint = endpoint })
	queue, err := queues.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String(t.Name())})
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := queues.GetQueueAttributes(t.Context(), &awssqs.GetQueueAttributesInput{
		QueueUrl: queue.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		t.Fatal(err)
	}
	name, pattern := aws.String(t.Name()), aws.String(`{"source":["slipway"]}`)
	if _, err := rules.PutRule(t.Context(), &awseventbridge.PutRuleInput{Name: name, EventPattern: pattern}); err != nil {
		t.Fatal(err)
	}
	target := ebtypes.Target{Id: aws.String("queue"), Arn: aws.String(attributes.Attributes["QueueArn"])}
	if _, err := rules.PutTargets(t.Context(), &awseventbridge.PutTargetsInput{Rule: name, Targets: []ebtypes.Target{target}}); err != nil {
		t.Fatal(err)
	}
	err = eventbridge.New(cfg, endpoint).Put(t.Context(), eventbridge.Entry{Source: "slipway", DetailType: "Run Failed", Detail: `{"run":"images-1"}`})
	if err != nil {
		t.Fatal(err)
	}
	got, err := queues.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, WaitTimeSeconds: 5})
	if err != nil || len(got.Messages) != 1 || !strings.Contains(*got.Messages[0].Body, "images-1") {
		t.Fatalf("received %+v, %v", got, err)
	}
}

func TestAnAnswerOf200IsNotSuccess(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		reason string
		retry  bool
	}{
		"an entry that was refused":   {`{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail","ErrorMessage":"no"}]}`, "event-refused", false},
		"an entry that may pass":      {`{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"no"}]}`, "ThrottlingException", true},
		"a count without its entry":   {`{"FailedEntryCount":1,"Entries":[{"EventId":"e"}]}`, "InternalFailure", true},
		"an answer about nothing":     {`{"FailedEntryCount":0,"Entries":[]}`, "InternalFailure", true},
		"an entry without its number": {`{"Entries":[{"ErrorCode":"InternalFailure"}]}`, "InternalFailure", true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				_, _ = w.Write([]byte(tc.answer))
			}))
			defer server.Close()
			cfg, err := awsconf.New(func(string) string { return "us-east-1" })
			if err != nil {
				t.Fatal(err)
			}
			err = eventbridge.New(cfg, &server.URL).Put(t.Context(), eventbridge.Entry{Source: "slipway", DetailType: "Run Failed", Detail: "{}"})
			if err == nil || run.ReasonOf(err) != tc.reason || run.Retryable(err) != tc.retry {
				t.Errorf("error = %v (%s), want %s", err, run.ReasonOf(err), tc.reason)
			}
		})
	}
}
