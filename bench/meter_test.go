package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"slipway/internal/emulator"
	"slipway/internal/ledger"
)

// meter stands before the table and counts what DynamoDB would bill for each call: write units of 1 KB for the item and
// for each index whose entry changes, twice for the item in a transaction; read units of 4 KB, half as many where the
// read may be stale. A call that a condition refuses is billed as well.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
type meter struct {
	endpoint string

	mu            sync.Mutex // protects following fields
	calls         map[string]int
	writes, reads float64
}

// metered is a ledger in a table of the emulator, behind a meter.
func metered(t *testing.T) (*ledger.Ledger, *meter) {
	t.Helper()
	cfg, endpoint := emulator.Config(t)
	m := &meter{endpoint: *endpoint}
	door := httptest.NewServer(m)
	t.Cleanup(door.Close)
	l := ledger.New(cfg, &door.URL, emulator.Table(t.Context(), t))
	m.reset()
	return l, m
}

// reset begins a new bill, and returns the write and read units of the old one.
func (m *meter) reset() (writes, reads float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	writes, reads = m.writes, m.reads
	m.calls, m.writes, m.reads = map[string]int{}, 0, 0
	return writes, reads
}

// attributes are an item as the protocol writes it: name → {type: value}.
type attributes map[string]map[string]any

// size is what DynamoDB counts: names, values in UTF-8, and bytes before they are encoded. The numbers here are short,
// and taken as their digits.
func (a attributes) size() int {
	n := 0
	for name, value := range a {
		n += len(name)
		for kind, v := range value {
			switch s, ok := v.(string); {
			case ok && kind == "B":
				n += base64.StdEncoding.DecodedLen(len(s))
				continue
			case ok:
				n += len(s)
				continue
			}
			other, _ := json.Marshal(v)
			n += len(other)
		}
	}
	return n
}

// of returns the attributes of the given names that there are.
func (a attributes) of(names ...string) attributes {
	out := attributes{}
	for _, name := range names {
		if v, ok := a[name]; ok {
			out[name] = v
		}
	}
	return out
}

func units(bytes, each int) float64 { return float64(max(1, (bytes+each-1)/each)) }

// entry is what an index holds of an item, or nil.
func entry(a attributes, keys []string, all bool, others ...string) attributes {
	if len(a.of(keys...)) < len(keys) {
		return nil
	}
	if all {
		return a
	}
	return a.of(append(append([]string{ledger.PartitionKey, ledger.SortKey}, keys...), others...)...)
}

func equal(a, b attributes) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// indexUnits are the write units of one index for a change of its item: one for each KB of an entry that is added,
// changed or removed, and both when its key changes.
func indexUnits(was, is attributes, keys []string) float64 {
	switch {
	case equal(was, is):
		return 0
	case was == nil:
		return units(is.size(), 1024)
	case is == nil:
		return units(was.size(), 1024)
	case equal(was.of(keys...), is.of(keys...)):
		return units(max(was.size(), is.size()), 1024)
	}
	return units(was.size(), 1024) + units(is.size(), 1024)
}

// writeUnits are those of a change of one item, without what a transaction adds.
func writeUnits(was, is attributes) (item, indexes float64) {
	open, history := []string{ledger.IndexKey, ledger.IndexSortKey}, []string{ledger.HistoryKey, ledger.HistorySortKey}
	indexes = indexUnits(entry(was, open, true), entry(is, open, true), open) +
		indexUnits(entry(was, history, false, "state", "object", "etag"), entry(is, history, false, "state", "object", "etag"), history)
	return units(max(was.size(), is.size()), 1024), indexes
}

// stored is a PutItem or UpdateItem, by itself or in a transaction.
type stored struct {
	TableName string
	Item, Key attributes
}

func (w stored) key() attributes {
	if w.Key != nil {
		return w.Key
	}
	return w.Item.of(ledger.PartitionKey, ledger.SortKey)
}

// call is what the meter reads of a request.
type call struct {
	stored
	ConsistentRead bool
	TransactItems  []map[string]stored
}

func (c call) changes() []stored {
	var out []stored
	for _, t := range c.TransactItems {
		for _, w := range t {
			out = append(out, w)
		}
	}
	return out
}

// found is what the meter reads of an answer to a read.
type found struct {
	Item      attributes
	Items     []attributes
	Responses map[string][]attributes
}

// ServeHTTP forwards one call, and bills it.
func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	var c call
	if err != nil || json.Unmarshal(body, &c) != nil {
		panic(http.ErrAbortHandler)
	}
	changes := c.changes()
	if operation == "PutItem" || operation == "UpdateItem" {
		changes = []stored{c.stored}
	}
	m.mu.Lock()
	defer m.mu.Unlock() // one at a time: nothing changes between a call and the look at its items
	before := m.look(r, changes)
	status, header, answer := m.forward(r, operation, body)
	after := m.look(r, changes)
	m.calls[operation]++
	for i := range changes {
		item, indexes := writeUnits(before[i], after[i])
		if operation == "TransactWriteItems" {
			item *= 2
		}
		m.writes += item + indexes
	}
	m.read(operation, c, answer)
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer) //nolint:gosec // the emulator's own answer
}

// read bills the reads.
func (m *meter) read(operation string, c call, answer []byte) {
	var f found
	if json.Unmarshal(answer, &f) != nil {
		return
	}
	switch operation {
	case "GetItem":
		n := units(f.Item.size(), 4096)
		if !c.ConsistentRead {
			n /= 2
		}
		m.reads += n
	case "BatchGetItem":
		for _, items := range f.Responses {
			for _, it := range items {
				m.reads += units(it.size(), 4096)
			}
		}
	case "Query":
		bytes := 0
		for _, it := range f.Items {
			bytes += it.size()
		}
		m.reads += units(bytes, 4096) / 2
	}
}

// look reads the items of writes as they are stored.
func (m *meter) look(r *http.Request, of []stored) []attributes {
	var out []attributes
	for _, w := range of {
		body, err := json.Marshal(map[string]any{"TableName": w.TableName, "Key": w.key(), "ConsistentRead": true})
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _, answer := m.forward(r, "GetItem", body)
		var f found
		if json.Unmarshal(answer, &f) != nil {
			panic(http.ErrAbortHandler)
		}
		out = append(out, f.Item)
	}
	return out
}

func (m *meter) forward(r *http.Request, operation string, body []byte) (int, http.Header, []byte) {
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodPost, m.endpoint, bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header = r.Header.Clone()
	out.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	resp.Header.Del("Content-Length")
	return resp.StatusCode, resp.Header, answer
}
