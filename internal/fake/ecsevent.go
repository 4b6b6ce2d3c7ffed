package fake

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

// Event is an event as EventBridge delivers it.
type Event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       time.Time       `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// identifier is a UUID that is the same for the same parts.
func identifier(parts ...string) string {
	sum := sha256.Sum256(fmt.Append(nil, parts))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// isoTime is how events write times.
const isoTime = "2006-01-02T15:04:05.999Z"

// Event is the detail of the "ECS Task State Change" event of a task: the task as DescribeTasks shows it, without its
// tags and with times as text.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
func (t Task) Event() (json.RawMessage, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	var detail map[string]any
	if err := json.Unmarshal(text, &detail); err != nil {
		return nil, err
	}
	for name, at := range map[string]*stamp{
		"createdAt": t.CreatedAt, "startedAt": t.StartedAt, "stoppingAt": t.StoppingAt, "stoppedAt": t.StoppedAt,
		"executionStoppedAt": t.ExecutionStoppedAt, "updatedAt": t.UpdatedAt, "connectivityAt": t.ConnectivityAt,
		"pullStartedAt": t.PullStartedAt, "pullStoppedAt": t.PullStoppedAt,
	} {
		if at != nil {
			detail[name] = at.UTC().Format(isoTime)
		}
	}
	delete(detail, "tags")
	detail["attachments"] = eventAttachments(t.Attachments)
	return json.Marshal(detail)
}

// eventAttachments are attachments as events name them: eni where the API says ElasticNetworkInterface.
func eventAttachments(list []Attachment) []Attachment {
	out := []Attachment{}
	for _, a := range list {
		a.Type = "eni"
		out = append(out, a)
	}
	return out
}

// changed queues the callbacks for a task that has just changed. The caller holds the lock.
func (e *ECS) changed(t *Task) {
	c := t.copy()
	if e.Changed != nil {
		e.queue = append(e.queue, func() { e.Changed(c) })
	}
	if e.Emit == nil {
		return
	}
	detail, err := c.Event()
	if err != nil {
		panic("fake: a task that cannot be encoded: " + err.Error()) // only plain data: cannot happen
	}
	e.emit("ECS Task State Change", c.TaskArn, detail, fmt.Sprint(c.Version))
}

// emit queues an event, unless an injected fault loses, doubles, delays or reorders it. The caller holds the lock.
func (e *ECS) emit(detailType, resource string, detail json.RawMessage, unique string) {
	ev := Event{
		Version: "0", ID: identifier(detailType, resource, unique), DetailType: detailType, Source: "aws.ecs",
		Account: e.Account, Time: e.Now().UTC().Truncate(time.Second), Region: e.Region, Resources: []string{resource}, Detail: detail,
	}
	switch {
	case e.inject("event-lost", "") != nil:
		return
	case e.heldBack != nil:
		e.send(ev)
		e.send(*e.heldBack)
		e.heldBack = nil
		return
	case e.inject("event-reordered", "") != nil:
		e.heldBack = &ev
		return
	}
	if late := e.inject("event-late", ""); late != nil {
		e.after(late.Delay.Duration(), func() { e.Emit(ev) })
		return
	}
	if e.inject("event-duplicate", "") != nil {
		e.send(ev)
	}
	e.send(ev)
}

func (e *ECS) send(ev Event) { e.queue = append(e.queue, func() { e.Emit(ev) }) }

// serviceAction is the detail of an "ECS Service Action" event.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
type serviceAction struct {
	EventType    string   `json:"eventType"` // INFO WARN ERROR
	EventName    string   `json:"eventName"`
	ClusterArn   string   `json:"clusterArn"`
	ProviderArns []string `json:"capacityProviderArns,omitempty"`
	Reason       string   `json:"reason,omitempty"`
	CreatedAt    string   `json:"createdAt"`
}

func (e *ECS) act(s *service, a serviceAction) {
	a.ClusterArn, a.CreatedAt = e.arn("cluster/"+clusterName(s.Cluster)), e.Now().UTC().Format(isoTime)
	if e.Emit == nil {
		return
	}
	detail, err := json.Marshal(a)
	if err != nil {
		panic("fake: a service action that cannot be encoded: " + err.Error()) // only plain data: cannot happen
	}
	e.serial++
	e.emit("ECS Service Action", e.arn("service/"+clusterName(s.Cluster)+"/"+s.Name), detail, fmt.Sprint(e.serial))
}
