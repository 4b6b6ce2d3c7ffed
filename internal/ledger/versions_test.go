package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/emulator"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// store puts an item as another release might have written it, due in the queue of the job images.
func store(t *testing.T, client *dynamodb.Client, table, id, version, doc string) {
	t.Helper()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	number := func(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
		"pk": text("run#" + id), "sk": text("run"), "doc": text(doc), "rev": number("3"), "v": number(version),
		"open": text("queued#images"), "due": number("0"), "job": text("images"), "admitted": number("1"), "state": text("queued"),
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestItemsOfOtherReleases(t *testing.T) {
	for name, tc := range map[string]struct {
		version, doc string
		want         string // part of the error; empty: it is read
	}{
		"an older layout is read":        {"1", `{"id": "x", "job": "images", "state": "queued", "attempt": 2, "capacityStep": 1}`, ""},
		"fields that nobody knows":       {"2", `{"id": "x", "job": "images", "state": "queued", "attempt": 2, "place": {"step": 1}, "later": {"a": 1}}`, ""},
		"a newer layout":                 {"4", `{"id": "x", "job": "images", "state": "queued"}`, "newer release"},
		"a state that nobody knows":      {"2", `{"id": "x", "job": "images", "state": "paused"}`, `does not know the state "paused"`},
		"a field of another type":        {"2", `{"id": "x", "job": "images", "state": "queued", "attempt": "two"}`, "decode"},
		"no JSON":                        {"2", `{"id`, "decode"},
		"nothing at all":                 {"2", "", "decode"},
		"a version that is no whole one": {"1.5", `{"id": "x", "job": "images", "state": "queued"}`, "attribute v"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, url := emulator.Config(t)
			table := emulator.Table(t.Context(), t)
			client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = url })
			l := ledger.New(cfg, url, table)
			store(t, client, table, "x", tc.version, tc.doc)
			mustWrite(t.Context(), t, l, 0, run.Change{Run: newRun("good")})

			r, err := l.Run(t.Context(), "x")
			if tc.want == "" {
				if err != nil || r.Attempt != 2 || r.Place.Step != 1 || r.Revision != 3 {
					t.Errorf("run = %+v, %v; want it read, at step 1", r, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tc.want) || run.Retryable(err) {
				t.Errorf("error = %v, want one for good that says %q", err, tc.want)
			}
			queued, err := l.Queued(t.Context(), "images", noon, 10)
			found := fmt.Sprint(queued)
			if !strings.Contains(found, "good") || (err != nil) != (tc.want != "") {
				t.Errorf("queued = %d runs, %v; want the good one beside whatever the other is", len(queued), err)
			}
			checkUntouched(t, client, table, l, tc.want != "")
		})
	}
}

// checkUntouched tries to write over an item that cannot be read: nothing of it may change.
func checkUntouched(t *testing.T, client *dynamodb.Client, table string, l *ledger.Ledger, unreadable bool) {
	t.Helper()
	if !unreadable {
		return
	}
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "run#x"}, "sk": &types.AttributeValueMemberS{Value: "run"}}
	read := func() string {
		out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(out.Item["doc"], out.Item["rev"], out.Item["v"])
	}
	before := read()
	if err := l.Write(t.Context(), run.Write{Job: "images", Changes: []run.Change{{Run: newRun("x")}}}); err == nil {
		t.Error("a new run was written over it")
	}
	if after := read(); after != before {
		t.Errorf("the item is %s, was %s", after, before)
	}
}
