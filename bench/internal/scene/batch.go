package scene

import (
	"encoding/json"
	"fmt"
	"maps"

	"slipway/events"
)

// batch is a sample event of one record, as n records with their bodies changed.
func batch(sample string, n int, change func(i int, body string) string) ([]byte, error) {
	text, err := events.Files.ReadFile(sample + ".json")
	if err != nil {
		return nil, err
	}
	var in, out struct{ Records []map[string]any }
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	if len(in.Records) != 1 {
		return nil, fmt.Errorf("the sample event %s has not one record", sample) //nolint:err113 // for a person
	}
	for i := range n {
		record := maps.Clone(in.Records[0])
		body, ok := record["body"].(string)
		if !ok {
			return nil, fmt.Errorf("the record of the sample event %s has no body", sample) //nolint:err113 // for a person
		}
		record["body"], record["messageId"] = change(i, body), fmt.Sprintf("9f0e6d3a-0000-4000-8000-%012d", i)
		out.Records = append(out.Records, record)
	}
	return json.Marshal(out)
}
