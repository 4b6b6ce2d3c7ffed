package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/run"
)

// The names of the table's attributes and of its index, which template.yaml declares.
const (
	PartitionKey  = "pk"
	SortKey       = "sk"
	Index         = "open"
	IndexKey      = "open"
	IndexSortKey  = "due"
	ExpiryName    = "expires"
	layoutVersion = 3
)

// The index of every run by job and by when it was admitted, for people: no function reads it.
const (
	History        = "history"
	HistoryKey     = "job"
	HistorySortKey = "admitted"
)

// Actions are the IAM actions that the ledger needs on the table, and on its index for Query.
var Actions = []string{"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"}

// Ledger is the table. It may be used by several goroutines at once.
type Ledger struct {
	client *dynamodb.Client // concrete: an interface would keep every operation in a binary that has templates
	table  string
	sleep  func(context.Context, time.Duration) error
}

// New returns the ledger in the table of that name.
func New(cfg aws.Config, endpoint *string, table string) *Ledger {
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = endpoint })
	return &Ledger{client: client, table: table, sleep: wait}
}

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func textOf(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// numberOf is zero for an attribute that is absent.
func numberOf(it item, name string) (int64, error) {
	v, ok := it[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		return 0, run.Never("ledger-version", fmt.Errorf("read attribute %s of %s: %w", name, textOf(it, PartitionKey), err))
	}
	return n, nil
}

func keyOf(kind, name string) item {
	return item{PartitionKey: text(kind + "#" + name), SortKey: text(kind)}
}

// get reads one item consistently; it is nil when there is none.
func (l *Ledger) get(ctx context.Context, key item) (item, error) {
	out, err := l.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &l.table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, fmt.Errorf("read %s from the ledger: %w", textOf(key, PartitionKey), err)
	}
	return out.Item, nil
}

// due returns up to limit items of one kind of the index whose due time is not after the given one, the longest due
// first. The index lags behind the table.
func (l *Ledger) due(ctx context.Context, kind string, until time.Time, limit int) ([]item, error) {
	var out []item
	in := &dynamodb.QueryInput{
		TableName: &l.table, IndexName: aws.String(Index),
		KeyConditionExpression:    aws.String("#open = :kind AND #due <= :until"),
		ExpressionAttributeNames:  map[string]string{"#open": IndexKey, "#due": IndexSortKey},
		ExpressionAttributeValues: item{":kind": text(kind), ":until": number(until.UnixMilli())},
	}
	for len(out) < limit {
		in.Limit = aws.Int32(int32(min(limit-len(out), 1000))) //nolint:gosec // bounded by 1000
		page, err := l.client.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("query the ledger for %s: %w", kind, err)
		}
		out = append(out, page.Items...)
		if len(page.LastEvaluatedKey) == 0 {
			break
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
	return out, nil
}

// put stores an item when the one that is stored has the given revision; zero: none is stored. It returns the stored
// item when that is not so. An item that a transaction holds at the moment is tried again.
func (l *Ledger) put(ctx context.Context, it item, revision int64) (conflict item, err error) {
	for try := 0; ; try++ {
		conflict, err = l.putOnce(ctx, it, revision)
		var busy *types.TransactionConflictException
		if !errors.As(err, &busy) || try == maxTries {
			return conflict, err
		}
		if err := l.sleep(ctx, jitter(try)); err != nil {
			return nil, err
		}
	}
}

func (l *Ledger) putOnce(ctx context.Context, it item, revision int64) (conflict item, err error) {
	condition, names, values := expecting(revision)
	_, err = l.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &l.table, Item: it,
		ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		if failed.Item == nil {
			return item{}, nil
		}
		return failed.Item, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store %s in the ledger: %w", textOf(it, PartitionKey), err)
	}
	return nil, nil
}

// expecting is the condition that an item has a revision; zero: that there is none.
func expecting(revision int64) (string, map[string]string, item) {
	if revision == 0 {
		return "attribute_not_exists(#rev)", map[string]string{"#rev": "rev"}, nil
	}
	return "#rev = :rev", map[string]string{"#rev": "rev"}, item{":rev": number(revision)}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
