package worker_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slipway/worker"
)

// agent answers as the ECS agent does, and returns what it was asked.
func agent(t *testing.T, status int, text string) (*worker.Agent, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		asked = append(asked, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"), body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	a, err := worker.NewAgent(server.URL + "/api/0123456789")
	if err != nil {
		t.Fatal(err)
	}
	return a, &asked
}

func TestTheAgentProtects(t *testing.T) {
	soon := time.Now().Add(5 * time.Minute).UTC().Truncate(time.Millisecond)
	a, asked := agent(t, 200, `{"protection":{"ExpirationDate":"`+soon.Format(time.RFC3339Nano)+`","ProtectionEnabled":true,"TaskArn":"arn:x"}}`)
	until, err := a.Protect(t.Context(), 14*time.Minute+time.Second)
	if err != nil || !until.Equal(soon) {
		t.Errorf("got %v %v, want the earlier end of ECS %v", until, err, soon)
	}
	want := `PUT /api/0123456789/task-protection/v1/state application/json {"ProtectionEnabled":true,"ExpiresInMinutes":15}`
	if got := strings.Join(*asked, "\n"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheAgentReleases(t *testing.T) {
	a, asked := agent(t, 200, `{"protection":{"ExpirationDate":null,"ProtectionEnabled":false,"TaskArn":"arn:x"}}`)
	if err := a.Release(t.Context()); err != nil {
		t.Error(err)
	}
	want := `PUT /api/0123456789/task-protection/v1/state application/json {"ProtectionEnabled":false}`
	if got := strings.Join(*asked, "\n"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEveryOtherAnswerIsARefusal(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		text   string
		says   string
	}{
		"more protected than wanted": {200, `{"failure":{"Arn":"arn:x","Detail":null,"Reason":"DEPLOYMENT_BLOCKED"}}`, "DEPLOYMENT_BLOCKED: the service is asked for fewer tasks"},
		"a task of no service":       {400, `{"failure":{"Arn":"arn:x","Reason":"TASK_NOT_VALID"}}`, "only tasks of a service"},
		"no right":                   {400, `{"requestID":"r","error":{"Arn":"arn:x","Code":"AccessDeniedException","Message":"User: x is not authorized"}}`, "AccessDeniedException: User: x"},
		"throttled by the agent":     {429, ``, "HTTP status 429"},
		"an answer that is no JSON":  {200, `<html>`, "HTTP status 200"},
		"an answer without content":  {200, `{}`, "HTTP status 200"},
		"not enabled after all":      {200, `{"protection":{"ProtectionEnabled":false}}`, "not enabled"},
		"an error with a success":    {500, `{"protection":{"ProtectionEnabled":true}}`, "HTTP status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := agent(t, tc.status, tc.text)
			_, err := a.Protect(t.Context(), time.Minute)
			var refused *worker.ProtectionError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want %q", err, tc.says)
			}
		})
	}
}

func TestAnAgentThatDoesNotAnswerIsAnError(t *testing.T) {
	a, err := worker.NewAgent("http://127.0.0.1:1/api")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Protect(t.Context(), time.Minute); err == nil {
		t.Error("got protection from nobody")
	}
	if err := a.Release(t.Context()); err == nil {
		t.Error("got a release from nobody")
	}
}

func TestTheEnvironmentSaysWhoProtects(t *testing.T) {
	t.Setenv("ECS_AGENT_URI", "")
	if p, err := worker.FromEnvironment(); p != worker.Unprotected || err != nil {
		t.Errorf("got %v %v, want Unprotected", p, err)
	}
	t.Setenv("ECS_AGENT_URI", "http://169.254.170.2/api/x")
	if p, err := worker.FromEnvironment(); p == worker.Unprotected || err != nil {
		t.Errorf("got %v %v, want the agent", p, err)
	}
	t.Setenv("ECS_AGENT_URI", "nonsense")
	if _, err := worker.FromEnvironment(); err == nil {
		t.Error("got no error")
	}
}
