package fake

import "time"

// StopTask asks a task to stop, with the stop code that says who asked. It returns the task, or refuses one that it
// does not know. A task that was asked before, or has stopped, stays as it is.
func (e *ECS) StopTask(arn, code, reason string) (Task, error) {
	fault := e.Faulty("StopTask")
	if fault.Error != nil && !fault.Afterwards {
		return Task{}, fault.Error
	}
	defer e.enter()()
	t, ok := e.find(arn)
	if !ok {
		return Task{}, refuse("InvalidParameterException", "The referenced task was not found.")
	}
	if t.DesiredStatus != "STOPPED" {
		e.ask(t, code, reason)
		t.Tags = nil // StopTask deletes the tags of the task
	}
	if fault.Afterwards {
		return Task{}, fault.Error
	}
	return t.copy(), nil
}

// ask turns a task around. Its containers are asked after the time of deactivating.
func (e *ECS) ask(t *Task, code, reason string) {
	now := e.touch(t)
	t.DesiredStatus, t.StopCode, t.StoppedReason, t.StoppingAt = "STOPPED", code, reason, &now
	t.due = time.Time{}
	if t.LastStatus == "RUNNING" && code != "SpotInterruption" { // the notice comes while the task is RUNNING
		t.LastStatus = "DEACTIVATING"
	}
	switch {
	case e.Runner == nil:
	case code == "SpotInterruption" || t.ended != nil: // SIGTERM comes with the notice
		e.dueIn(t, 0)
	default:
		e.dueIn(t, e.Pace.Deactivating)
	}
	e.changed(t)
}

// stopContainers asks the runner, or ends a task that never had containers.
func (e *ECS) stopContainers(t *Task) {
	if !t.launched {
		e.finish(t, Ended{})
		return
	}
	if t.StopCode != "SpotInterruption" {
		e.touch(t)
		t.LastStatus = "STOPPING"
		e.changed(t)
	}
	copied := t.copy()
	e.queue = append(e.queue, func() { e.Runner.Stop(copied) })
}

// End brings a task down to STOPPED, through the states that ECS reports on the way. A reason that was given when the
// task was asked to stop is kept.
func (e *ECS) End(arn string, how Ended) {
	defer e.enter()()
	t, ok := e.tasks[arn]
	if !ok || t.LastStatus == "STOPPED" || t.LastStatus == "DEPROVISIONING" || t.ended != nil {
		return
	}
	if e.Runner != nil && t.StartedAt == nil && t.DesiredStatus != "STOPPED" && len(how.Exits) > 0 && !t.due.IsZero() {
		t.ended = &how // it ran, if shortly: it becomes RUNNING first
		return
	}
	e.finish(t, how)
}

// finish takes down a task whose containers have ended.
func (e *ECS) finish(t *Task, how Ended) {
	t.ended = &how
	if t.DesiredStatus != "STOPPED" {
		now := stamp{e.Now()}
		t.DesiredStatus, t.StopCode, t.StoppedReason, t.StoppingAt = "STOPPED", first(how.StopCode, "EssentialContainerExited"), how.Reason, &now
	}
	e.deprovision(t)
}

func (e *ECS) deprovision(t *Task) {
	now := e.touch(t)
	t.LastStatus, t.ExecutionStoppedAt = "DEPROVISIONING", &now
	t.close(*t.ended)
	e.changed(t)
	e.endedBadly(t)
	if e.Pace.Deprovisioning > 0 {
		e.dueIn(t, e.Pace.Deprovisioning)
		return
	}
	e.stopped(t)
}

func (e *ECS) stopped(t *Task) {
	now := e.touch(t)
	t.LastStatus, t.StoppedAt, t.due = "STOPPED", &now, time.Time{}
	t.attachments("DELETED")
	e.changed(t)
}

// close writes how each container ended.
func (t *Task) close(how Ended) {
	for i := range t.Containers {
		c := &t.Containers[i]
		c.LastStatus = "STOPPED"
		if code, ok := how.Exits[c.Name]; ok {
			c.ExitCode = &code
		}
		c.Reason = how.Reasons[c.Name]
	}
}
