package cost

// What Slipway takes of AWS for each thing that it does. The units of the table are measured: bench/units_test.go drives
// the real code against a table and fails when they are off by more than a tenth.
const (
	// A run of its own under a concurrency.max, from the event to its end, with its events told.
	runWrites, runReads = 27.0, 2.5
	// A batch, and each object in it beside that.
	batchWrites, batchReads   = 18.0, 0.0
	memberWrites, memberReads = 8.9, 4.1
	// A tick of scheduler beside the jobs, each scheduled job, and a tick of lifecycle-notifier.
	tickWrites, tickReads     = 2.0, 2.0
	jobTickReads              = 0.5
	noticeWrites, noticeReads = 0.0, 1.0
	// A minute of sqs-scaler for each queue that nothing moves in, and for one that is looked at twelve times.
	asleepWrites, awakeWrites = 3.0, 8.0
)

// Units are what DynamoDB bills for: write units of 1 KB and read units of 4 KB.
type Units struct{ Writes, Reads float64 }

// UnitsOf are those of a task for so many objects, from their events to its end.
func UnitsOf(objects int) Units {
	if objects <= 1 {
		return Units{runWrites, runReads}
	}
	n := float64(objects)
	return Units{batchWrites + n*memberWrites, batchReads + n*memberReads}
}

// TickUnits are those of a tick of scheduler with so many scheduled jobs, none of which is due.
func TickUnits(jobs int) Units { return Units{tickWrites, tickReads + float64(jobs)*jobTickReads} }

// NoticeUnits are those of a tick of lifecycle-notifier with nothing to tell.
func NoticeUnits() Units { return Units{noticeWrites, noticeReads} }

// What is assumed, and told with the estimate, because only an account could measure it.
const (
	memory       = 0.25 // GB of each function, as in template.yaml
	callSeconds  = 0.01 // of a call to a table, a queue or a bus
	startSeconds = 0.30 // of a RunTask call
	tickSeconds  = 0.05 // of a tick with nothing to do
	awakeSeconds = 55.0 // of a minute in which a queue is looked at
	logKB        = 1.5  // of an invocation, its metrics included
	itemKB       = 1.5  // of a final run, which is kept for 90 days
	keptMonths   = 3.0
)

// What a stack has, and what Lambda does for a queue.
const (
	ticking = 3 // functions that are woken each minute
	// AlarmCount is how many alarms template.yaml has without the examples; a test in internal/project counts them.
	AlarmCount = 10
	// How many metrics are written by a stack with nothing to do, by a job with runs, and by a scaler with messages.
	metricsIdle, metricsPerJob, metricsPerQueue = 3, 5, 9
	// Lambda begins with five long polls of 20 seconds on a queue.
	// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
	pollsAMinute = 5 * 3
	polled       = 2 // queues
	// lifecycle-notifier looks at its dead-letter queues each minute.
	deadLetterQueues = 2
	// An event is sent to a queue, received and deleted.
	requestsAnEvent = 3
	// RUNNING and STOPPED.
	eventsATask = 2
	// "Run Started" and "Run Succeeded" or another end.
	toldARun = 2
	// The manifest of a batch and the report on it.
	filesABatch = 2
	looksAwake  = 12
)

// scaledOverhead is how many task-seconds a scaled service takes for a second of work: the mean over the recorded traces
// at 20 busy tasks of docs/benchmarks.md, rounded up.
const scaledOverhead = 1.5

// slipway is the bill of Slipway itself.
func slipway(w Workload, p Prices) Bill {
	b := Bill{Name: "Slipway"}
	b.idle(p, w)
	b.runs(p, w)
	b.batches(p, w)
	b.scheduled(p, w)
	b.scalers(p, w)
	b.add(p, "mails", Mails, w.Mails)
	return b
}

// invoke adds so many invocations of so many seconds each, with what they log.
func (b *Bill) invoke(p Prices, w Workload, what string, n, seconds float64) {
	b.add(p, what, LambdaRequests, n)
	b.invokeLonger(p, w, what, n, seconds)
	b.add(p, what, LogBytes, n*logKB/million)
}

// invokeLonger lets invocations that happen anyway take longer, so many times.
func (b *Bill) invokeLonger(p Prices, w Workload, what string, n, seconds float64) {
	item := LambdaSecondsARM
	if w.X86 {
		item = LambdaSecondsX86
	}
	b.add(p, what, item, n*seconds*memory)
}

// idle is what a stack with nothing to do takes.
func (b *Bill) idle(p Prices, w Workload) {
	const what = "idle"
	b.add(p, what, Schedules, ticking*monthMinutes)
	b.invoke(p, w, what, ticking*monthMinutes, tickSeconds)
	b.add(p, what, TableWrites, (tickWrites+noticeWrites)*monthMinutes)
	b.add(p, what, TableReads, (tickReads+noticeReads)*monthMinutes)
	b.add(p, what, QueueRequests, (polled*pollsAMinute+deadLetterQueues)*monthMinutes)
	b.add(p, what, CustomMetrics, metricsIdle)
	b.add(p, what, Alarms, AlarmCount)
	b.add(p, what, Dashboards, 1) // unless CreateDashboard is false
}

// tasksTold adds what so many tasks take when ECS tells of them.
func (b *Bill) tasksTold(p Prices, w Workload, what string, n float64) {
	b.add(p, what, QueueRequests, eventsATask*requestsAnEvent*n)
	b.invoke(p, w, what, eventsATask*n, 4*callSeconds)
	b.add(p, what, CustomEvents, toldARun*n)
}

// kept adds what so many runs take in the table, and in its backup, while they are kept.
func (b *Bill) kept(p Prices, what string, n float64) {
	b.add(p, what, TableStorage, n*itemKB*keptMonths/million)
	b.add(p, what, TableBackup, n*itemKB*keptMonths/million)
}

// runs are objects with a task of their own.
func (b *Bill) runs(p Prices, w Workload) {
	const what = "runs"
	if w.Objects.Count == 0 || w.Objects.perBatch() > 1 {
		return
	}
	n, attempts := w.Objects.Count, w.Objects.Count*(1+w.Failing)
	b.add(p, what, ObjectEvents, n)
	b.add(p, what, QueueRequests, requestsAnEvent*n)
	b.invoke(p, w, what, attempts, startSeconds+3*callSeconds)
	b.add(p, what, TableWrites, runWrites*attempts)
	b.add(p, what, TableReads, runReads*attempts)
	b.tasksTold(p, w, what, attempts)
	b.kept(p, what, n)
	b.add(p, what, CustomMetrics, metricsPerJob)
}

// batches are objects that share tasks.
func (b *Bill) batches(p Prices, w Workload) {
	const what = "batches"
	each := w.Objects.perBatch()
	if w.Objects.Count == 0 || each == 1 {
		return
	}
	n := w.Objects.Count
	attempts := n / each * (1 + w.Failing)
	b.add(p, what, ObjectEvents, n)
	b.add(p, what, QueueRequests, requestsAnEvent*n)
	b.invoke(p, w, what, n, 4*callSeconds) // one at a time, when they come slowly
	b.invoke(p, w, what, attempts, startSeconds+3*callSeconds)
	b.add(p, what, TableWrites, memberWrites*n+batchWrites*attempts)
	b.add(p, what, TableReads, memberReads*n+batchReads*attempts)
	b.add(p, what, BucketWrites, filesABatch*attempts)
	b.add(p, what, BucketReads, filesABatch*attempts)
	b.tasksTold(p, w, what, attempts)
	b.add(p, what, CustomEvents, n)
	b.kept(p, what, n+attempts)
	b.add(p, what, CustomMetrics, metricsPerJob)
}

// scheduled are the runs of jobs, and the jobs in each tick.
func (b *Bill) scheduled(p Prices, w Workload) {
	const what = "jobs"
	b.add(p, what, TableReads, jobTickReads*float64(w.Jobs.Count)*monthMinutes)
	n := w.Jobs.times() * (1 + w.Failing)
	b.add(p, what, TableWrites, runWrites*n)
	b.add(p, what, TableReads, runReads*n)
	b.invokeLonger(p, w, what, n, startSeconds)
	b.tasksTold(p, w, what, n)
	b.kept(p, what, w.Jobs.times())
	b.add(p, what, CustomMetrics, metricsPerJob*float64(w.Jobs.Count))
}

// scalers look at their queues each minute, and all through each minute in which messages come.
func (b *Bill) scalers(p Prices, w Workload) {
	const what = "scalers"
	n := float64(w.Queues.Count)
	if n == 0 {
		return
	}
	awake := 0.0
	if w.Queues.Messages > 0 {
		awake = monthMinutes * w.Queues.Hours / 24
	}
	asleep := monthMinutes - awake
	b.invokeLonger(p, w, what, awake, awakeSeconds) // one invocation follows them all
	b.add(p, what, QueueRequests, n*(asleep+looksAwake*awake))
	b.add(p, what, TableWrites, n*(asleepWrites*asleep+awakeWrites*awake))
	b.add(p, what, LogBytes, n*(asleep+looksAwake*awake)*logKB/million)
	b.add(p, what, CustomMetrics, n*metricsPerQueue)
}
