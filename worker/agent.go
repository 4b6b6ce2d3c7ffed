package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Protection protects the task that the program runs in from being stopped by scaling in and by deployments.
type Protection interface {
	// Protect protects the task for the given time from now on, and returns until when. An error means that it is
	// refused or not known.
	Protect(ctx context.Context, lasts time.Duration) (until time.Time, err error)
	// Release ends the protection.
	Release(ctx context.Context) error
}

// Unprotected is the protection of a program that nobody scales in.
var Unprotected Protection = unprotected{}

type unprotected struct{}

func (unprotected) Protect(context.Context, time.Duration) (time.Time, error) {
	return time.Now().Add(longestProtect), nil
}
func (unprotected) Release(context.Context) error { return nil }

// FromEnvironment returns the protection that the ECS agent offers under $ECS_AGENT_URI, or Unprotected when it is not
// set.
func FromEnvironment() (Protection, error) {
	uri := os.Getenv("ECS_AGENT_URI")
	if uri == "" {
		return Unprotected, nil
	}
	return NewAgent(uri)
}

// Agent is the task scale-in protection endpoint of the ECS agent. The task role needs ecs:UpdateTaskProtection, and
// the task must belong to a service.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
type Agent struct {
	url    string
	client *http.Client
}

// maxAnswer bounds how much of an answer of the agent is read, in bytes.
const maxAnswer = 64 << 10

// NewAgent returns the endpoint under the given URI, which is the value of $ECS_AGENT_URI.
func NewAgent(uri string) (*Agent, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("worker: ECS_AGENT_URI is %q: want a URL", uri)
	}
	// A proxy of the environment must not see it: the address is the agent's own, on this machine.
	client := &http.Client{Transport: &http.Transport{}}
	return &Agent{url: u.JoinPath("task-protection", "v1", "state").String(), client: client}, nil
}

// ProtectionError is a refusal of the agent or of ECS.
type ProtectionError struct {
	Status int    // of HTTP
	Reason string // "DEPLOYMENT_BLOCKED", "TASK_NOT_VALID", "AccessDeniedException", …
	Detail string
}

// Error says what was refused and why.
func (e *ProtectionError) Error() string {
	text := fmt.Sprintf("task protection refused: %s", e.Reason)
	switch {
	case e.Detail != "":
		text += ": " + e.Detail
	case e.Reason == "DEPLOYMENT_BLOCKED":
		text += ": the service is asked for fewer tasks than are protected"
	case e.Reason == "TASK_NOT_VALID":
		text += ": only tasks of a service can be protected"
	}
	return text
}

type request struct {
	ProtectionEnabled bool `json:"ProtectionEnabled"`
	ExpiresInMinutes  int  `json:"ExpiresInMinutes,omitempty"`
}

type answer struct {
	Protection *struct {
		ProtectionEnabled bool
		ExpirationDate    time.Time
	} `json:"protection"`
	Failure *struct{ Reason, Detail string } `json:"failure"`
	Error   *struct{ Code, Message string }  `json:"error"`
}

// Protect protects the task for the given time, rounded up to minutes.
func (a *Agent) Protect(ctx context.Context, lasts time.Duration) (time.Time, error) {
	minutes := int((lasts + time.Minute - 1) / time.Minute)
	asked := time.Now()
	got, err := a.put(ctx, request{true, minutes})
	if err != nil {
		return time.Time{}, err
	}
	if !got.Protection.ProtectionEnabled {
		return time.Time{}, &ProtectionError{Status: http.StatusOK, Reason: "not enabled"}
	}
	// The clock of ECS is not ours: its expiry counts where it is the earlier one.
	until := asked.Add(time.Duration(minutes) * time.Minute)
	if at := got.Protection.ExpirationDate; !at.IsZero() && at.Before(until) {
		until = at
	}
	return until, nil
}

// Release ends the protection.
func (a *Agent) Release(ctx context.Context) error {
	got, err := a.put(ctx, request{})
	if err != nil {
		return err
	}
	if got.Protection.ProtectionEnabled {
		return &ProtectionError{Status: http.StatusOK, Reason: "still enabled"}
	}
	return nil
}

// put sends a request. An answer without an error has a Protection.
func (a *Agent) put(ctx context.Context, r request) (answer, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return answer{}, fmt.Errorf("encode protection request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, a.url, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("put task protection: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.client.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("put task protection: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer of the agent: %w", err)
	}
	return parse(resp.StatusCode, text)
}

func parse(status int, text []byte) (answer, error) {
	var a answer
	err := json.Unmarshal(text, &a)
	switch {
	case a.Failure != nil:
		return a, &ProtectionError{status, a.Failure.Reason, a.Failure.Detail}
	case a.Error != nil:
		return a, &ProtectionError{status, a.Error.Code, a.Error.Message}
	case err != nil || status != http.StatusOK || a.Protection == nil:
		return a, &ProtectionError{status, fmt.Sprintf("HTTP status %d", status), fmt.Sprintf("%.200q", text)}
	}
	return a, nil
}
