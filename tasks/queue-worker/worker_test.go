package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/emulator"
	"slipway/worker"
)

// The tests run the program itself, as a process of its own: this test binary becomes it.
func TestMain(m *testing.M) {
	if os.Getenv("BE_QUEUE_WORKER") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestWhatABodyAsksFor(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want job
		bad  bool
	}{
		"how long":                        {`{"work":"500ms"}`, job{500 * time.Millisecond, false}, false},
		"to fail":                         {`{"fail":true}`, job{time.Second, true}, false},
		"both":                            {`{"work":"0s","fail":true}`, job{0, true}, false},
		"any text":                        {"resize picture 7", job{time.Second, false}, false},
		"nothing":                         {"", job{time.Second, false}, false},
		"JSON that is no object":          {`[1,2]`, job{time.Second, false}, false},
		"JSON of somebody else":           {`{"order":7}`, job{time.Second, false}, false},
		"a duration that is none":         {`{"work":"soon"}`, job{}, true},
		"a duration below zero":           {`{"work":"-1s"}`, job{}, true},
		"a number where a text should be": {`{"work":5}`, job{time.Second, false}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := jobOf(tc.body, time.Second)
			if got != tc.want || (err != nil) != tc.bad {
				t.Errorf("got %+v %v, want %+v", got, err, tc.want)
			}
		})
	}
}

func TestTheHandlerFails(t *testing.T) {
	h := handler(time.Microsecond)
	if err := h(t.Context(), worker.Message{Body: `{"fail":true}`}); err == nil {
		t.Error("got success of a message that asks to fail")
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h(stopped, worker.Message{Body: `{"work":"1h"}`}); err == nil {
		t.Error("got success of work that was cut short")
	}
}

func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	names := []string{"WORK_CONCURRENCY", "WORK_DURATION", "WORK_STOP_TIMEOUT", "WORK_WAIT", "WORK_PROTECTION"}
	_, err := readOptions(func(name string) string {
		if slices.Contains(names, name) {
			return "0x"
		}
		return ""
	})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, name := range append(names, "WORK_QUEUE_URL") {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("got %q, want it to name %s", err, name)
		}
	}
}

// queue makes a queue on the emulator.
func queue(t *testing.T) (*sqs.Client, string) {
	t.Helper()
	cfg, url := emulator.Config(t)
	c := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = url })
	out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(t.Name())})
	if err != nil {
		t.Fatal(err)
	}
	return c, *out.QueueUrl
}

func send(t *testing.T, c *sqs.Client, url, body string) {
	t.Helper()
	if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
}

// start runs the program on the queue and returns the lines that it logs.
func start(t *testing.T, url string, extra ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	getenv := emulator.Environment(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test binary
	cmd.Env = append([]string{"BE_QUEUE_WORKER=1", "WORK_QUEUE_URL=" + url, "WORK_DURATION=10ms", "WORK_WAIT=1s"}, extra...)
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} {
		cmd.Env = append(cmd.Env, name+"="+getenv(name))
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func stop(t *testing.T, cmd *exec.Cmd, lines *bufio.Scanner) int {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // until it ends
	}
	_ = cmd.Wait() // the exit code tells
	return cmd.ProcessState.ExitCode()
}

func await(t *testing.T, lines *bufio.Scanner, text string, times int) {
	t.Helper()
	for times > 0 && lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			times--
		}
	}
	if times > 0 {
		t.Fatalf("it ended before it said %q", text)
	}
}

func left(t *testing.T, c *sqs.Client, url string) string {
	t.Helper()
	out, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes["ApproximateNumberOfMessages"] + " visible, " + out.Attributes["ApproximateNumberOfMessagesNotVisible"] + " in work"
}

func TestItEmptiesAQueueAndEndsWith0(t *testing.T) {
	c, url := queue(t)
	for range 25 {
		send(t, c, url, "work")
	}
	cmd, lines := start(t, url)
	await(t, lines, `"done":true`, 25)
	if got := stop(t, cmd, lines); got != 0 {
		t.Errorf("got exit code %d, want 0", got)
	}
	if got := left(t, c, url); got != "0 visible, 0 in work" {
		t.Errorf("got %s", got)
	}
}

func TestItGivesBackWhatItCannotFinish(t *testing.T) {
	c, url := queue(t)
	send(t, c, url, `{"work":"1h"}`)
	send(t, c, url, `{"work":"1ms"}`)
	cmd, lines := start(t, url, "WORK_STOP_TIMEOUT=1s")
	await(t, lines, `"done":true`, 1)
	if got := stop(t, cmd, lines); got != 0 {
		t.Errorf("got exit code %d, want 0", got)
	}
	if got := left(t, c, url); got != "1 visible, 0 in work" {
		t.Errorf("got %s", got)
	}
}

func TestItEndsWith1WithoutItsQueue(t *testing.T) {
	_, url := queue(t)
	cmd, lines := start(t, url+"-that-does-not-exist")
	for lines.Scan() {
	}
	_ = cmd.Wait() // the exit code tells
	if got := cmd.ProcessState.ExitCode(); got != 1 {
		t.Errorf("got exit code %d, want 1", got)
	}
}
