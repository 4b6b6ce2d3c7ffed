package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"slipway/internal/run"
)

// Query selects runs of one job for a person. Zero fields select everything.
type Query struct {
	Job    string
	States []run.State
	Object string    // "bucket/key", or "bucket/prefix*"
	Since  time.Time // admitted at or after
	Until  time.Time // admitted before
	Limit  int       // at most so many; zero: no bound
}

// Listed is what the index knows of a run.
type Listed struct {
	ID         run.ID
	State      run.State
	AdmittedAt time.Time
	Object     string // "bucket/key"
	ETag       string
}

// List returns what the index knows of the runs of a job, the newest first. The index lags behind the table by less than
// a second as a rule.
func (l *Ledger) List(ctx context.Context, q Query) ([]Listed, error) {
	var out []Listed
	for listed, err := range l.Each(ctx, q) {
		if err != nil {
			return nil, err
		}
		out = append(out, listed)
	}
	return out, nil
}

// Each is List, page by page, for a history that is too long to hold. An error is the last thing that it yields.
func (l *Ledger) Each(ctx context.Context, q Query) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		in, left := q.input(l.table), q.Limit
		for {
			page, err := l.client.Query(ctx, in)
			if err != nil {
				yield(Listed{}, fmt.Errorf("list the runs of job %s: %w", q.Job, err))
				return
			}
			for _, it := range page.Items {
				listed, err := decodeListed(it)
				if !yield(listed, err) || err != nil {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if in.ExclusiveStartKey = page.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
				return
			}
		}
	}
}

func decodeListed(it item) (Listed, error) {
	at, err := numberOf(it, HistorySortKey)
	return Listed{
		ID: run.ID(strings.TrimPrefix(textOf(it, PartitionKey), "run#")), State: run.State(textOf(it, "state")),
		AdmittedAt: time.UnixMilli(at).UTC(), Object: textOf(it, "object"), ETag: textOf(it, "etag"),
	}, err
}

func (q Query) input(table string) *dynamodb.QueryInput {
	until := q.Until
	if until.IsZero() {
		until = time.UnixMilli(1 << 52)
	}
	since := max(q.Since.UnixMilli(), 0)
	in := &dynamodb.QueryInput{
		TableName: &table, IndexName: aws.String(History), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:    aws.String("#job = :job AND #admitted BETWEEN :since AND :until"),
		ExpressionAttributeNames:  map[string]string{"#job": HistoryKey, "#admitted": HistorySortKey},
		ExpressionAttributeValues: item{":job": text(q.Job), ":since": number(since), ":until": number(until.UnixMilli() - 1)},
	}
	var filters []string
	if len(q.States) > 0 {
		var names []string
		for i, s := range slices.Compact(slices.Sorted(slices.Values(q.States))) {
			name := fmt.Sprintf(":state%d", i)
			names, in.ExpressionAttributeValues[name] = append(names, name), text(string(s))
		}
		in.ExpressionAttributeNames["#state"] = "state"
		filters = append(filters, "#state IN ("+strings.Join(names, ", ")+")")
	}
	if q.Object != "" {
		prefix, isPrefix := strings.CutSuffix(q.Object, "*")
		in.ExpressionAttributeNames["#object"], in.ExpressionAttributeValues[":object"] = "object", text(prefix)
		if isPrefix {
			filters = append(filters, "begins_with(#object, :object)")
		} else {
			filters = append(filters, "#object = :object")
		}
	}
	if len(filters) > 0 {
		in.FilterExpression = aws.String(strings.Join(filters, " AND "))
	}
	return in
}
