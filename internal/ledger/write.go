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

// maxOps is how many items one transaction of DynamoDB may hold.
const maxOps = 100

// Write makes all changes together or none. A write of one run that takes no slot and depends on nothing else is one
// PutItem; any other is one transaction. It returns a *run.Conflict when a condition does not hold.
func (l *Ledger) Write(ctx context.Context, w run.Write) error {
	if len(w.Changes) > run.MaxWrite {
		return run.Never("too-many-changes", fmt.Errorf("write %d runs of job %s: at most %d go together", len(w.Changes), w.Job, run.MaxWrite))
	}
	if len(w.Changes) == 1 && w.Changes[0].Slots == 0 && !w.Changes[0].Newest && w.Gathers == nil {
		return l.writeOne(ctx, w.Changes[0].Run)
	}
	for try := 0; ; try++ {
		busy, err := l.transact(ctx, w)
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
	a := &answer{theirs: map[run.ID]item{r.ID: stored}, ours: map[run.ID]item{r.ID: it}}
	return a.result()
}

// op is one item of a transaction. Failed takes over what stands in the way when its condition does not hold.
type op struct {
	write  types.TransactWriteItem
	failed func(stored item, a *answer) error
}

// answer gathers why a transaction was cancelled: what is stored instead of each run, and everything else.
type answer struct {
	theirs, ours map[run.ID]item
	conflict     run.Conflict
}

// transact tries a transaction once. Busy says that nothing is wrong with it but the moment.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func (l *Ledger) transact(ctx context.Context, w run.Write) (busy bool, err error) {
	ops, ours, err := l.ops(w)
	if err != nil {
		return false, err
	}
	in := &dynamodb.TransactWriteItemsInput{}
	for _, o := range ops {
		in.TransactItems = append(in.TransactItems, o.write)
	}
	_, err = l.client.TransactWriteItems(ctx, in)
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		return readReasons(w.Job, ops, canceled.CancellationReasons, ours)
	}
	if err != nil {
		return false, fmt.Errorf("write %d runs of job %s: %w", len(w.Changes), w.Job, err)
	}
	return false, nil
}

// ops are the items of a write: each run, for some of them the newest object of their key, then the job.
func (l *Ledger) ops(w run.Write) ([]op, map[run.ID]item, error) {
	var ops, newest []op
	ours := map[run.ID]item{}
	for _, c := range w.Changes {
		it, err := encodeRun(c.Run)
		if err != nil {
			return nil, nil, err
		}
		ours[c.Run.ID] = it
		ops = append(ops, l.putOp(c.Run, it))
		if o, ok := l.newestOp(c); ok {
			newest = append(newest, o)
		}
	}
	ops = append(ops, newest...)
	if o, ok := l.countOp(w); ok {
		ops = append(ops, o)
	}
	if w.Gathers != nil {
		ops = append(ops, l.gatherOp(w))
	}
	if len(ops) > maxOps {
		return nil, nil, run.Never("too-many-changes", fmt.Errorf("write %d runs of job %s: they are %d items, and %d go together", len(w.Changes), w.Job, len(ops), maxOps))
	}
	return ops, ours, nil
}

func (l *Ledger) putOp(r run.Run, it item) op {
	condition, names, values := expecting(r.Revision)
	return op{
		types.TransactWriteItem{Put: &types.Put{
			TableName: &l.table, Item: it,
			ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		func(stored item, a *answer) error { a.theirs[r.ID] = stored; return nil },
	}
}

// newestOp records the object of a run as the newest of its key, unless a newer one is known. Objects whose order S3
// does not tell have none.
func (l *Ledger) newestOp(c run.Change) (op, bool) {
	o := c.Run.Input.Object
	if !c.Newest || o == nil || run.ComparableSequencer(*o) == "" {
		return op{}, false
	}
	update := &types.Update{
		TableName: &l.table, Key: keyOf("newest", run.Newest(c.Run.Job, *o)),
		UpdateExpression:         aws.String("SET #seq = :seq, #run = :run, #expires = :expires"),
		ConditionExpression:      aws.String("attribute_not_exists(#seq) OR #seq < :seq OR #run = :run"),
		ExpressionAttributeNames: map[string]string{"#seq": "seq", "#run": "run", "#expires": ExpiryName},
		ExpressionAttributeValues: item{
			":seq": text(run.ComparableSequencer(*o)), ":run": text(string(c.Run.ID)),
			":expires": number(c.Run.AdmittedAt.Add(run.KeepFor).Unix()),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return op{types.TransactWriteItem{Update: update}, func(stored item, a *answer) error {
		if a.conflict.Newer == nil {
			a.conflict.Newer = map[run.ID]run.ID{}
		}
		a.conflict.Newer[c.Run.ID] = run.ID(textOf(stored, "run"))
		return nil
	}}, true
}

// countOp moves the counter of the job's active runs. Taking slots is refused beyond the maximum; giving them back is
// refused below zero, which only a damaged ledger could ask for.
func (l *Ledger) countOp(w run.Write) (op, bool) {
	slots := 0
	for _, c := range w.Changes {
		slots += c.Slots
	}
	if slots == 0 {
		return op{}, false
	}
	values := item{":n": number(int64(slots)), ":kind": text(kindJobs), ":due": number(0)}
	names := map[string]string{"#active": "active", "#open": IndexKey, "#due": IndexSortKey}
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
	update := &types.Update{
		TableName: &l.table, Key: keyOf("job", w.Job),
		UpdateExpression:    aws.String("ADD #active :n" + holders(w, slots, names, values) + " SET #open = :kind, #due = :due"),
		ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return op{types.TransactWriteItem{Update: update}, full}, true
}

// holders is the part of the update that keeps who holds a slot: those that take one join, those that give one back
// leave. No write does both.
func holders(w run.Write, slots int, names map[string]string, values item) string {
	var ids []string
	for _, c := range w.Changes {
		if c.Slots != 0 && (c.Slots > 0) == (slots > 0) {
			ids = append(ids, string(c.Run.ID))
		}
	}
	if !w.Holders {
		return ""
	}
	names["#holders"], values[":ids"] = "holders", &types.AttributeValueMemberSS{Value: ids}
	if slots > 0 {
		return ", #holders :ids"
	}
	return " DELETE #holders :ids"
}

// full takes over who is in the way of a write that wants slots.
func full(stored item, a *answer) error {
	active, err := numberOf(stored, "active")
	if err != nil {
		return err
	}
	a.conflict.Full, a.conflict.Active = true, int(active)
	if ids, ok := stored["holders"].(*types.AttributeValueMemberSS); ok {
		for _, id := range ids.Value {
			a.conflict.Holders = append(a.conflict.Holders, run.ID(id))
		}
	}
	return nil
}

// gatherOp moves the job's pointer to its open batch.
func (l *Ledger) gatherOp(w run.Write) op {
	condition, values := "attribute_not_exists(#batch)", item{":is": text(string(w.Gathers.Is)), ":kind": text(kindJobs), ":due": number(0)}
	if w.Gathers.Was != "" {
		condition, values[":was"] = "#batch = :was", text(string(w.Gathers.Was))
	}
	update := &types.Update{
		TableName: &l.table, Key: keyOf("job", w.Job),
		UpdateExpression:                    aws.String("SET #batch = :is, #open = :kind, #due = :due"),
		ConditionExpression:                 &condition,
		ExpressionAttributeNames:            map[string]string{"#batch": "batch", "#open": IndexKey, "#due": IndexSortKey},
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return op{types.TransactWriteItem{Update: update}, func(stored item, a *answer) error {
		a.conflict.Moved = textOf(stored, "batch") != string(w.Gathers.Is)
		return nil
	}}
}

// readReasons reads why a transaction was cancelled, by position.
func readReasons(job string, ops []op, reasons []types.CancellationReason, ours map[run.ID]item) (busy bool, err error) {
	a := &answer{theirs: map[run.ID]item{}, ours: ours}
	conditions := 0
	for i, reason := range reasons {
		switch code := aws.ToString(reason.Code); {
		case code == "None" || i >= len(ops):
		case code == "ConditionalCheckFailed":
			conditions++
			if err := ops[i].failed(reason.Item, a); err != nil {
				return false, err
			}
		default:
			busy = busy || passing(code)
			err = errors.Join(err, fmt.Errorf("write runs of job %s: %s: %s", job, code, aws.ToString(reason.Message)))
		}
	}
	if conditions == 0 {
		return busy, err
	}
	return false, a.result()
}

// passing reports whether a cancellation says only that others were there at the same time.
func passing(code string) bool {
	switch code {
	case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		return true
	}
	return false
}

// result is the conflict, or nil when all the runs that are in the way are what we wanted to write: our own first try,
// whose answer was lost.
func (a *answer) result() error {
	c := a.conflict
	c.Current = map[run.ID]run.Run{}
	own := 0
	for id, it := range a.theirs {
		if len(it) == 0 {
			continue // deleted meanwhile: nothing is stored
		}
		if sameDoc(it, a.ours[id]) {
			own++
		}
		r, err := decodeRun(it)
		if err != nil {
			return err
		}
		c.Current[id] = r
	}
	if own == len(a.ours) {
		return nil
	}
	return &c
}
