package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const tick = `{"source":"aws.scheduler","detail-type":"Scheduled Event","time":%q,"detail":"{}"}`

// invoke gives a function the tick that would come within the minute.
func invoke(t *testing.T, w world, function string) error {
	t.Helper()
	_, err := w.Invoke(t.Context(), function, fmt.Appendf(nil, tick, time.Now().UTC().Format(time.RFC3339)))
	return err
}

// burst is more messages than one worker works off within a minute, for all that the scaler knows.
const burst = 400

func serviceFollowsQueue(t *testing.T, w world) {
	client := sqs.NewFromConfig(w.AWS())
	for range burst {
		_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: aws.String(w.Outputs["WorkQueueUrl"]), MessageBody: aws.String(`{"work":"2s"}`),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ticked := make(chan error, 1)
	go func() { ticked <- invoke(t, w, "SqsScalerFunction") }()
	eventually(t, "several workers", func() (bool, error) {
		_, running, err := w.Service(t.Context())
		return running > 1, err
	})
	eventually(t, "an empty queue", func() (bool, error) {
		d, err := w.see().Queue(t.Context(), "WorkQueueUrl")
		return d.Empty(), err
	})
	if err := <-ticked; err != nil {
		t.Error(err)
	}
	eventually(t, "no worker", func() (bool, error) { // the last ones stay for a while, and the stack has ticks of its own
		desired, running, err := w.Service(t.Context())
		return desired+running == 0, err
	})
}

func scheduledJobReports(t *testing.T, w world) {
	began, see := time.Now(), w.see()
	next := began
	eventually(t, "a report", func() (bool, error) {
		if time.Now().After(next) {
			next = time.Now().Add(10 * time.Second)
			if err := invoke(t, w, "SchedulerFunction"); err != nil {
				return false, err
			}
		}
		keys, err := see.Results(t.Context(), "reports/", began)
		return len(keys) > 0, err
	})
}

// badRecordAmongGood sends one record that never can succeed among nine that can.
func badRecordAmongGood(t *testing.T, w world) {
	const bad, key = "this is not JSON", "incoming/nine good ones.txt"
	upload(t, w, key, []byte("not a picture"))
	var bodies []string
	for i := range 9 {
		bodies = append(bodies, objectCreated(t, w.Outputs["UploadsBucketName"], key, fmt.Sprintf("0099%d", i), 13))
	}
	send(t, w, append(bodies, bad)...)
	see := w.see()
	eventually(t, "nine tasks", func() (bool, error) {
		n := 0
		for i := range 9 {
			n += len(tasksWith(t, see, "S3_SEQUENCER", fmt.Sprintf("0099%d", i)))
		}
		return n == 9, nil
	})
	eventually(t, "a dead letter", func() (bool, error) { return deadLetter(t, w, bad) })
}

// deadLetter looks for the one dead letter that there should be.
func deadLetter(t *testing.T, w world, body string) (bool, error) {
	t.Helper()
	answer, err := sqs.NewFromConfig(w.AWS()).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(w.Outputs["LaunchDeadLetterQueueUrl"]), MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		return false, err
	}
	for _, m := range answer.Messages {
		reason, ok := m.MessageAttributes["Reason"]
		if *m.Body != body || !ok || *reason.StringValue == "" {
			t.Errorf("got dead letter %q with %v, want the bad record and its reason", *m.Body, m.MessageAttributes)
		}
	}
	return len(answer.Messages) > 0, nil
}
