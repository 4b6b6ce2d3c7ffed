package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Namespace is the CloudWatch namespace of every metric.
const Namespace = "Slipway"

// Metric is the name of a metric. Its unit is Seconds when the name ends so, and Count otherwise.
type Metric string

// The metrics, by the dimension that they have beside Stack.
const (
	// By Job.
	RunsStarted   Metric = "RunsStarted"   // ECS has accepted a task
	RunsQueued    Metric = "RunsQueued"    // admitted, and waiting for room or capacity
	RunsDuplicate Metric = "RunsDuplicate" // asked for again
	RunsRefused   Metric = "RunsRefused"   // ended without a task: the job can never be launched as it is
	RunsSkipped   Metric = "RunsSkipped"   // ended without a task: no room, or a newer version of the object came first

	// By Function.
	ObjectsUnmatched Metric = "ObjectsUnmatched" // objects that no job wants
	EventsIgnored    Metric = "EventsIgnored"    // events of a kind that nobody handles
	EventsReturned   Metric = "EventsReturned"   // messages given back to their queue, to be tried again
	DeadLetters      Metric = "DeadLetters"      // messages given up, with a reason
	TasksObserved    Metric = "TasksObserved"    // changes of tasks, services and deployments taken in
	EventsForeign    Metric = "EventsForeign"    // events of another account
	MailsSent        Metric = "MailsSent"        // by recipient
	MailsFailed      Metric = "MailsFailed"      // by recipient; they are tried again

	CasesCounted       Metric = "CasesCounted"       // failures counted in incidents
	NoticesUnconfirmed Metric = "NoticesUnconfirmed" // told, and perhaps told again: the ledger did not take it
	NoticesBuried      Metric = "NoticesBuried"      // given up, and kept as dead letters

	RunsAdmitted   Metric = "RunsAdmitted"   // scheduled times that became runs
	TimesMissed    Metric = "TimesMissed"    // scheduled times given up by catchUp
	RunsReconciled Metric = "RunsReconciled" // runs looked after that nothing was heard of
	Ticks          Metric = "Ticks"          // minutes done; an alarm watches for their absence

	// By Scaler.
	MessagesVisible  Metric = "MessagesVisible"
	MessagesInFlight Metric = "MessagesInFlight"
	TasksDesired     Metric = "TasksDesired"
	TasksRunning     Metric = "TasksRunning"
	MessagesDelayed  Metric = "MessagesDelayed"
	WaitSeconds      Metric = "WaitSeconds" // that a message which arrives now is expected to wait

	// By Reason, which is the name of a scaler, a slash, and why its count was chosen.
	ScalingDecisions Metric = "ScalingDecisions"
)

func (m Metric) unit() string {
	if strings.HasSuffix(string(m), "Seconds") {
		return "Seconds"
	}
	return "Count"
}

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

// Emit writes the values of one moment under a dimension beside Stack, such as Job and a job's name.
func (m *Metrics) Emit(dimension, name string, values map[Metric]int) {
	if len(values) == 0 {
		return
	}
	type definition struct{ Name, Unit string }
	var definitions []definition
	line := map[string]any{"Stack": m.stack, dimension: name}
	for _, metric := range slices.Sorted(maps.Keys(values)) {
		definitions = append(definitions, definition{string(metric), metric.unit()})
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
