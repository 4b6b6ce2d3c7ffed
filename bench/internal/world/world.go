package world

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// World is one endpoint for all services.
type World struct {
	*httptest.Server
	latency atomic.Int64 // nanoseconds
	calls   atomic.Int64
	serial  atomic.Int64
}

// New starts a world whose answers come at once.
func New() *World {
	w := &World{}
	w.Server = httptest.NewServer(http.HandlerFunc(w.serve))
	return w
}

// SetLatency is how long each call takes from now on.
func (w *World) SetLatency(d time.Duration) { w.latency.Store(int64(d)) }

// Calls is how many calls came.
func (w *World) Calls() int { return int(w.calls.Load()) }

func (w *World) serve(out http.ResponseWriter, r *http.Request) {
	w.calls.Add(1)
	_, _ = io.Copy(io.Discard, r.Body) // what it says does not matter
	if d := time.Duration(w.latency.Load()); d > 0 {
		time.Sleep(d) // the service's time
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	out.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_, _ = io.WriteString(out, w.answer(operation)) // a client that has gone gets no answer
}

const (
	cluster    = "arn:aws:ecs:eu-north-1:111122223333:cluster/example-cluster"
	definition = "arn:aws:ecs:eu-north-1:111122223333:task-definition/example-objectprocessortask:1"
)

func (w *World) answer(operation string) string {
	switch operation {
	case "RunTask":
		return fmt.Sprintf(`{"failures":[],"tasks":[{"taskArn":"arn:aws:ecs:eu-north-1:111122223333:task/example-cluster/%032x","clusterArn":%q,
"taskDefinitionArn":%q,"lastStatus":"PROVISIONING","desiredStatus":"RUNNING","version":1,"createdAt":1772366400.5,
"capacityProviderName":"FARGATE_SPOT","launchType":"FARGATE","containers":[{"name":"main","lastStatus":"PENDING"}]}]}`, w.serial.Add(1), cluster, definition)
	case "DescribeTaskDefinition":
		return fmt.Sprintf(`{"taskDefinition":{"taskDefinitionArn":%q,"family":"example-objectprocessortask","revision":1,"status":"ACTIVE",
"networkMode":"awsvpc","cpu":"512","memory":"1024","requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"main","essential":true}]}}`, definition)
	}
	return "{}"
}
