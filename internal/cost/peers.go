package cost

// The usual ways to do the same work. Each starts from the same events, and pays for the same tasks but where it cannot
// do with as few: none gathers objects into one task, none scales a service to zero and back on the wait of a message.
// Their queues are worked on by a fleet that is always on.

// transitions are the steps of a state machine with one state, from its start to the state and from there to its end.
const transitions = 2

// stepFunctions has an execution with ecs:runTask.sync for each object and each scheduled time.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
func stepFunctions(w Workload, p Prices) Bill {
	b := Bill{Name: "Step Functions, ecs:runTask.sync", Lacks: "duplicates start twice; no maximum across executions; no mail; no batches"}
	b.single(p, w)
	b.add(p, "objects", StateTransitions, transitions*w.Objects.Count+w.Failing*w.Objects.Count)
	b.add(p, "jobs", StateTransitions, transitions*w.Jobs.times()+w.Failing*w.Jobs.times())
	b.add(p, "jobs", Schedules, w.Jobs.times())
	b.always(p, w, "messages", w.Queues.Task, w.Queues.work(), w.Queues.Hours/24)
	return b
}

// awsBatch has a job on Fargate for each object and each scheduled time. AWS Batch itself is free of charge.
// https://aws.amazon.com/batch/pricing/
func awsBatch(w Workload, p Prices) Bill {
	b := Bill{Name: "AWS Batch on Fargate", Lacks: "duplicates start twice; no mail; no batches of objects"}
	b.single(p, w)
	b.add(p, "jobs", Schedules, w.Jobs.times())
	b.always(p, w, "messages", w.Queues.Task, w.Queues.work(), w.Queues.Hours/24)
	return b
}

// single is a task for each object and each scheduled time.
func (b *Bill) single(p Prices, w Workload) {
	b.fargate(p, w, "objects", w.Objects.Task, (1+w.Failing)*w.Objects.Count*billed(w.Objects.Runtime.Seconds()))
	b.add(p, "objects", ObjectEvents, w.Objects.Count)
	b.jobs(p, w)
}

// poller is a service that is always on for each kind of work. S3 tells its queue without charge; a task that polls for
// 20 seconds makes three requests a minute when nothing comes, and three for each object.
func poller(w Workload, p Prices) Bill {
	b := Bill{Name: "Pollers that are always on", Lacks: "idle all night, late at a peak above the plan; a deployment ends work halfway"}
	b.always(p, w, "objects", w.Objects.Task, (1+w.Failing)*w.Objects.Count*w.Objects.Runtime.Seconds(), 1)
	if w.Objects.Count > 0 {
		b.add(p, "objects", QueueRequests, requestsAnEvent*w.Objects.Count+3*monthMinutes)
	}
	b.always(p, w, "jobs", w.Jobs.Task, (1+w.Failing)*w.Jobs.times()*w.Jobs.Runtime.Seconds(), 1)
	b.always(p, w, "messages", w.Queues.Task, w.Queues.work(), w.Queues.Hours/24)
	return b
}
