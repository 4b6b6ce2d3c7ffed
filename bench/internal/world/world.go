package world

import (
	"crypto/md5" //nolint:gosec // the protocol of SQS
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// World is one endpoint for all services.
type World struct {
	*httptest.Server
	latency atomic.Int64 // nanoseconds
	calls   atomic.Int64
	serial  atomic.Int64
	first   atomic.Int64 // when the first call came since Await, in nanoseconds
	kept    kept

	mu       sync.Mutex // protects following fields
	recorder *recorder
}

// New starts a world whose answers come at once.
func New() *World {
	w := &World{}
	w.Server = httptest.NewServer(http.HandlerFunc(w.serve))
	return w
}

// NewTLS is a world that is reached by TLS, with a certificate for 127.0.0.1 that no public authority has signed.
func NewTLS() *World {
	w := &World{}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	w.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	w.StartTLS()
	return w
}

// Authority is the certificate that clients must trust, in PEM.
func (w *World) Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Certificate().Raw})
}

// SetLatency is how long each call takes from now on.
func (w *World) SetLatency(d time.Duration) { w.latency.Store(int64(d)) }

// Calls is how many calls came.
func (w *World) Calls() int { return int(w.calls.Load()) }

// Await forgets when the first call came.
func (w *World) Await() { w.first.Store(0) }

// First is when the first call came since Await; zero: none did.
func (w *World) First() time.Time {
	if ns := w.first.Load(); ns != 0 {
		return time.Unix(0, ns)
	}
	return time.Time{}
}

func (w *World) serve(out http.ResponseWriter, r *http.Request) {
	now := time.Now()
	w.first.CompareAndSwap(0, now.UnixNano())
	w.calls.Add(1)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, _ := io.ReadAll(r.Body) // what is cut off shows in what is recorded
	w.record(r.Header.Get("X-Amz-Target"), body, now)
	if d := time.Duration(w.latency.Load()); d > 0 {
		time.Sleep(d) // the service's time
	}
	out.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_, _ = io.WriteString(out, w.answer(operation, body)) //nolint:gosec // JSON of our own; a client that has gone gets no answer
}

const (
	cluster    = "arn:aws:ecs:eu-north-1:111122223333:cluster/example-cluster"
	definition = "arn:aws:ecs:eu-north-1:111122223333:task-definition/example-objectprocessortask:1"
)

// answers are those that are always the same.
var answers = map[string]string{
	"DescribeTaskDefinition": fmt.Sprintf(`{"taskDefinition":{"taskDefinitionArn":%q,"family":"example-objectprocessortask","revision":1,"status":"ACTIVE",
"networkMode":"awsvpc","cpu":"512","memory":"1024","requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"main","essential":true}]}}`, definition),
	"GetQueueAttributes": `{"Attributes":{"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0","ApproximateNumberOfMessagesDelayed":"0"}}`,
	"DescribeServices": fmt.Sprintf(`{"failures":[],"services":[{"serviceArn":"arn:aws:ecs:eu-north-1:111122223333:service/example-cluster/example-workerservice",
"serviceName":"example-workerservice","clusterArn":%q,"status":"ACTIVE","desiredCount":0,"runningCount":0,"pendingCount":0,
"deployments":[{"id":"ecs-svc/1","status":"PRIMARY","taskDefinition":%q,"desiredCount":0,"runningCount":0,"pendingCount":0,"rolloutState":"COMPLETED"}]}]}`, cluster, definition),
	"PutEvents": `{"FailedEntryCount":0,"Entries":[{"EventId":"11710aed-b79e-4468-a20b-bb3c0c3b4860"}]}`,
}

func (w *World) answer(operation string, body []byte) string {
	switch operation {
	case "RunTask":
		return fmt.Sprintf(`{"failures":[],"tasks":[{"taskArn":"arn:aws:ecs:eu-north-1:111122223333:task/example-cluster/%032x","clusterArn":%q,
"taskDefinitionArn":%q,"lastStatus":"PROVISIONING","desiredStatus":"RUNNING","version":1,"createdAt":1772366400.5,
"capacityProviderName":"FARGATE_SPOT","launchType":"FARGATE","containers":[{"name":"main","lastStatus":"PENDING"}]}]}`, w.serial.Add(1), cluster, definition)
	case "DescribeTasks":
		return describe(body)
	case "SendMessage":
		return sent(body)
	case "GetItem", "BatchGetItem", "Query":
		return w.kept.answer(operation, body)
	}
	if fixed, ok := answers[operation]; ok {
		return fixed
	}
	return "{}"
}

// sent is the answer to a message, with the checksum that clients compare.
func sent(body []byte) string {
	var asked struct{ MessageBody string }
	if err := json.Unmarshal(body, &asked); err != nil {
		return "{}"
	}
	return fmt.Sprintf(`{"MessageId":"9f0e6d3a-0000-4000-8000-000000000009","MD5OfMessageBody":"%x"}`, md5.Sum([]byte(asked.MessageBody))) //nolint:gosec // the protocol's
}

// describe says of every task that it runs.
func describe(body []byte) string {
	var asked struct{ Tasks []string }
	if err := json.Unmarshal(body, &asked); err != nil {
		return "{}"
	}
	tasks := make([]string, len(asked.Tasks))
	for i, arn := range asked.Tasks {
		tasks[i] = fmt.Sprintf(`{"taskArn":%q,"clusterArn":%q,"taskDefinitionArn":%q,"lastStatus":"RUNNING","desiredStatus":"RUNNING","version":3,
"createdAt":1772366400.5,"startedAt":1772366430.5,"capacityProviderName":"FARGATE_SPOT","launchType":"FARGATE","containers":[{"name":"main","lastStatus":"RUNNING"}]}`, arn, cluster, definition)
	}
	return `{"failures":[],"tasks":[` + strings.Join(tasks, ",") + `]}`
}
