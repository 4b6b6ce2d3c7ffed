package telemetry

import (
	"bytes"
	"fmt"
	"sync"
)

// Metric is the name of a metric.
type Metric string

// Dimension is what a metric is told apart by, beside Stack.
type Dimension string

// The dimensions.
const (
	ByJob      Dimension = "Job"
	ByClass    Dimension = "Class"
	ByFunction Dimension = "Function"
	ByScaler   Dimension = "Scaler"
	ByReason   Dimension = "Reason"
)

// The metrics. Definitions says what each of them tells.
const (
	RunsStarted   Metric = "RunsStarted"
	RunsQueued    Metric = "RunsQueued"
	RunsDuplicate Metric = "RunsDuplicate"
	RunsRefused   Metric = "RunsRefused"
	RunsWaiting   Metric = "RunsWaiting"
	RunsRunning   Metric = "RunsRunning"
	RunsSucceeded Metric = "RunsSucceeded"
	RunsFailed    Metric = "RunsFailed"
	RunsCancelled Metric = "RunsCancelled"
	RunsSkipped   Metric = "RunsSkipped"
	StartSeconds  Metric = "StartSeconds"

	AttemptsFailed Metric = "AttemptsFailed"

	ObjectsUnmatched   Metric = "ObjectsUnmatched"
	EventsIgnored      Metric = "EventsIgnored"
	EventsReturned     Metric = "EventsReturned"
	DeadLetters        Metric = "DeadLetters"
	TasksObserved      Metric = "TasksObserved"
	EventsForeign      Metric = "EventsForeign"
	MailsSent          Metric = "MailsSent"
	MailsFailed        Metric = "MailsFailed"
	CasesCounted       Metric = "CasesCounted"
	NoticesUnconfirmed Metric = "NoticesUnconfirmed"
	NoticesBuried      Metric = "NoticesBuried"
	RunsAdmitted       Metric = "RunsAdmitted"
	TimesMissed        Metric = "TimesMissed"
	RunsReconciled     Metric = "RunsReconciled"
	Ticks              Metric = "Ticks"

	MessagesVisible  Metric = "MessagesVisible"
	MessagesInFlight Metric = "MessagesInFlight"
	MessagesDelayed  Metric = "MessagesDelayed"
	TasksDesired     Metric = "TasksDesired"
	TasksRunning     Metric = "TasksRunning"
	WaitSeconds      Metric = "WaitSeconds"

	ScalingDecisions Metric = "ScalingDecisions"
)

// Definition says what a metric tells.
type Definition struct {
	Metric    Metric
	Dimension Dimension
	Unit      string
	By        string // the function that writes it
	Doc       string
}

const (
	count   = "Count"
	seconds = "Seconds"
)

// Definitions lists every metric, in the order in which the documentation shows them.
func Definitions() []Definition {
	const trigger, tick, scaler, notifier, several = "s3-trigger", "scheduler", "sqs-scaler", "lifecycle-notifier", "several"
	return []Definition{
		{RunsStarted, ByJob, count, trigger, "Objects whose task ECS has accepted at once."},
		{RunsQueued, ByJob, count, trigger, "Objects whose run waits for room, for capacity or for its batch."},
		{RunsDuplicate, ByJob, count, trigger, "Objects that were asked for again; each has its run already."},
		{RunsRefused, ByJob, count, trigger, "Objects whose run ended without a task: the job cannot be launched as it is. They are in RunsFailed too."},
		{RunsWaiting, ByJob, count, tick, "Runs that are due and have no room or no capacity, at the end of a minute. No more than 90 are counted."},
		{RunsRunning, ByJob, count, notifier, "Attempts whose task has become RUNNING."},
		{RunsSucceeded, ByJob, count, notifier, "Runs that have succeeded. Of a batch, its objects."},
		{RunsFailed, ByJob, count, notifier, "Runs that have failed, and will not be tried again by themselves. Of a batch, its objects."},
		{RunsCancelled, ByJob, count, notifier, "Runs that somebody has cancelled, or that gave way to a newer one."},
		{RunsSkipped, ByJob, count, notifier, "Runs that ended without a task: there was no room, or a newer version of the object came first."},
		{StartSeconds, ByJob, seconds, notifier, "Time from the event, or the scheduled time, until the task was RUNNING for the first time. Of a batch, from its first object; of a run that was started by hand, from then."},

		{AttemptsFailed, ByClass, count, notifier, "Attempts that have failed and are tried again, and runs that have failed for good, by the class of what happened ([all classes](classes.md))."},

		{RunsAdmitted, ByFunction, count, tick, "Scheduled times that became runs."},
		{TimesMissed, ByFunction, count, tick, "Scheduled times given up by catchUp."},
		{RunsReconciled, ByFunction, count, tick, "Runs looked after that nothing was heard of."},
		{ObjectsUnmatched, ByFunction, count, trigger, "Objects that no job wants."},
		{TasksObserved, ByFunction, count, notifier, "Changes of tasks, services and deployments taken in."},
		{EventsIgnored, ByFunction, count, several, "Events of a kind that nobody handles."},
		{EventsForeign, ByFunction, count, notifier, "Events of another account."},
		{EventsReturned, ByFunction, count, several, "Messages given back to their queue, to be tried again."},
		{DeadLetters, ByFunction, count, several, "Messages given up, each with its reason."},
		{CasesCounted, ByFunction, count, notifier, "Failures counted in incidents."},
		{MailsSent, ByFunction, count, notifier, "Mails sent, by recipient."},
		{MailsFailed, ByFunction, count, notifier, "Mails that could not be sent, by recipient. They are tried again."},
		{NoticesUnconfirmed, ByFunction, count, notifier, "Mails and events told, and perhaps told again: the ledger did not take it."},
		{NoticesBuried, ByFunction, count, notifier, "Mails and events given up, and kept as dead letters."},
		{Ticks, ByFunction, count, several, "Minutes done."},

		{MessagesVisible, ByScaler, count, scaler, "Messages that wait in the queues of the scaler."},
		{MessagesInFlight, ByScaler, count, scaler, "Messages that workers have."},
		{MessagesDelayed, ByScaler, count, scaler, "Messages that are not to be received yet."},
		{WaitSeconds, ByScaler, seconds, scaler, "How long a message that arrives now is expected to wait."},
		{TasksDesired, ByScaler, count, scaler, "Tasks that the service is to have."},
		{TasksRunning, ByScaler, count, scaler, "Tasks of the service that are RUNNING."},

		{ScalingDecisions, ByReason, count, scaler, "Decisions, by the scaler, a slash, and the reason of the count that was chosen."},
	}
}

// defined is the table by metric, made when the first metric is written and not at each cold start.
var defined = sync.OnceValue(func() map[Metric]Definition {
	out := map[Metric]Definition{}
	for _, d := range Definitions() {
		out[d.Metric] = d
	}
	return out
})

const referenceIntro = `<!-- Generated by "go run ./cmd/slipway docs". Do not edit: the table is in internal/telemetry. -->

# Metrics

The functions write their metrics as lines of their logs, in CloudWatch's embedded metric format: no call of an API, and
no right is needed for it. All are in the namespace ` + "`" + Namespace + "`" + `, and each has the dimension ` + "`Stack`" + ` and one more. A job
that nothing happens to has none, and neither has a class that nothing fails of; a scaler has its own at each look.

CloudWatch bills a metric for the hours in which it gets a value. [The dashboard](../guide/operate.md#the-dashboard) shows
them, and [the page on what idling costs](../guide/idle-cost.md) says what they come to.
`

// Reference is docs/reference/metrics.md.
func Reference() []byte {
	var b bytes.Buffer
	b.WriteString(referenceIntro)
	headings := map[Dimension]string{
		ByJob: "By job: the dimension Job", ByClass: "By class of failure: the dimension Class", ByFunction: "By function: the dimension Function",
		ByScaler: "By scaler: the dimension Scaler", ByReason: "By reason: the dimension Reason",
	}
	last := Dimension("")
	for _, d := range Definitions() {
		if d.Dimension != last {
			fmt.Fprintf(&b, "\n## %s\n\n| Metric | Unit | Written by | What it tells |\n| --- | --- | --- | --- |\n", headings[d.Dimension])
			last = d.Dimension
		}
		by := d.By
		if by != "several" {
			by = "`" + by + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Metric, d.Unit, by, d.Doc)
	}
	return b.Bytes()
}
