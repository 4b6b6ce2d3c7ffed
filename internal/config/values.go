package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Value is a deploy-time value: slipway.yaml writes it as ${Name}, and template.yaml gives it to every function.
type Value struct {
	Name string
	Doc  string
}

// Values lists the deploy-time values that slipway.yaml may use, with what they stand for.
func Values() []Value {
	return []Value{
		{"ClusterName", "The name of the ECS cluster: the one that the stack made, or the one that its parameter ClusterArn names."},
		{"BatchBucket", "The name of the bucket for the lists of batches and the reports about them. Its objects start nothing."},
		{"UploadsBucket", "The name of the example uploads bucket."},
		{"ResultsBucket", "The name of the example results bucket."},
		{"ObjectProcessorTask", "The task definition, with its revision, of the example object processor."},
		{"HourlyBatchTask", "The task definition, with its revision, of the example hourly report."},
		{"QueueWorkerTask", "The task definition, with its revision, of the example queue worker."},
		{"ObjectProcessorLogs", "The name of the log group of the example object processor."},
		{"HourlyBatchLogs", "The name of the log group of the example hourly report."},
		{"QueueWorkerLogs", "The name of the log group of the example queue worker."},
		{"WorkQueueUrl", "The URL of the example work queue."},
		{"WorkerService", "The name of the example service that works on that queue."},
		{"NotificationEmail", "The address of the parameter NotificationEmail. It may be empty: then nobody is told."},
	}
}

// Expand fills in ${Name}, as lookup gives it, and turns ${!Name} into ${Name}, as Fn::Sub of CloudFormation does.
// It returns the names that lookup does not know, each once for each place; those places stay as they are.
func Expand(text string, lookup func(name string) (string, bool)) (filled string, unknown []string) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(text)
			return b.String(), unknown
		}
		b.WriteString(before)
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			b.WriteString("${" + literal + "}")
		} else if value, ok := lookup(name); ok {
			b.WriteString(value)
		} else {
			b.WriteString("${" + name + "}")
			unknown = append(unknown, name)
		}
		text = after
	}
}

// Fill returns the configuration with every ${Name} that values has filled in. Others stay as they are.
func (c Config) Fill(values map[string]string) (Config, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return Config{}, fmt.Errorf("encode the configuration: %w", err)
	}
	filled, _ := Expand(string(text), func(name string) (string, bool) {
		value, ok := values[name]
		return jsonText(value), ok
	})
	var out Config
	if err := json.Unmarshal([]byte(filled), &out); err != nil {
		return Config{}, fmt.Errorf("fill the configuration in: %w", err)
	}
	return out, nil
}

// fill fills every ${Name} of a JSON text in. Compiled configurations hold no escaped "$" or "{".
func fill(text string, values map[string]string) (string, error) {
	filled, unknown := Expand(text, func(name string) (string, bool) {
		value, ok := values[name]
		if !ok {
			return "", false
		}
		return jsonText(value), true
	})
	if len(unknown) == 0 {
		return filled, nil
	}
	slices.Sort(unknown)
	return "", fmt.Errorf("${%s} is not among the values of this stack (%s): build and deploy slipway.yaml and template.yaml together",
		strings.Join(slices.Compact(unknown), "}, ${"), strings.Join(slices.Sorted(maps.Keys(values)), ", "))
}

// jsonText is a value as it stands between the quotes of a JSON string.
func jsonText(value string) string {
	quoted, err := json.Marshal(value)
	if err != nil {
		return "" // a string always encodes
	}
	return string(quoted[1 : len(quoted)-1])
}
