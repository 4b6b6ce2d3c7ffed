package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/run"
)

// The kinds of the index.
const (
	kindWatch    = "watch"    // runs that are active or owe something
	kindIncident = "incident" // incidents that owe something
	kindJobs     = "jobs"     // every job
)

func kindQueued(job string) string { return "queued#" + job }

// Run returns a run as it is stored, or an error that is run.ErrNotFound.
func (l *Ledger) Run(ctx context.Context, id run.ID) (run.Run, error) {
	it, err := l.get(ctx, keyOf("run", string(id)))
	if err != nil {
		return run.Run{}, err
	}
	if it == nil {
		return run.Run{}, fmt.Errorf("run %s: %w", id, run.ErrNotFound)
	}
	return decodeRun(it)
}

// readAtOnce is how many items one BatchGetItem takes.
const readAtOnce = 100

// Runs returns the runs of these IDs as they are stored, in this order. One that is not there is left out.
func (l *Ledger) Runs(ctx context.Context, ids []run.ID) ([]run.Run, error) {
	found := map[run.ID]run.Run{}
	for part := range slices.Chunk(ids, readAtOnce) {
		if err := l.readInto(ctx, part, found); err != nil {
			return nil, err
		}
	}
	out := make([]run.Run, 0, len(ids))
	for _, id := range ids {
		if r, ok := found[id]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

// readInto reads up to readAtOnce runs consistently. DynamoDB may answer with a part, and is asked again for the rest.
func (l *Ledger) readInto(ctx context.Context, ids []run.ID, found map[run.ID]run.Run) error {
	var keys []item
	for _, id := range ids {
		keys = append(keys, keyOf("run", string(id)))
	}
	wanted := map[string]types.KeysAndAttributes{l.table: {Keys: keys, ConsistentRead: aws.Bool(true)}}
	for try := 0; len(wanted) > 0; try++ {
		if try > 0 {
			if err := l.sleep(ctx, jitter(min(try, maxTries))); err != nil {
				return err
			}
		}
		out, err := l.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: wanted})
		if err != nil {
			return fmt.Errorf("read %d runs from the ledger: %w", len(ids), err)
		}
		for _, it := range out.Responses[l.table] {
			r, err := decodeRun(it)
			if err != nil {
				return err
			}
			found[r.ID] = r
		}
		wanted = out.UnprocessedKeys
	}
	return nil
}

// Gathering returns the ID of the batch that new objects of the job join, or "" when there was none yet. The batch may
// have been sealed since.
func (l *Ledger) Gathering(ctx context.Context, job string) (run.ID, error) {
	it, err := l.get(ctx, keyOf("job", job))
	return run.ID(textOf(it, "batch")), err
}

// Queued returns queued runs of a job that are due, the longest due first. Runs that this release cannot read are left
// alone: the error names them, and the others are returned beside it.
func (l *Ledger) Queued(ctx context.Context, job string, now time.Time, limit int) ([]run.Run, error) {
	return l.runs(ctx, kindQueued(job), now, limit)
}

// Watched returns runs that are active or owe something and are due, the longest due first; unreadable ones as in
// Queued.
func (l *Ledger) Watched(ctx context.Context, now time.Time, limit int) ([]run.Run, error) {
	return l.runs(ctx, kindWatch, now, limit)
}

func (l *Ledger) runs(ctx context.Context, kind string, now time.Time, limit int) ([]run.Run, error) {
	items, err := l.due(ctx, kind, now, limit)
	if err != nil {
		return nil, err
	}
	out := make([]run.Run, 0, len(items))
	var unreadable []error
	for _, it := range items {
		r, err := decodeRun(it)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		out = append(out, r)
	}
	return out, errors.Join(unreadable...)
}

// encodeRun is the item of a run at the revision after the one it was read at.
func encodeRun(r run.Run) (item, error) {
	doc, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode run %s: %w", r.ID, err)
	}
	it := keyOf("run", string(r.ID))
	putDoc(it, doc)
	it["rev"], it["v"] = number(r.Revision+1), number(layoutVersion)
	it["job"], it["state"], it[HistorySortKey] = text(r.Job), text(string(r.State)), number(r.AdmittedAt.UnixMilli())
	if o := r.Input.Object; o != nil {
		it["object"], it["etag"] = text(o.Bucket+"/"+o.Key), text(o.ETag)
	}
	if kind := indexKind(r); kind != "" {
		it[IndexKey], it[IndexSortKey] = text(kind), number(r.Due().UnixMilli())
	}
	if at := r.ExpiresAt(); !at.IsZero() {
		it[ExpiryName] = number(at.Unix())
	}
	return it, nil
}

// indexKind is where the index lists a run, or "" for one that nothing is due for.
func indexKind(r run.Run) string {
	switch {
	case r.Member != "" && r.State == run.Queued && len(r.Owed) == 0:
		return "" // its batch is due for it
	case r.State == run.Queued && len(r.Owed) == 0:
		return kindQueued(r.Job)
	case r.Open():
		return kindWatch
	}
	return ""
}

// decodeRun reads an item. One of a newer layout, or with a state that this release does not know, is refused: nothing
// of it may be changed.
func decodeRun(it item) (run.Run, error) {
	name := textOf(it, PartitionKey)
	v, err := numberOf(it, "v")
	if err != nil {
		return run.Run{}, err
	}
	if v > layoutVersion {
		return run.Run{}, run.Never("ledger-version", fmt.Errorf("read %s: it was written by a newer release (layout %d)", name, v))
	}
	doc, err := docOf(it)
	if err != nil {
		return run.Run{}, run.Never("ledger-version", err)
	}
	var r run.Run
	if err := json.Unmarshal(doc, &r); err != nil {
		return run.Run{}, run.Never("ledger-version", fmt.Errorf("decode %s: %w", name, err))
	}
	if v < 2 {
		upgrade(&r, doc)
	}
	if !r.State.Valid() {
		return run.Run{}, run.Never("ledger-version", fmt.Errorf("read %s: this release does not know the state %q", name, r.State))
	}
	r.Revision, err = numberOf(it, "rev")
	return r, err
}

// upgrade reads what layout 1 wrote in another way: the step of the capacity order that the next launch takes.
func upgrade(r *run.Run, doc []byte) {
	var old struct {
		CapacityStep int `json:"capacityStep"`
	}
	if err := json.Unmarshal(doc, &old); err == nil {
		r.Place.Step = old.CapacityStep
	}
}
