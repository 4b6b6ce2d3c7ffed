package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Spec is a program and all of its environment, but for the address of the Runtime API.
type Spec struct {
	Args []string
	Dir  string
	Env  map[string]string
}

// Program is a function that runs.
type Program struct {
	Started Start

	cmd    *exec.Cmd
	server *httptest.Server
	runs   chan struct{} // closed when the process is known: its first request may come before that
	first  chan Start
	next   chan []byte
	handed chan time.Time // when an invocation went out
	done   chan reply
	ended  chan error
	log    bytes.Buffer // complete once it has ended
	calls  atomic.Int64
}

// Start is what it took up to the first request for an invocation.
type Start struct {
	Took    time.Duration
	CPU     time.Duration
	PeakKiB int
	at      time.Time
	err     error
}

type reply struct {
	at     time.Time
	body   []byte
	failed bool
}

// patience is how long a program may take for anything.
const patience = 60 * time.Second

const api = "/2018-06-01/runtime/"

// Run starts a program and returns when it asks for its first invocation.
func Run(s Spec) (*Program, error) {
	p := &Program{
		runs: make(chan struct{}), first: make(chan Start, 1), next: make(chan []byte), handed: make(chan time.Time, 1), done: make(chan reply, 1), ended: make(chan error, 1),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+api+"invocation/next", p.serveNext)
	mux.HandleFunc("POST "+api+"invocation/{id}/{what}", p.serveAnswer)
	mux.HandleFunc("POST "+api+"init/error", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(&p.log, r.Body) })
	p.server = httptest.NewServer(mux)
	p.cmd = exec.CommandContext(context.Background(), s.Args[0], s.Args[1:]...) //nolint:gosec // what is measured
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = s.Dir, &p.log, &p.log
	p.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(p.server.URL, "http://")}
	for name, value := range s.Env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		p.server.Close()
		return nil, fmt.Errorf("start %s: %w", s.Args[0], err)
	}
	close(p.runs)
	go func() { p.ended <- p.cmd.Wait() }()
	select {
	case p.Started = <-p.first:
	case err := <-p.ended:
		p.server.Close()
		return nil, fmt.Errorf("%s ended before its first invocation: %w; its log: %s", strings.Join(s.Args, " "), err, p.log.String())
	case <-time.After(patience):
		p.Stop()
		return nil, fmt.Errorf("%s did not ask for an invocation; its log: %s", strings.Join(s.Args, " "), p.log.String()) //nolint:err113 // for a person
	}
	p.Started.Took = p.Started.at.Sub(began)
	if p.Started.err != nil {
		p.Stop()
	}
	return p, p.Started.err
}

func (p *Program) serveNext(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if p.calls.Add(1) == 1 {
		<-p.runs
		cpu, cpuErr := cpuOf(p.cmd.Process.Pid)
		peak, peakErr := peakOf(p.cmd.Process.Pid)
		p.first <- Start{at: now, CPU: cpu, PeakKiB: peak, err: errors.Join(cpuErr, peakErr)}
	}
	select {
	case <-r.Context().Done():
	case payload := <-p.next:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8f6c-"+strconv.FormatInt(p.calls.Load(), 10))
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(patience).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-north-1:111122223333:function:example")
		p.handed <- time.Now()
		_, _ = w.Write(payload)
	}
}

func (p *Program) serveAnswer(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, _ := io.ReadAll(r.Body) // what is missing shows
	w.WriteHeader(http.StatusAccepted)
	p.done <- reply{at: at, body: body, failed: r.PathValue("what") == "error"}
}

// Invoke hands an event to the program and returns how long its answer took.
func (p *Program) Invoke(payload []byte) (time.Duration, []byte, error) {
	over := time.After(patience)
	var began time.Time
	for next := p.next; ; {
		select {
		case next <- payload:
			next, began = nil, <-p.handed
		case r := <-p.done:
			if r.failed {
				return 0, nil, fmt.Errorf("the invocation failed: %s", r.body) //nolint:err113 // for a person
			}
			return r.at.Sub(began), r.body, nil
		case err := <-p.ended:
			return 0, nil, fmt.Errorf("the program ended: %w; its log: %s", err, p.log.String())
		case <-over:
			return 0, nil, errors.New("no answer came")
		}
	}
}

// CPU is the CPU time that the program has used.
func (p *Program) CPU() (time.Duration, error) { return cpuOf(p.cmd.Process.Pid) }

// Stop kills the program.
func (p *Program) Stop() {
	_ = p.cmd.Process.Kill()
	<-p.ended //nolint:errcheck // it was killed, and says so
	p.server.CloseClientConnections()
	p.server.Close()
}

// Log stops the program and returns what it has written.
func (p *Program) Log() string {
	_ = p.cmd.Process.Kill()
	p.ended <- <-p.ended // for Stop
	return p.log.String()
}
