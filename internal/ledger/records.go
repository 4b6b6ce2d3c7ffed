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

// maxJobs bounds how many jobs are read; no configuration has as many.
const maxJobs = 10_000

// Jobs returns the state of every job ever seen.
func (l *Ledger) Jobs(ctx context.Context) ([]run.JobState, error) {
	items, err := l.due(ctx, kindJobs, time.UnixMilli(0), maxJobs)
	if err != nil {
		return nil, err
	}
	out := make([]run.JobState, 0, len(items))
	for _, it := range items {
		s, err := decodeJob(it)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Job returns the state of one job; one that was never seen has only its name.
func (l *Ledger) Job(ctx context.Context, name string) (run.JobState, error) {
	it, err := l.get(ctx, keyOf("job", name))
	if err != nil || it == nil {
		return run.JobState{Name: name}, err
	}
	return decodeJob(it)
}

func decodeJob(it item) (run.JobState, error) {
	var s run.JobState
	if doc := textOf(it, "doc"); doc != "" {
		if err := json.Unmarshal([]byte(doc), &s); err != nil {
			return s, run.Never("ledger-version", fmt.Errorf("decode %s: %w", textOf(it, PartitionKey), err))
		}
	}
	s.Name = textOf(it, PartitionKey)[len("job#"):]
	active, err := numberOf(it, "active")
	if err != nil {
		return s, err
	}
	s.Active = int(active)
	s.Revision, err = numberOf(it, "rev")
	return s, err
}

// SaveJob stores a job's state, but for its counter.
func (l *Ledger) SaveJob(ctx context.Context, s run.JobState) error {
	doc, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode job %s: %w", s.Name, err)
	}
	condition, names, values := expecting(s.Revision)
	if values == nil {
		values = item{}
	}
	for name, attribute := range map[string]string{"#doc": "doc", "#v": "v", "#open": IndexKey, "#due": IndexSortKey} {
		names[name] = attribute
	}
	values[":doc"], values[":next"], values[":v"] = text(string(doc)), number(s.Revision+1), number(layoutVersion)
	values[":kind"], values[":due"] = text(kindJobs), number(0)
	_, err = l.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &l.table, Key: keyOf("job", s.Name),
		UpdateExpression:    aws.String("SET #doc = :doc, #rev = :next, #v = :v, #open = :kind, #due = :due"),
		ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	})
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return &run.Conflict{}
	}
	if err != nil {
		return fmt.Errorf("store job %s: %w", s.Name, err)
	}
	return nil
}

// Acquire takes or renews a lease, and reports whether holder has it now.
func (l *Ledger) Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	_, err := l.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &l.table, Key: keyOf("lease", name),
		UpdateExpression:          aws.String("SET #holder = :holder, #until = :until"),
		ConditionExpression:       aws.String("attribute_not_exists(#until) OR #until <= :now OR #holder = :holder"),
		ExpressionAttributeNames:  map[string]string{"#holder": "holder", "#until": "until"},
		ExpressionAttributeValues: item{":holder": text(holder), ":until": number(now.Add(ttl).UnixMilli()), ":now": number(now.UnixMilli())},
	})
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("acquire lease %s: %w", name, err)
	}
	return true, nil
}

// Release gives a lease back if holder still has it.
func (l *Ledger) Release(ctx context.Context, name, holder string) error {
	_, err := l.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &l.table, Key: keyOf("lease", name),
		UpdateExpression:          aws.String("SET #until = :zero"),
		ConditionExpression:       aws.String("#holder = :holder"),
		ExpressionAttributeNames:  map[string]string{"#holder": "holder", "#until": "until"},
		ExpressionAttributeValues: item{":holder": text(holder), ":zero": number(0)},
	})
	var failed *types.ConditionalCheckFailedException
	if err == nil || errors.As(err, &failed) {
		return nil
	}
	return fmt.Errorf("release lease %s: %w", name, err)
}
