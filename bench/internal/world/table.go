package world

import (
	"encoding/json"
	"fmt"
	"sync"
)

// Item is an item of the table as the protocol of DynamoDB writes it: name → {type: value}.
type Item map[string]map[string]any

// kept are the items that there are.
type kept struct {
	mu    sync.Mutex // protects following field
	items []Item
}

// Keep replaces the items that there are. Those with a partition key of the index are found by a query for it.
func (w *World) Keep(items ...Item) {
	w.kept.mu.Lock()
	defer w.kept.mu.Unlock()
	w.kept.items = items
}

// reads are what the answers depend on.
type reads struct {
	TableName                 string
	Key                       Item
	RequestItems              map[string]struct{ Keys []Item }
	ExpressionAttributeValues Item
}

func (k *kept) answer(operation string, body []byte) string {
	var asked reads
	if err := json.Unmarshal(body, &asked); err != nil {
		return "{}"
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var out any
	switch operation {
	case "GetItem":
		found := k.find([]Item{asked.Key})
		if len(found) == 0 {
			return "{}"
		}
		out = map[string]any{"Item": found[0]}
	case "BatchGetItem":
		responses := map[string][]Item{}
		for table, wanted := range asked.RequestItems {
			responses[table] = k.find(wanted.Keys)
		}
		out = map[string]any{"Responses": responses, "UnprocessedKeys": map[string]any{}}
	case "Query":
		found := k.open(asked.ExpressionAttributeValues[":kind"])
		out = map[string]any{"Items": found, "Count": len(found), "ScannedCount": len(found)}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return "{}"
	}
	return string(text)
}

// find are the items with all attributes of one of the keys.
func (k *kept) find(keys []Item) []Item {
	found := []Item{}
	for _, key := range keys {
		for _, it := range k.items {
			if it.has(key) {
				found = append(found, it)
				break
			}
		}
	}
	return found
}

// open are the items of the index with a partition key.
func (k *kept) open(kind map[string]any) []Item {
	found := []Item{}
	for _, it := range k.items {
		if kind != nil && fmt.Sprint(it["open"]) == fmt.Sprint(kind) {
			found = append(found, it)
		}
	}
	return found
}

func (it Item) has(key Item) bool {
	for name, value := range key {
		if fmt.Sprint(it[name]) != fmt.Sprint(value) {
			return false
		}
	}
	return len(key) > 0
}
