package sqs_test

import (
	"testing"

	"slipway/internal/cloud/sqs"
)

func TestPeekLeavesTheLetterThere(t *testing.T) {
	queue, client, url := open(t)
	if letter, err := queue.Peek(t.Context(), url); err != nil || letter != (sqs.DeadLetter{}) {
		t.Errorf("an empty queue shows %+v, %v", letter, err)
	}
	if err := queue.SendDeadLetter(t.Context(), url, sqs.DeadLetter{Body: "b", Reason: "missing-key", Detail: "no key", Function: "s3-trigger"}); err != nil {
		t.Fatal(err)
	}
	letter, err := queue.Peek(t.Context(), url)
	if err != nil || letter.Reason != "missing-key" || letter.Detail != "no key" || letter.Body != "b" {
		t.Errorf("Peek = %+v, %v", letter, err)
	}
	if got := receive(t, client, url); len(got) != 1 {
		t.Errorf("%d messages can be received after it, want 1", len(got))
	}
}
