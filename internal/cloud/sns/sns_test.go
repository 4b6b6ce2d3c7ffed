package sns_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/sns"
	"slipway/internal/emulator"
	"slipway/internal/run"
)

func TestPublish(t *testing.T) {
	cfg, _ := emulator.Config(t)
	endpoint := awsconf.Endpoint(emulator.Environment(t), "SNS")
	topics := awssns.NewFromConfig(cfg, func(o *awssns.Options) { o.BaseEndpoint = endpoint })
	queues := awssqs.NewFromConfig(cfg, func(o *awssqs.Options) { o.BaseEndpoint = endpoint })
	topic, err := topics.CreateTopic(t.Context(), &awssns.CreateTopicInput{Name: aws.String(t.Name())})
	if err != nil {
		t.Fatal(err)
	}
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
	arn := attributes.Attributes["QueueArn"]
	if _, err := topics.Subscribe(t.Context(), &awssns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: &arn}); err != nil {
		t.Fatal(err)
	}
	subject := "Größe\r\nBcc: all " + strings.Repeat("x", 200)
	if err := sns.New(cfg, endpoint).Publish(t.Context(), *topic.TopicArn, subject, "Text mit Größe."); err != nil {
		t.Fatal(err)
	}
	got, err := queues.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("received %+v, %v", got, err)
	}
	var mail struct{ Subject, Message string }
	if err := json.Unmarshal([]byte(*got.Messages[0].Body), &mail); err != nil {
		t.Fatal(err)
	}
	if mail.Message != "Text mit Größe." || !strings.HasPrefix(mail.Subject, "Gr??e??Bcc: all xxx") || len(mail.Subject) != 99 {
		t.Errorf("mail = %+v", mail)
	}
}

func TestATopicThatIsNotThere(t *testing.T) {
	cfg, _ := emulator.Config(t)
	endpoint := awsconf.Endpoint(emulator.Environment(t), "SNS")
	err := sns.New(cfg, endpoint).Publish(t.Context(), "arn:aws:sns:us-east-1:000000000000:missing", "s", "t")
	if err == nil || run.Retryable(err) || run.ReasonOf(err) != "no-such-topic" {
		t.Errorf("error = %v (%s), want no-such-topic", err, run.ReasonOf(err))
	}
}
