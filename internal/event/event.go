package event

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"slipway/internal/run"
)

// Event is one of Objects, Test, Nudge, Unsent, TaskChange, ServiceAction, DeploymentChange, InstanceChange, and Unknown.
type Event interface{ event() }

// Objects is what one S3 event tells of: an EventBridge event has one object, a notification may have several.
type Objects struct {
	Created []Created
	// Bad holds an error for each record that can never be used. They do not touch the others.
	Bad []error
	// Ignored counts records that tell of something else than a created object.
	Ignored int
}

// Created is an object that was created. How says by what: "PutObject", "ObjectCreated:Put", ... At is when, as the event
// has it; zero when it does not say.
type Created struct {
	Object run.Object
	How    string
	At     time.Time
}

// Test is what S3 sends when a notification is configured.
type Test struct{}

// Nudge is Slipway's own message: queued runs of the job can be launched now.
type Nudge struct{ Job string }

// Unknown is an event of a kind that nobody here handles. It is counted, not an error.
type Unknown struct {
	Source string
	Type   string
}

// TaskChange is an "ECS Task State Change". ID names the event, and a duplicate has the same.
type TaskChange struct {
	ID      string
	Account string
	At      time.Time
	Task    run.Task
}

func (Objects) event()          {}
func (Test) event()             {}
func (Nudge) event()            {}
func (Unknown) event()          {}
func (TaskChange) event()       {}
func (ServiceAction) event()    {}
func (DeploymentChange) event() {}
func (InstanceChange) event()   {}

// Decode takes one event out of whatever it is wrapped in: an EventBridge event or an S3 notification, by itself or in
// an SNS envelope. Batches of SQS are taken apart by Batch first. Every error is a run.Error that no retry can help,
// with one of the reasons above.
func Decode(body []byte) (Event, error) {
	e, err := open(body)
	if err != nil {
		return nil, err
	}
	if e.Type == "" || e.Message == nil {
		return e.decode()
	}
	if e.Type != "Notification" {
		return Unknown{Source: "aws.sns", Type: string(e.Type)}, nil
	}
	inner, err := e.unwrap()
	if err != nil {
		return nil, err
	}
	return inner.decode()
}

// envelope has the fields of every envelope by which it can be recognised. They do not overlap.
type envelope struct {
	// EventBridge: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
	ID         text            `json:"id"`
	Source     text            `json:"source"`
	DetailType text            `json:"detail-type"`
	Account    text            `json:"account"`
	Time       instant         `json:"time"`
	Resources  list[text]      `json:"resources"`
	Detail     json.RawMessage `json:"detail"`

	// S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
	Records []json.RawMessage `json:"Records"`
	Event   text              `json:"Event"` // of a test event

	// SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
	Type    text            `json:"Type"`
	Message json.RawMessage `json:"Message"`
}

func open(body []byte) (envelope, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return envelope{}, refuse(NotJSON, "%d bytes are not JSON", len(body))
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return envelope{}, refuse(WrongShape, "read the envelope: %w", err)
	}
	return e, nil
}

// unwrap opens the message that SNS carries.
func (e envelope) unwrap() (envelope, error) {
	var message string
	if err := json.Unmarshal(e.Message, &message); err != nil {
		return envelope{}, refuse(WrongShape, "read the message of an SNS envelope: %w", err)
	}
	return open([]byte(message))
}

func (e envelope) decode() (Event, error) {
	switch {
	case e.Event == "s3:TestEvent":
		return Test{}, nil
	case len(e.Records) > 0:
		return decodeNotification(e.Records)
	case e.Source != "" && e.DetailType != "":
		return e.decodeBridge()
	}
	return nil, refuse(WrongShape, "neither an EventBridge event nor an S3 notification")
}

// decodeBridge looks the event up by source and detail type.
func (e envelope) decodeBridge() (Event, error) {
	switch string(e.Source) + "/" + string(e.DetailType) {
	case "aws.s3/Object Created":
		return decodeObjectCreated(e)
	case "aws.ecs/ECS Task State Change":
		return decodeTask(e)
	case "aws.ecs/ECS Service Action":
		return decodeServiceAction(e)
	case "aws.ecs/ECS Deployment State Change":
		return decodeDeployment(e)
	case "aws.ecs/ECS Container Instance State Change":
		return decodeInstance(e)
	case NudgeSource + "/" + NudgeType:
		return decodeNudge(e)
	case NudgeSource + "/" + UnsentType:
		return decodeUnsent(e)
	}
	return Unknown{Source: string(e.Source), Type: string(e.DetailType)}, nil
}

// detail decodes the detail of an EventBridge event.
func (e envelope) detail(into any) error {
	if err := json.Unmarshal(e.Detail, into); err != nil {
		return refuse(WrongShape, "read the detail of %q: %w", e.DetailType, err)
	}
	return nil
}

// resource is the first resource whose ARN names the given type.
func (e envelope) resource(kind string) string {
	for _, r := range e.Resources {
		if strings.Contains(string(r), ":"+kind+"/") {
			return string(r)
		}
	}
	return ""
}
