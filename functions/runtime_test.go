package functions_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// lambda is the Lambda Runtime API for one function: it hands out invocations and takes the answers.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type lambda struct {
	server *httptest.Server
	next   chan invocation
	ended  chan error // the program has ended
	log    *buffer

	mu      sync.Mutex // protects following fields
	serial  int
	answers map[string]chan reply
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
}

// reply is what the function said: its answer, or an error.
type reply struct {
	body   string
	failed bool
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu   sync.Mutex // protects following field
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const runtimeAPI = "/2018-06-01/runtime/"

// start runs a bootstrap until the test ends.
func start(t *testing.T, bootstrap string, env map[string]string) *lambda {
	t.Helper()
	l := &lambda{next: make(chan invocation), ended: make(chan error, 1), log: &buffer{}, answers: map[string]chan reply{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtimeAPI+"invocation/next", l.serveNext)
	mux.HandleFunc("POST "+runtimeAPI+"invocation/{id}/{what}", l.serveAnswer)
	l.server = httptest.NewServer(mux)
	cmd := exec.Command(bootstrap) //nolint:noctx // ended below
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(l.server.URL, "http://"), "AWS_LAMBDA_LOG_FORMAT=JSON"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = l.log, l.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { l.ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		l.server.CloseClientConnections()
		l.server.Close()
	})
	return l
}

func (l *lambda) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case i := <-l.next:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(i.deadline.UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:111122223333:function:example")
		_, _ = w.Write(i.payload)
	}
}

func (l *lambda) serveAnswer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	answer := l.answers[r.PathValue("id")]
	l.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	answer <- reply{body: string(body), failed: r.PathValue("what") == "error"}
}

// invoke sends a payload to the function, which may take as long as its timeout, and returns what it answered.
func (l *lambda) invoke(t *testing.T, payload []byte, timeout time.Duration) reply {
	t.Helper()
	l.mu.Lock()
	l.serial++
	i := invocation{id: fmt.Sprintf("8f6c-%d", l.serial), payload: payload, deadline: time.Now().Add(timeout)}
	answer := make(chan reply, 1)
	l.answers[i.id] = answer
	l.mu.Unlock()
	over := time.After(timeout + 20*time.Second) // a busy machine starts programs slowly
	for next := l.next; ; {
		select {
		case next <- i:
			next = nil
		case r := <-answer:
			return r
		case err := <-l.ended:
			t.Fatalf("the bootstrap ended: %v; its log:\n%s", err, l.log)
		case <-over:
			t.Fatalf("no answer within %s; the log:\n%s", timeout, l.log)
		}
	}
}
