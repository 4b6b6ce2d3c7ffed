package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/run"
)

// maxTries bounds how often one write is tried when others hold the same items.
const maxTries = 8

// Write makes all changes together or none. A write of one run that takes no slot is one PutItem; any other is one
// transaction with the counter of its job. It returns a *run.Conflict when a condition does not hold.
func (l *Ledger) Write(ctx context.Context, w run.Write) error {
	if len(w.Changes) > run.MaxWrite {
		return run.Never("too-many-changes", fmt.Errorf("write %d runs of job %s: at most %d go together", len(w.Changes), w.Job, run.MaxWrite))
	}
	slots := 0
	for _, c := range w.Changes {
		slots += c.Slots
	}
	if len(w.Changes) == 1 && slots == 0 {
		return l.writeOne(ctx, w.Changes[0].Run)
	}
	for try := 0; ; try++ {
		busy, err := l.transact(ctx, w, slots)
		if !busy || try == maxTries {
			return err
		}
		if err := l.sleep(ctx, jitter(try)); err != nil {
			return err
		}
	}
}

// jitter is full jitter: anything up to 25 ms, doubling.
func jitter(try int) time.Duration {
	return rand.N(25 * time.Millisecond << try)
}

func (l *Ledger) writeOne(ctx context.Context, r run.Run) error {
	it, err := encodeRun(r)
	if err != nil {
		return err
	}
	stored, err := l.put(ctx, it, r.Revision)
	if err != nil || stored == nil {
		return err
	}
	return conflictOf(map[run.ID]item{r.ID: stored}, map[run.ID]item{r.ID: it})
}

// transact tries a transaction once. Busy says that nothing is wrong with it but the moment.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func (l *Ledger) transact(ctx context.Context, w run.Write, slots int) (busy bool, err error) {
	var ops []types.TransactWriteItem
	ours := map[run.ID]item{}
	for _, c := range w.Changes {
		it, err := encodeRun(c.Run)
		if err != nil {
			return false, err
		}
		ours[c.Run.ID] = it
		ops = append(ops, l.putOp(it, c.Run.Revision))
	}
	if slots != 0 {
		ops = append(ops, l.countOp(w, slots))
	}
	_, err = l.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: ops})
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		return readReasons(w, canceled.CancellationReasons, ours)
	}
	if err != nil {
		return false, fmt.Errorf("write %d runs of job %s: %w", len(w.Changes), w.Job, err)
	}
	return false, nil
}

func (l *Ledger) putOp(it item, revision int64) types.TransactWriteItem {
	condition, names, values := expecting(revision)
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &l.table, Item: it,
		ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// countOp moves the counter of the job's active runs. Taking slots is refused beyond the maximum; giving them back is
// refused below zero, which only a damaged ledger could ask for.
func (l *Ledger) countOp(w run.Write, slots int) types.TransactWriteItem {
	values := item{":n": number(int64(slots)), ":kind": text(kindJobs), ":due": number(0)}
	condition := "#active >= :back"
	if slots > 0 {
		condition = "attribute_not_exists(#active) OR #active <= :room"
		values[":room"] = number(int64(w.Max - slots))
		if w.Max < slots {
			condition = "#active <= :room" // not even an empty job has that much room
		}
	} else {
		values[":back"] = number(int64(-slots))
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &l.table, Key: keyOf("job", w.Job),
		UpdateExpression:                    aws.String("ADD #active :n SET #open = :kind, #due = :due"),
		ConditionExpression:                 &condition,
		ExpressionAttributeNames:            map[string]string{"#active": "active", "#open": IndexKey, "#due": IndexSortKey},
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// readReasons reads why a transaction was cancelled, by position: the runs in order, then the counter.
func readReasons(w run.Write, reasons []types.CancellationReason, ours map[run.ID]item) (busy bool, err error) {
	theirs := map[run.ID]item{}
	full, active := false, int64(0)
	for i, reason := range reasons {
		switch code := aws.ToString(reason.Code); {
		case code == "None":
		case code != "ConditionalCheckFailed":
			busy = busy || passing(code)
			err = errors.Join(err, fmt.Errorf("write runs of job %s: %s: %s", w.Job, code, aws.ToString(reason.Message)))
		case i < len(w.Changes):
			theirs[w.Changes[i].Run.ID] = reason.Item
		default:
			full = true
			if active, err = numberOf(reason.Item, "active"); err != nil {
				return false, err
			}
		}
	}
	if len(theirs) == 0 && !full {
		return busy, err
	}
	conflict := conflictOf(theirs, ours)
	var c *run.Conflict
	if errors.As(conflict, &c) {
		c.Full, c.Active = full, int(active)
		return false, c
	}
	return false, conflict
}

// passing reports whether a cancellation says only that others were there at the same time.
func passing(code string) bool {
	switch code {
	case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		return true
	}
	return false
}

// conflictOf says what is stored instead. It is nil when everything that is in the way is what we wanted to write: our
// own first try, whose answer was lost.
func conflictOf(theirs, ours map[run.ID]item) error {
	c := &run.Conflict{Current: map[run.ID]run.Run{}}
	for id, it := range theirs {
		if len(it) == 0 {
			continue // deleted meanwhile: nothing is stored
		}
		if textOf(it, "doc") == textOf(ours[id], "doc") {
			continue
		}
		r, err := decodeRun(it)
		if err != nil {
			return err
		}
		c.Current[id] = r
	}
	if len(c.Current) == 0 && len(theirs) > 0 && allOurs(theirs, ours) {
		return nil
	}
	return c
}

func allOurs(theirs, ours map[run.ID]item) bool {
	for id, it := range theirs {
		if textOf(it, "doc") != textOf(ours[id], "doc") {
			return false
		}
	}
	return len(theirs) == len(ours)
}
