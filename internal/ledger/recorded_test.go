package ledger_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/emulator"
	"slipway/internal/ledger"
	"slipway/internal/run"
)

// recorded is an attribute of testdata/layout-N.json: items as the release with that layout has stored them.
type recorded struct {
	S  *string  `json:"S"`
	N  *string  `json:"N"`
	B  []byte   `json:"B"`
	SS []string `json:"SS"`
}

func (a recorded) value() types.AttributeValue {
	switch {
	case a.S != nil:
		return &types.AttributeValueMemberS{Value: *a.S}
	case a.N != nil:
		return &types.AttributeValueMemberN{Value: *a.N}
	case a.SS != nil:
		return &types.AttributeValueMemberSS{Value: a.SS}
	}
	return &types.AttributeValueMemberB{Value: a.B}
}

// replay makes a ledger from a recorded one.
func replay(t *testing.T, layout int) *ledger.Ledger {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/layout-%d.json", layout))
	if err != nil {
		t.Fatal(err)
	}
	var items []map[string]recorded
	if err := json.Unmarshal(text, &items); err != nil {
		t.Fatal(err)
	}
	cfg, url := emulator.Config(t)
	table := emulator.Table(t.Context(), t)
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = url })
	for _, it := range items {
		item := map[string]types.AttributeValue{}
		for name, a := range it {
			item[name] = a.value()
		}
		if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	return ledger.New(cfg, url, table)
}

// TestLedgersOfEarlierReleases goes on with what each release has left: a run that waits, one that has a task, and one
// that has failed.
func TestLedgersOfEarlierReleases(t *testing.T) {
	for layout := 1; layout <= 3; layout++ {
		t.Run(fmt.Sprintf("layout %d", layout), func(t *testing.T) {
			ctx, l := t.Context(), replay(t, layout)
			queued, err := l.Queued(ctx, "images", noon.Add(time.Hour), 10)
			if err != nil || len(queued) != 1 || queued[0].ID != "images-queued" {
				t.Fatalf("got %v and %v, want the queued run to be due", queued, err)
			}
			failed := stored(ctx, t, l, "images-failed")
			if failed.State != run.Failed || failed.Outcome == nil || failed.Outcome.Class != "application-error" || *failed.Outcome.ExitCode != 1 || len(failed.History) < 4 {
				t.Errorf("got %+v, want its end and its history", failed)
			}
			running := stored(ctx, t, l, "images-running")
			d := running.Decision
			if running.State != run.Running || d == nil || d.Capacity != "FARGATE_SPOT" || len(d.Subnets) != 2 || len(d.Environment) != 3 || running.TaskARN == "" {
				t.Fatalf("got %+v, want the launch decision as it was", running)
			}

			ended, err := running.End(run.Outcome{Class: "succeeded", Summary: "done"}, noon.Add(time.Minute), noon.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			mustWrite(ctx, t, l, 1, run.ChangeOf(running, ended)) // gives its slot back
			mustWrite(ctx, t, l, 1, run.ChangeOf(queued[0], claimed(t, queued[0], true)))
			if got := stored(ctx, t, l, "images-running"); got.State != run.Succeeded || got.Revision <= running.Revision {
				t.Errorf("got %s at revision %d, want it to have ended", got.State, got.Revision)
			}
			if got, err := l.Job(ctx, "images"); err != nil || got.Active != 1 {
				t.Errorf("got %d active and %v, want the counter to have followed", got.Active, err)
			}
		})
	}
}
