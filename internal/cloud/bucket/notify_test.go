package bucket_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/internal/cloud/bucket"
	"slipway/internal/emulator"
)

const account = "111122223333"

// notified is the notifications of a bucket that others have set up, as S3 answers with them.
const notified = `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
	`<CloudFunctionConfiguration><Id>thumbs</Id><CloudFunction>arn:aws:lambda:eu-north-1:111122223333:function:thumbs</CloudFunction>` +
	`<Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>prefix</Name><Value>a &amp; b/</Value></FilterRule><FilterRule><Name>suffix</Name><Value>.jpg</Value></FilterRule></S3Key></Filter></CloudFunctionConfiguration>` +
	`<QueueConfiguration><Id>audit</Id><Queue>arn:aws:sqs:eu-north-1:111122223333:audit</Queue><Event>s3:ObjectRemoved:Delete</Event><Event>s3:ObjectRemoved:DeleteMarkerCreated</Event></QueueConfiguration>` +
	`<TopicConfiguration><Id>told</Id><Topic>arn:aws:sns:eu-north-1:111122223333:told</Topic><Event>s3:ReducedRedundancyLostObject</Event></TopicConfiguration>`

// TestEventBridgeIsAddedToWhatIsThere holds what is written to what was read: the same, and EventBridge.
func TestEventBridgeIsAddedToWhatIsThere(t *testing.T) {
	puts := 0
	text := notified + `</NotificationConfiguration>`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Expected-Bucket-Owner") != account && r.Method == http.MethodPut {
			t.Errorf("%s without the owner", r.Method)
		}
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, text)
			return
		}
		puts++
		if r.Header.Get("X-Amz-Skip-Destination-Validation") != "true" {
			t.Error("a destination of somebody else's that is gone would refuse it")
		}
		body, _ := io.ReadAll(r.Body)
		text = string(body)
	}))
	defer server.Close()
	cfg := aws.Config{Region: "eu-north-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}
	b := bucket.New(cfg, &server.URL, "photos")
	before := configuration(t, cfg, server.URL)
	for range 2 { // the second time there is nothing to do
		if err := b.SendToEventBridge(t.Context(), account); err != nil {
			t.Fatal(err)
		}
	}
	after := configuration(t, cfg, server.URL)
	if on, err := b.EventBridge(t.Context()); !on || err != nil || puts != 1 {
		t.Errorf("EventBridge = %v, %v after %d writes", on, err, puts)
	}
	after.EventBridgeConfiguration = nil
	if got, want := texts(t, after), texts(t, before); got != want || len(before.LambdaFunctionConfigurations)+len(before.QueueConfigurations)+len(before.TopicConfigurations) != 3 {
		t.Errorf("got %s, want %s", got, want)
	}
}

// configuration is the notifications of the bucket, without what the SDK says of the answer.
func configuration(t *testing.T, cfg aws.Config, url string) types.NotificationConfiguration {
	t.Helper()
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &url, true })
	out, err := client.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String("photos")})
	if err != nil {
		t.Fatal(err)
	}
	return types.NotificationConfiguration{
		EventBridgeConfiguration: out.EventBridgeConfiguration, LambdaFunctionConfigurations: out.LambdaFunctionConfigurations,
		QueueConfigurations: out.QueueConfigurations, TopicConfigurations: out.TopicConfigurations,
	}
}

func texts(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestABucketKeepsItsQueue does it on the emulator: the queue of somebody else still gets its events.
func TestABucketKeepsItsQueue(t *testing.T) {
	cfg, url := emulator.Config(t)
	cfg.BaseEndpoint = url
	name := "kept" + strconv.FormatInt(time.Now().UnixNano(), 36)
	storage, queues := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), sqs.NewFromConfig(cfg)
	q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := storage.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &name, NotificationConfiguration: &types.NotificationConfiguration{QueueConfigurations: []types.QueueConfiguration{{
			Id: aws.String("audit"), QueueArn: aws.String("arn:aws:sqs:us-east-1:000000000000:" + name), Events: []types.Event{"s3:ObjectCreated:*"},
		}}},
	}); err != nil {
		t.Fatal(err)
	}
	b := bucket.New(cfg, url, name)
	if on, err := b.EventBridge(t.Context()); on || err != nil {
		t.Fatalf("EventBridge before = %v, %v", on, err)
	}
	if err := b.SendToEventBridge(t.Context(), "000000000000"); err != nil {
		t.Fatal(err)
	}
	if on, err := b.EventBridge(t.Context()); !on || err != nil {
		t.Fatalf("EventBridge after = %v, %v", on, err)
	}
	if _, err := storage.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &name, Key: aws.String("a.jpg"), Body: strings.NewReader("a")}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 5})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			if strings.Contains(*m.Body, "a.jpg") {
				return
			}
		}
	}
	t.Error("the queue gets no events any more")
}
