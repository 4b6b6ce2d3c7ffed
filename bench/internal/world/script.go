package world

import (
	"encoding/json"
	"strings"
	"time"
)

// Call is one call as it was made.
type Call struct {
	Target    string          `json:"target"`    // the header that names the operation
	Service   string          `json:"service"`   // by the name of boto3
	Operation string          `json:"operation"` // of the service
	Size      int             `json:"size"`      // of the request, in bytes
	Request   json.RawMessage `json:"request"`
}

// Script is what a program has asked AWS for one event: waves of calls, of which each begins when the one before it has been
// answered.
type Script [][]Call

// Calls is how many there are.
func (s Script) Calls() int {
	n := 0
	for _, wave := range s {
		n += len(wave)
	}
	return n
}

// recorder gathers a script. Calls that come within a while of the first of a wave are of it.
type recorder struct {
	within time.Duration
	began  time.Time // of the wave
	script Script
}

// Record begins to record calls. Those that come within the given time of each other are taken for calls at once: let
// each call take longer than that.
func (w *World) Record(within time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recorder = &recorder{within: within}
}

// Recorded ends the recording.
func (w *World) Recorded() Script {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.recorder.script
	w.recorder = nil
	return out
}

func (w *World) record(target string, body []byte, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.recorder != nil {
		w.recorder.add(callOf(target, body), at)
	}
}

func (r *recorder) add(c Call, at time.Time) {
	if len(r.script) == 0 || at.Sub(r.began) > r.within {
		r.script, r.began = append(r.script, nil), at
	}
	last := len(r.script) - 1
	r.script[last] = append(r.script[last], c)
}

// services are the names of boto3 by what the header begins with.
var services = map[string]string{
	"DynamoDB_20120810": "dynamodb", "AmazonEC2ContainerServiceV20141113": "ecs", "AmazonSQS": "sqs", "AWSEvents": "events",
}

func callOf(target string, body []byte) Call {
	service, operation, _ := strings.Cut(target, ".")
	c := Call{Target: target, Service: services[service], Operation: operation, Size: len(body), Request: body}
	if !json.Valid(body) {
		c.Request = nil
	}
	return c
}
