package agent_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/agent"
)

// still is a runner whose containers never do anything.
type still struct{}

func (still) Start(_ fake.Task, started func(), _ func(fake.Ended)) { started() }
func (still) Stop(fake.Task)                                        {}

func TestAContainerFindsItsTaskAndProtectsIt(t *testing.T) {
	ecs := &fake.ECS{Region: "eu-north-1", Account: "111122223333", Now: time.Now, Runner: still{}, Providers: []string{"FARGATE"}}
	d := fake.TaskDefinition{Family: "worker", Revision: 7, CPU: "512", Memory: "1024", ContainerDefinitions: []fake.ContainerDefinition{{Name: "main"}}}
	ecs.PutService(fake.Service{Cluster: "work", Name: "workers", Definition: d, Desired: 1, LaunchType: "FARGATE"})
	ecs.Definition = fake.Definitions(d)
	ecs.Advance()
	task := ecs.All()[0]
	alone, err := ecs.RunTask(fake.RunTaskInput{Cluster: "work", TaskDefinition: "worker"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	agent.Register(mux, ecs)
	env := agent.Environment("", task, 0)
	state := env["ECS_AGENT_URI"] + "/task-protection/v1/state"
	other := agent.Environment("", alone.Tasks[0], 0)["ECS_AGENT_URI"] + "/task-protection/v1/state"
	for _, step := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"its container", http.MethodGet, env["ECS_CONTAINER_METADATA_URI_V4"], "", 200, `"ContainerARN":"` + task.Containers[0].ContainerArn},
		{"its task", http.MethodGet, env["ECS_CONTAINER_METADATA_URI_V4"] + "/task", "", 200, `"Limits":{"CPU":0.5,"Memory":1024},"Revision":"7"`},
		{"a container that is not there", http.MethodGet, "/v4/" + task.ID() + "/1", "", 404, ""},
		{"a task that is not there", http.MethodGet, "/api/nothing/task-protection/v1/state", "", 404, ""},
		{"no protection", http.MethodGet, state, "", 200, `"protection":{"ProtectionEnabled":false`},
		{"protection", http.MethodPut, state, `{"ProtectionEnabled":true,"ExpiresInMinutes":5}`, 200, `"protection":{"ExpirationDate":"`},
		{"too long", http.MethodPut, state, `{"ProtectionEnabled":true,"ExpiresInMinutes":5000}`, 400, `"Code":"InvalidParameterException"`},
		{"nothing said", http.MethodPut, state, `{}`, 400, `does not contain 'ProtectionEnabled' field`},
		{"it is still there", http.MethodGet, state, "", 200, `"ProtectionEnabled":true`},
		{"and no more", http.MethodPut, state, `{"ProtectionEnabled":false}`, 200, `"ProtectionEnabled":false`},
		{"a task of no service", http.MethodPut, other, `{"ProtectionEnabled":true}`, 200, `"Reason":"TASK_NOT_VALID"`},
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), step.method, step.path, strings.NewReader(step.body)))
		if w.Code != step.status || !strings.Contains(w.Body.String(), step.want) {
			t.Errorf("%s: %d %s, want %d with %s", step.name, w.Code, w.Body, step.status, step.want)
		}
	}
}
