package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/run"
)

// OpenIncident is where the index lists incidents that something is still to come of.
const OpenIncident = kindIncident

// maxOpenIncidents bounds how many open incidents are looked through: a stack has one for each job, class and container.
const maxOpenIncidents = 5000

// Incident returns an incident as it is stored, or an error that is run.ErrNotFound.
func (l *Ledger) Incident(ctx context.Context, key string) (run.Incident, error) {
	it, err := l.get(ctx, keyOf("incident", key))
	if err != nil {
		return run.Incident{}, err
	}
	if it == nil {
		return run.Incident{}, fmt.Errorf("incident %s: %w", key, run.ErrNotFound)
	}
	return decodeIncident(it)
}

// SaveIncident stores an incident at the revision after the one it was read at; zero: it is new. With a case's ID it
// does so only when the case was never counted, and otherwise returns run.ErrRecorded; both are one transaction.
func (l *Ledger) SaveIncident(ctx context.Context, i run.Incident, caseID string) error {
	it, err := encodeIncident(i)
	if err != nil {
		return err
	}
	if caseID == "" {
		stored, err := l.put(ctx, it, i.Revision)
		if err == nil && stored != nil {
			return &run.Conflict{}
		}
		return err
	}
	for try := 0; ; try++ {
		busy, err := l.saveCase(ctx, it, i, caseID)
		if !busy || try == maxTries {
			return err
		}
		if err := l.sleep(ctx, jitter(try)); err != nil {
			return err
		}
	}
}

// saveCase tries the transaction once. Busy says that nothing is wrong with it but the moment.
func (l *Ledger) saveCase(ctx context.Context, it item, i run.Incident, caseID string) (busy bool, err error) {
	marker := keyOf("case", run.CaseKey(caseID))
	marker["rev"], marker["v"] = number(1), number(layoutVersion)
	marker["incident"] = text(i.Key)
	marker[ExpiryName] = number(i.SeenAt.Add(run.KeepCases).Unix())
	_, err = l.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		l.putIf(marker, 0), l.putIf(it, i.Revision),
	}})
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		if err != nil {
			return false, fmt.Errorf("store incident %s: %w", i.Key, err)
		}
		return false, nil
	}
	for at, reason := range canceled.CancellationReasons {
		switch code := aws.ToString(reason.Code); {
		case code == "ConditionalCheckFailed" && at == 0:
			return false, run.ErrRecorded
		case code == "ConditionalCheckFailed":
			return false, &run.Conflict{}
		case passing(code):
			busy = true
		}
	}
	return busy, fmt.Errorf("store incident %s: %w", i.Key, err)
}

// putIf puts an item, in a transaction, over one of the given revision; zero: over none.
func (l *Ledger) putIf(it item, revision int64) types.TransactWriteItem {
	condition, names, values := expecting(revision)
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &l.table, Item: it,
		ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}
}

// DueIncidents returns up to limit incidents whose Due has come, the longest due first. Those that this release cannot
// read are left alone: the error names them, and the others are returned beside it.
func (l *Ledger) DueIncidents(ctx context.Context, now time.Time, limit int) ([]run.Incident, error) {
	items, err := l.due(ctx, kindIncident, now, limit)
	if err != nil {
		return nil, err
	}
	out := make([]run.Incident, 0, len(items))
	var unreadable []error
	for _, it := range items {
		i, err := decodeIncident(it)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		out = append(out, i)
	}
	return out, errors.Join(unreadable...)
}

// OpenIncidents returns the open incidents of a subject.
func (l *Ledger) OpenIncidents(ctx context.Context, of run.Subject) ([]run.Incident, error) {
	all, err := l.DueIncidents(ctx, farFuture, maxOpenIncidents)
	var out []run.Incident
	for _, i := range all {
		if i.Open() && i.Subject == of {
			out = append(out, i)
		}
	}
	return out, err
}

// farFuture is after every due time.
var farFuture = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func decodeIncident(it item) (run.Incident, error) {
	var i run.Incident
	name := textOf(it, PartitionKey)
	v, err := numberOf(it, "v")
	if err != nil {
		return i, err
	}
	if v > layoutVersion {
		return i, run.Never("ledger-version", fmt.Errorf("read %s: it was written by a newer release (layout %d)", name, v))
	}
	if err := json.Unmarshal([]byte(textOf(it, "doc")), &i); err != nil {
		return i, run.Never("ledger-version", fmt.Errorf("decode %s: %w", name, err))
	}
	i.Revision, err = numberOf(it, "rev")
	return i, err
}

func encodeIncident(i run.Incident) (item, error) {
	doc, err := json.Marshal(i)
	if err != nil {
		return nil, fmt.Errorf("encode incident %s: %w", i.Key, err)
	}
	it := keyOf("incident", i.Key)
	it["doc"], it["rev"], it["v"] = text(string(doc)), number(i.Revision+1), number(layoutVersion)
	if i.Pending() {
		it[IndexKey], it[IndexSortKey] = text(kindIncident), number(i.Due().UnixMilli())
	} else {
		it[ExpiryName] = number(i.ClosedAt.Add(run.KeepFor).Unix())
	}
	return it, nil
}

// Mark returns what was marked under a name, or an error that is run.ErrNotFound.
func (l *Ledger) Mark(ctx context.Context, name string) (run.Mark, error) {
	var m run.Mark
	it, err := l.get(ctx, keyOf("mark", name))
	if err != nil {
		return m, err
	}
	if it == nil {
		return m, fmt.Errorf("mark %s: %w", name, run.ErrNotFound)
	}
	if err := json.Unmarshal([]byte(textOf(it, "doc")), &m); err != nil {
		return m, run.Never("ledger-version", fmt.Errorf("decode %s: %w", textOf(it, PartitionKey), err))
	}
	return m, nil
}

// SaveMark stores a mark unless a newer one is there, which is no error.
func (l *Ledger) SaveMark(ctx context.Context, m run.Mark) error {
	doc, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode mark %s: %w", m.Name, err)
	}
	it := keyOf("mark", m.Name)
	it["doc"], it["rev"], it["v"], it["at"] = text(string(doc)), number(1), number(layoutVersion), number(m.At.UnixMilli())
	if !m.Until.IsZero() {
		it[ExpiryName] = number(m.Until.Unix())
	}
	_, err = l.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &l.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(#at) OR #at < :at"),
		ExpressionAttributeNames:  map[string]string{"#at": "at"},
		ExpressionAttributeValues: item{":at": number(m.At.UnixMilli())},
	})
	var failed *types.ConditionalCheckFailedException
	if err == nil || errors.As(err, &failed) {
		return nil
	}
	return fmt.Errorf("store mark %s: %w", m.Name, err)
}
