package event

import "encoding/json"

// Tasks are the tasks of a DescribeTasks answer, or the one task that stands by itself. It returns false for anything
// else.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
func Tasks(payload []byte) ([]Event, bool) {
	var answer struct {
		Tasks  list[task] `json:"tasks"`
		Source text       `json:"source"`
	}
	var one task
	if json.Unmarshal(payload, &answer) != nil || answer.Source != "" || json.Unmarshal(payload, &one) != nil {
		return nil, false
	}
	if one.ARN != "" && one.LastStatus != "" {
		return []Event{TaskChange{Task: one.task()}}, true
	}
	var out []Event
	for _, t := range answer.Tasks {
		out = append(out, TaskChange{Task: t.task()})
	}
	return out, len(out) > 0
}
