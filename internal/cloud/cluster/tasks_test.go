package cluster_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"slipway/internal/cloud/cluster"
)

// answering is an ECS that gives each operation its answers in turn, and remembers what it was asked.
func answering(t *testing.T, answers map[string][]string) (*cluster.ECS, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, operation+" "+string(body))
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if len(answers[operation]) == 0 {
			t.Errorf("asked for %s once more than expected", operation)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := answers[operation][0]
		answers[operation] = answers[operation][1:]
		if strings.Contains(answer, "__type") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return cluster.New(aws.Config{Region: "eu-north-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}, &server.URL), &asked
}

func TestTasksOfOneStack(t *testing.T) {
	e, _ := answering(t, map[string][]string{
		"ListTasks": {`{"taskArns": ["t/1", "t/2", "t/3"], "nextToken": "more"}`, `{"taskArns": ["t/4"]}`},
		"DescribeTasks": {
			`{"tasks": [{"taskArn": "t/1", "startedBy": "slipway/dev/a-1/1", "lastStatus": "RUNNING"},
			{"taskArn": "t/2", "startedBy": "slipway/dev-2/a-1/1", "lastStatus": "RUNNING"}, {"taskArn": "t/3", "lastStatus": "RUNNING"}]}`,
			`{"tasks": [{"taskArn": "t/4", "startedBy": "slipway/dev/a-2/1", "lastStatus": "PENDING"}]}`,
		},
	})
	got, err := e.StartedBy(t.Context(), "media", "slipway/dev/")
	if want := []string{"t/1", "t/4"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}

func TestAClusterThatIsGoneHasNoTasks(t *testing.T) {
	e, _ := answering(t, map[string][]string{"ListTasks": {`{"__type": "ClusterNotFoundException", "message": "Cluster not found."}`}})
	if got, err := e.StartedBy(t.Context(), "media", "slipway/dev/"); len(got) > 0 || err != nil {
		t.Errorf("got %q and %v, want none", got, err)
	}
}

func TestStop(t *testing.T) {
	e, asked := answering(t, map[string][]string{"StopTask": {
		`{"task": {}}`, `{"__type": "InvalidParameterException", "message": "The referenced task was not found."}`,
		`{"__type": "AccessDeniedException", "message": "no"}`,
	}})
	for _, want := range []bool{true, true, false} {
		if err := e.Stop(t.Context(), "media", "t/1", "why"); (err == nil) != want {
			t.Errorf("got %v, want an error to be %v", err, !want)
		}
	}
	var in struct{ Cluster, Task, Reason string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix((*asked)[0], "StopTask ")), &in); err != nil || in.Cluster != "media" || in.Task != "t/1" || in.Reason != "why" {
		t.Errorf("asked %q (%v)", (*asked)[0], err)
	}
}
