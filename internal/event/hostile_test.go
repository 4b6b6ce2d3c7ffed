package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"slipway/internal/event"
)

func TestAnEventOfTenMegabytesIsCut(t *testing.T) {
	reason, err := json.Marshal("\u202e<b>\x00" + strings.Repeat("é", 5<<20))
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.Decode([]byte(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:r:1:task/c/t","lastStatus":"STOPPED",
		"stoppedReason":` + string(reason) + `,"containers":[{"name":` + string(reason) + `,"reason":` + string(reason) + `}]}}`))
	change, ok := e.(event.TaskChange)
	if err != nil || !ok {
		t.Fatalf("decoded to %T, %v", e, err)
	}
	for _, text := range []string{change.Task.StoppedReason, change.Task.Containers[0].Name, change.Task.Containers[0].Reason} {
		if len(text) > 2048 {
			t.Errorf("a text of %d bytes is kept", len(text))
		}
	}
}

func TestFieldsOfAnotherTypeAreAsIfMissing(t *testing.T) {
	for name, detail := range map[string]string{
		"no containers":            `{"taskArn":"arn:aws:ecs:r:1:task/c/t","lastStatus":"STOPPED"}`,
		"containers that are text": `{"taskArn":"arn:aws:ecs:r:1:task/c/t","lastStatus":"STOPPED","containers":"none"}`,
		"everything odd":           `{"taskArn":"arn:aws:ecs:r:1:task/c/t","lastStatus":"STOPPED","version":"7","stoppedReason":{"a":1},"stopCode":[1],"stoppedAt":true,"containers":[1,null,{"name":5,"exitCode":"1"}]}`,
		"fields that are new":      `{"taskArn":"arn:aws:ecs:r:1:task/c/t","lastStatus":"STOPPED","mood":{"good":true}}`,
	} {
		e, err := event.Decode([]byte(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":` + detail + `}`))
		if _, ok := e.(event.TaskChange); err != nil || !ok {
			t.Errorf("%s: decoded to %T, %v", name, e, err)
		}
	}
}

func TestWhoseAnEventIs(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:ecs:eu-north-1:111122223333:cluster/work":        "111122223333",
		"arn:aws:lambda:eu-north-1:111122223333:function:x:alias": "111122223333",
		"work": "", "": "", "arn:aws:ecs": "", "urn:aws:ecs:r:1:cluster/c": "",
	} {
		if got := event.AccountOf(arn); got != want {
			t.Errorf("AccountOf(%q) = %q, want %q", arn, got, want)
		}
	}
}

func TestDrillsAreOfTheirStack(t *testing.T) {
	if id, ok := event.DrillOf(event.DrillStartedBy("dev", "abc"), "dev"); !ok || id != "abc" {
		t.Errorf("DrillOf = %q, %t", id, ok)
	}
	for _, startedBy := range []string{"", "slipway/dev/x/1", "slipway-drill/dev", "slipway-drill/dev/", event.DrillStartedBy("prod", "abc"), "ecs-svc/1"} {
		if _, ok := event.DrillOf(startedBy, "dev"); ok {
			t.Errorf("%q is taken for a drill", startedBy)
		}
	}
}

func TestTasksOfAnAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		payload string
		want    int
	}{
		"an answer":       {`{"tasks":[{"taskArn":"a","lastStatus":"STOPPED"},{"taskArn":"b","lastStatus":"RUNNING"}],"failures":[]}`, 2},
		"a task":          {`{"taskArn":"a","lastStatus":"STOPPED"}`, 1},
		"an empty answer": {`{"tasks":[],"failures":[]}`, 0},
		"an event":        {`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{}}`, 0},
		"something else":  {`{"a":1}`, 0},
		"no JSON":         {`tasks`, 0},
	} {
		if got, ok := event.Tasks([]byte(tc.payload)); len(got) != tc.want || ok != (tc.want > 0) {
			t.Errorf("%s: %d tasks, %t", name, len(got), ok)
		}
	}
}
