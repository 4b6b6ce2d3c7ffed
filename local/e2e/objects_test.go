package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/local/internal/inbox"
	"slipway/local/internal/observe"
	"slipway/local/internal/picture"
)

func upload(t *testing.T, w world, key string, content []byte) {
	t.Helper()
	_, err := w.S3().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(w.Outputs["UploadsBucketName"]), Key: &key, Body: bytes.NewReader(content),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tasksWith returns the tasks that RunTask gave an environment value.
func tasksWith(t *testing.T, see *observe.Observer, name, value string) []observe.Task {
	t.Helper()
	all, err := see.Tasks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var with []observe.Task
	for _, task := range all {
		if task.Environment[name] == value {
			with = append(with, task)
		}
	}
	return with
}

func pictureIsProcessed(t *testing.T, w world) {
	const key = "incoming/ä b+c%20d/picture.jpg"
	content, err := picture.Make(picture.JPEG, 500, 300, 1)
	if err != nil {
		t.Fatal(err)
	}
	upload(t, w, key, content)
	see := w.see()
	var d *observe.Description
	eventually(t, "a description", func() (bool, error) {
		d, err = see.Description(t.Context(), key)
		return d != nil, err
	})
	sum := sha256.Sum256(content)
	if d.Key != key || d.Width != 500 || d.Height != 300 || d.SHA256 != hex.EncodeToString(sum[:]) || d.Thumbnail == nil {
		t.Fatalf("got %+v, want what was uploaded, with a thumbnail", d)
	}
	thumbnail, err := see.Result(t.Context(), d.Thumbnail.Key)
	if err != nil || len(thumbnail) == 0 {
		t.Errorf("got a thumbnail of %d bytes and %v", len(thumbnail), err)
	}
}

// fiveDeliveriesOneTask sends one event five times, three of them in one batch. The upload's own event has another
// sequencer, which makes it another version and another run.
func fiveDeliveriesOneTask(t *testing.T, w world) {
	const key, sequencer = "incoming/delivered five times.png", "00ABCDEF0123456789"
	content, err := picture.Make(picture.PNG, 50, 50, 2)
	if err != nil {
		t.Fatal(err)
	}
	upload(t, w, key, content)
	body := objectCreated(t, w.Outputs["UploadsBucketName"], key, sequencer, len(content))
	send(t, w, body, body, body)
	send(t, w, body)
	see := w.see()
	eventually(t, "a task", func() (bool, error) { return len(tasksWith(t, see, "S3_SEQUENCER", sequencer)) > 0, nil })
	send(t, w, body)
	eventually(t, "an empty launch queue", func() (bool, error) {
		d, err := see.Queue(t.Context(), "LaunchQueueUrl")
		return d.Empty(), err
	})
	quiet()
	if got := tasksWith(t, see, "S3_SEQUENCER", sequencer); len(got) != 1 {
		t.Errorf("got %d tasks, want 1: %+v", len(got), got)
	}
}

// objectCreated is an event as EventBridge sends it.
func objectCreated(t *testing.T, bucket, key, sequencer string, size int) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"version": "0", "id": "e2e", "source": "aws.s3", "detail-type": "Object Created", "time": time.Now().UTC(),
		"account": "000000000000", "region": "us-east-1", "resources": []string{"arn:aws:s3:::" + bucket},
		"detail": map[string]any{
			"version": "0", "reason": "PutObject", "bucket": map[string]any{"name": bucket},
			"object": map[string]any{"key": key, "size": size, "etag": "e", "sequencer": sequencer},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// send puts messages on the launch queue, in one batch.
func send(t *testing.T, w world, bodies ...string) {
	t.Helper()
	in := &sqs.SendMessageBatchInput{QueueUrl: aws.String(w.Outputs["LaunchQueueUrl"])}
	for i, body := range bodies {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), MessageBody: aws.String(body)})
	}
	answer, err := sqs.NewFromConfig(w.AWS()).SendMessageBatch(t.Context(), in)
	if err != nil || len(answer.Failed) > 0 {
		t.Fatalf("got %+v and %v", answer, err)
	}
}

func corruptPictureOneMail(t *testing.T, w world) {
	const key = "incoming/cut off+100%.png"
	content, err := picture.Corrupt(picture.PNG, 3)
	if err != nil {
		t.Fatal(err)
	}
	upload(t, w, key, content)
	see := w.see()
	var mails []inbox.Mail
	look := func() (bool, error) {
		mails, err = mailsAbout(t, see, key)
		return len(mails) > 0, err
	}
	eventually(t, "a mail", look)
	quiet()
	if _, err := look(); err != nil || len(mails) != 1 {
		t.Fatalf("got %d mails and %v, want one", len(mails), err)
	}
	for _, want := range []string{"objects", key, "Exit code:       1", "main"} {
		if !strings.Contains(mails[0].Text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, mails[0].Text)
		}
	}
	if got := tasksWith(t, see, "S3_KEY", key); len(got) != 1 {
		t.Errorf("got %d tasks, want 1: exit code 1 is not tried again", len(got))
	}
}

func mailsAbout(t *testing.T, see *observe.Observer, key string) ([]inbox.Mail, error) {
	t.Helper()
	all, err := see.Mails(t.Context())
	var about []inbox.Mail
	for _, m := range all {
		if strings.Contains(m.Text, key) {
			about = append(about, m)
		}
	}
	return about, err
}

func unwantedObjectNothing(t *testing.T, w world) {
	const key = "elsewhere/notes.txt"
	upload(t, w, key, []byte("no job wants this"))
	see := w.see()
	eventually(t, "an empty launch queue", func() (bool, error) {
		d, err := see.Queue(t.Context(), "LaunchQueueUrl")
		return d.Empty(), err
	})
	quiet()
	if got := tasksWith(t, see, "S3_KEY", key); len(got) != 0 {
		t.Errorf("got %d tasks, want none", len(got))
	}
}
