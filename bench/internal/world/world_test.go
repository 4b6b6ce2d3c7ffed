package world_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"slipway/bench/internal/world"
)

func post(t *testing.T, w *world.World, target, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", target)
	resp, err := w.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !json.Valid(text) {
		t.Fatalf("%s: answer %s, %v", target, text, err)
	}
	return string(text)
}

func TestWhatIsKeptIsRead(t *testing.T) {
	w := world.New()
	defer w.Close()
	item := func(key, open string) world.Item {
		return world.Item{"pk": {"S": key}, "sk": {"S": "-"}, "open": {"S": open}}
	}
	w.Keep(item("run#a", "watch"), item("run#b", "watch"), item("run#c", "queued"))
	for name, tc := range map[string]struct {
		target, body string
		want, not    string
	}{
		"an item":             {"DynamoDB_20120810.GetItem", `{"TableName":"t","Key":{"pk":{"S":"run#b"},"sk":{"S":"-"}}}`, "run#b", "run#a"},
		"one that is not":     {"DynamoDB_20120810.GetItem", `{"TableName":"t","Key":{"pk":{"S":"run#x"},"sk":{"S":"-"}}}`, "{}", "Item"},
		"several":             {"DynamoDB_20120810.BatchGetItem", `{"RequestItems":{"t":{"Keys":[{"pk":{"S":"run#a"}},{"pk":{"S":"run#c"}}]}}}`, "run#c", "run#b"},
		"those of the index":  {"DynamoDB_20120810.Query", `{"ExpressionAttributeValues":{":kind":{"S":"watch"}}}`, "run#b", "run#c"},
		"a task that runs":    {"AmazonEC2ContainerServiceV20141113.DescribeTasks", `{"tasks":["arn:1"]}`, `"taskArn":"arn:1"`, "arn:2"},
		"whatever else it is": {"AmazonSQS.DeleteMessage", `{}`, "{}", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(t, w, tc.target, tc.body)
			if !strings.Contains(got, tc.want) || strings.Contains(got, tc.not) {
				t.Errorf("got %s, want %s in it and not %s", got, tc.want, tc.not)
			}
		})
	}
}

func TestWhatIsRecorded(t *testing.T) {
	w := world.New()
	defer w.Close()
	w.Record(time.Hour)
	post(t, w, "AmazonEC2ContainerServiceV20141113.RunTask", `{"count":1}`)
	got := w.Recorded()
	post(t, w, "AmazonSQS.SendMessage", "{}") // of no script
	if got.Calls() != 1 || w.Calls() != 2 {
		t.Fatalf("got %d of %d calls, want 1 of 2", got.Calls(), w.Calls())
	}
	if c := got[0][0]; c.Service != "ecs" || c.Operation != "RunTask" || c.Size != 11 || string(c.Request) != `{"count":1}` {
		t.Errorf("got %+v, want the call as it was", c)
	}
}

func TestTheFirstCallByTLS(t *testing.T) {
	w := world.NewTLS()
	defer w.Close()
	w.Await()
	if !w.First().IsZero() {
		t.Error("a call came before any was made")
	}
	before := time.Now()
	post(t, w, "DynamoDB_20120810.GetItem", "{}")
	if at := w.First(); at.Before(before) || at.After(time.Now()) {
		t.Errorf("the first call came at %s", at)
	}
	if !strings.HasPrefix(string(w.Authority()), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("authority = %s", w.Authority())
	}
}
