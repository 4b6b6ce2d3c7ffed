package fake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

const target = "AmazonEC2ContainerServiceV20141113."

// maxBody bounds a request; ECS takes far less.
const maxBody = 1 << 20

// Handler is the HTTP door of ECS: its JSON protocol for the operations on tasks. Other operations go to next, with
// their body; without next they are refused.
func (e *ECS) Handler(next http.Handler) http.Handler {
	operations := map[string]func([]byte) (any, error){
		"RunTask":              e.httpRunTask,
		"DescribeTasks":        e.httpDescribeTasks,
		"ListTasks":            e.httpListTasks,
		"StopTask":             e.httpStopTask,
		"UpdateTaskProtection": e.httpUpdateProtection,
		"GetTaskProtection":    e.httpGetProtection,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target)
		operation, known := operations[name]
		if !ours || !known {
			if next == nil {
				answerError(w, refuse("UnsupportedFeatureException", "%s is not part of this fake", name))
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			answerError(w, refuse("InvalidParameterException", "%v", err))
			return
		}
		out, err := operation(body)
		if err != nil {
			answerError(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(out) // a client that has gone gets no answer
	})
}

func answerError(w http.ResponseWriter, err error) {
	var e *ECSError
	if !errors.As(err, &e) {
		e = &ECSError{Code: "ServerException", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	status := e.Status
	if status == 0 { // a lost answer
		status = http.StatusBadGateway
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e)
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return refuse("SerializationException", "%v", err)
	}
	return nil
}

func (e *ECS) httpRunTask(body []byte) (any, error) {
	var in RunTaskInput
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return e.RunTask(in)
}

func (e *ECS) httpDescribeTasks(body []byte) (any, error) {
	var in struct{ Tasks []string }
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return e.DescribeTasks(in.Tasks)
}

func (e *ECS) httpListTasks(body []byte) (any, error) {
	var in Filter
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	tasks, err := e.ListTasks(in)
	arns := []string{}
	for _, t := range tasks {
		arns = append(arns, t.TaskArn)
	}
	return map[string]any{"taskArns": arns}, err
}

func (e *ECS) httpStopTask(body []byte) (any, error) {
	var in struct{ Task, Reason string }
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	t, err := e.StopTask(in.Task, "UserInitiated", in.Reason)
	return map[string]any{"task": t}, err
}

// protection is what the task protection calls show of a task.
type protection struct {
	TaskArn           string `json:"taskArn"`
	ProtectionEnabled bool   `json:"protectionEnabled"`
	ExpirationDate    *stamp `json:"expirationDate,omitempty"`
}

func (e *ECS) httpUpdateProtection(body []byte) (any, error) {
	var in struct {
		Tasks             []string
		ProtectionEnabled bool
		ExpiresInMinutes  int
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return e.protections(in.Tasks, func(t *Task) {
		t.protectedUntil = time.Time{}
		if in.ProtectionEnabled {
			minutes := in.ExpiresInMinutes
			if minutes == 0 {
				minutes = 120
			}
			t.protectedUntil = e.Now().Add(time.Duration(minutes) * time.Minute)
		}
	}), nil
}

func (e *ECS) httpGetProtection(body []byte) (any, error) {
	var in struct{ Tasks []string }
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return e.protections(in.Tasks, func(*Task) {}), nil
}

// protections applies a change to tasks of services and shows them. Only those can be protected.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html
func (e *ECS) protections(names []string, change func(*Task)) any {
	e.mu.Lock()
	defer e.mu.Unlock()
	shown, failures := []protection{}, []Failure{}
	for _, name := range names {
		t, ok := e.find(name)
		if !ok || !strings.HasPrefix(t.Group, "service:") {
			failures = append(failures, Failure{Arn: &name, Reason: "TASK_NOT_VALID"})
			continue
		}
		change(t)
		p := protection{TaskArn: t.TaskArn, ProtectionEnabled: t.protectedUntil.After(e.Now())}
		if p.ProtectionEnabled {
			p.ExpirationDate = &stamp{t.protectedUntil}
		}
		shown = append(shown, p)
	}
	return map[string]any{"protectedTasks": shown, "failures": failures}
}
