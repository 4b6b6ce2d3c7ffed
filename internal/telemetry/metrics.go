package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Namespace is the CloudWatch namespace of every metric.
const Namespace = "Slipway"

// Metrics writes metrics in CloudWatch's embedded metric format. It may be used by several goroutines at once.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
type Metrics struct {
	stack string
	now   func() time.Time

	mu  sync.Mutex // protects following field
	out io.Writer
}

// NewMetrics returns metrics of a stack. In a function, out is standard output.
func NewMetrics(out io.Writer, stack string, now func() time.Time) *Metrics {
	return &Metrics{stack: stack, now: now, out: out}
}

// Emit writes the values of one moment, all of one job, function, scaler or whatever else these metrics have as their
// dimension beside Stack. A metric that Definitions does not list is not written: nobody would know what it says.
func (m *Metrics) Emit(of string, values map[Metric]int) {
	by := map[Dimension]map[Metric]int{}
	for metric, n := range values {
		if d, ok := defined()[metric]; ok {
			if by[d.Dimension] == nil {
				by[d.Dimension] = map[Metric]int{}
			}
			by[d.Dimension][metric] = n
		}
	}
	for _, dimension := range slices.Sorted(maps.Keys(by)) {
		m.emit(string(dimension), of, by[dimension])
	}
}

func (m *Metrics) emit(dimension, name string, values map[Metric]int) {
	type definition struct{ Name, Unit string }
	var definitions []definition
	line := map[string]any{"Stack": m.stack, dimension: name}
	for _, metric := range slices.Sorted(maps.Keys(values)) {
		definitions = append(definitions, definition{string(metric), defined()[metric].Unit})
		line[string(metric)] = values[metric]
	}
	line["_aws"] = map[string]any{
		"Timestamp": m.now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": Namespace, "Dimensions": [][]string{{"Stack", dimension}}, "Metrics": definitions,
		}},
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic("telemetry: a metric that cannot be encoded: " + err.Error()) // numbers and texts only: cannot happen
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = fmt.Fprintf(m.out, "%s\n", text) // nobody can be told when standard output is gone
}
