package fake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
)

const target = "AmazonEC2ContainerServiceV20141113."

// maxBody bounds a request; ECS takes far less.
const maxBody = 1 << 20

// Handler is the HTTP door of ECS: its JSON protocol for the operations on tasks, and without next also for services
// and task definitions as far as the adapter calls them. Other operations go to next; without it they are refused.
func (e *ECS) Handler(next http.Handler) http.Handler {
	operations := map[string]func([]byte) (any, error){
		"RunTask":              e.httpRunTask,
		"DescribeTasks":        e.httpDescribeTasks,
		"ListTasks":            e.httpListTasks,
		"StopTask":             e.httpStopTask,
		"UpdateTaskProtection": e.httpUpdateProtection,
		"GetTaskProtection":    e.httpGetProtection,
	}
	if next == nil {
		operations["DescribeTaskDefinition"] = e.httpDescribeTaskDefinition
		operations["DescribeServices"] = e.httpDescribeServices
		operations["UpdateService"] = e.httpUpdateService
		next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			AnswerError(w, refuse("UnsupportedFeatureException", "%s is not part of this fake", r.Header.Get("X-Amz-Target")))
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ours := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target)
		operation, known := operations[name]
		if !ours || !known {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			AnswerError(w, refuse("InvalidParameterException", "%v", err))
			return
		}
		out, err := operation(body)
		if err != nil {
			AnswerError(w, err)
			return
		}
		Answer(w, out)
	})
}

// Answer writes an answer in ECS's protocol.
func Answer(w http.ResponseWriter, out any) {
	w.Header().Set("Content-Type", contentType)
	_ = json.NewEncoder(w).Encode(out) // a client that has gone gets no answer
}

const contentType = "application/x-amz-json-1.1"

// AnswerError writes a refusal in ECS's protocol, or cuts the connection when the answer is one that never came.
func AnswerError(w http.ResponseWriter, err error) {
	var e *ECSError
	if !errors.As(err, &e) {
		e = &ECSError{Code: "ServerException", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	if e.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	if e.Body != "" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(e.Status)
		_, _ = io.WriteString(w, e.Body) // a client that has gone gets no answer
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(e.Status)
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
	var in struct {
		Cluster        string
		Tasks, Include []string
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	out, err := e.describe(first(in.Cluster, "default"), in.Tasks)
	if err != nil || slices.Contains(in.Include, "TAGS") {
		return out, err
	}
	for i := range out.Tasks {
		out.Tasks[i].Tags = nil
	}
	return out, nil
}

func (e *ECS) httpListTasks(body []byte) (any, error) {
	var in struct {
		Filter
		MaxResults int
		NextToken  string
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	tasks, err := e.ListTasks(in.Filter)
	if err != nil {
		return nil, err
	}
	size := min(max(in.MaxResults, 0), listAtOnce)
	if size == 0 {
		size = listAtOnce
	}
	arns := []string{}
	for _, t := range tasks {
		if t.TaskArn > in.NextToken {
			arns = append(arns, t.TaskArn)
		}
	}
	if len(arns) <= size {
		return map[string]any{"taskArns": arns}, nil
	}
	return map[string]any{"taskArns": arns[:size], "nextToken": arns[size-1]}, nil
}

// listAtOnce is how many tasks ListTasks answers with.
const listAtOnce = 100

func (e *ECS) httpStopTask(body []byte) (any, error) {
	var in struct{ Task, Reason string }
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	t, err := e.StopTask(in.Task, "UserInitiated", first(in.Reason, "Task stopped by user"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"task": t}, nil
}

func (e *ECS) httpUpdateProtection(body []byte) (any, error) {
	var in struct {
		Cluster           string
		Tasks             []string
		ProtectionEnabled bool
		ExpiresInMinutes  int
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return e.UpdateTaskProtection(in.Cluster, in.Tasks, in.ProtectionEnabled, in.ExpiresInMinutes)
}

func (e *ECS) httpGetProtection(body []byte) (any, error) {
	var in struct {
		Cluster string
		Tasks   []string
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return e.GetTaskProtection(in.Cluster, in.Tasks)
}
