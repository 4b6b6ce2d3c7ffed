package agent

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"slipway/internal/fake"
)

// Environment is what a container finds of this package.
func Environment(base string, t fake.Task, container int) map[string]string {
	return map[string]string{
		"ECS_CONTAINER_METADATA_URI_V4": base + "/v4/" + t.ID() + "/" + strconv.Itoa(container),
		"ECS_AGENT_URI":                 base + "/api/" + t.ID(),
	}
}

// Register adds the endpoints to a server.
func Register(mux *http.ServeMux, ecs *fake.ECS) {
	mux.HandleFunc("GET /v4/{task}/{container}", func(w http.ResponseWriter, r *http.Request) {
		t, ok := find(w, r, ecs)
		n, err := strconv.Atoi(r.PathValue("container"))
		if !ok || err != nil || n < 0 || n >= len(t.Containers) {
			http.NotFound(w, r)
			return
		}
		write(w, http.StatusOK, metadata(t, n))
	})
	mux.HandleFunc("GET /v4/{task}/{container}/task", func(w http.ResponseWriter, r *http.Request) {
		if t, ok := find(w, r, ecs); ok {
			write(w, http.StatusOK, taskMetadata(t))
		}
	})
	mux.HandleFunc("GET /api/{task}/task-protection/v1/state", func(w http.ResponseWriter, r *http.Request) {
		if t, ok := find(w, r, ecs); ok {
			out, err := ecs.GetTaskProtection(t.ClusterArn, []string{t.TaskArn})
			protection(w, t, out, err)
		}
	})
	mux.HandleFunc("PUT /api/{task}/task-protection/v1/state", func(w http.ResponseWriter, r *http.Request) {
		if t, ok := find(w, r, ecs); ok {
			protect(w, r, ecs, t)
		}
	})
}

// find finds the task in the path, or answers that there is none.
func find(w http.ResponseWriter, r *http.Request, ecs *fake.ECS) (fake.Task, bool) {
	t, ok := ecs.Task(r.PathValue("task"))
	if !ok {
		http.NotFound(w, r)
	}
	return t, ok
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone gets no answer
}

// container is a container as the metadata endpoint shows it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html
type container struct {
	DockerID      string `json:"DockerId"`
	Name          string
	DockerName    string
	Image         string
	Labels        map[string]string
	DesiredStatus string
	KnownStatus   string
	CreatedAt     *time.Time `json:",omitempty"`
	StartedAt     *time.Time `json:",omitempty"`
	Type          string
	ContainerARN  string
	LogDriver     string            `json:",omitempty"`
	LogOptions    map[string]string `json:",omitempty"`
}

func metadata(t fake.Task, n int) container {
	c, d := t.Containers[n], t.Definition().ContainerDefinitions[n]
	out := container{
		DockerID: t.ID() + "-" + strconv.Itoa(n), Name: c.Name, DockerName: c.Name, Image: c.Image, Type: "NORMAL",
		DesiredStatus: t.DesiredStatus, KnownStatus: c.LastStatus, ContainerARN: c.ContainerArn,
		Labels: map[string]string{
			"com.amazonaws.ecs.cluster": t.ClusterArn, "com.amazonaws.ecs.container-name": c.Name, "com.amazonaws.ecs.task-arn": t.TaskArn,
			"com.amazonaws.ecs.task-definition-family": t.Definition().Family, "com.amazonaws.ecs.task-definition-version": strconv.Itoa(t.Definition().Revision),
		},
	}
	if t.CreatedAt != nil {
		out.CreatedAt = &t.CreatedAt.Time
	}
	if t.StartedAt != nil {
		out.StartedAt = &t.StartedAt.Time
	}
	if l := d.LogConfiguration; l != nil {
		out.LogDriver, out.LogOptions = l.LogDriver, l.Options
	}
	return out
}

func taskMetadata(t fake.Task) any {
	cpu, _ := strconv.ParseFloat(t.CPU, 64) // none: zero
	containers := []container{}
	for n := range t.Containers {
		containers = append(containers, metadata(t, n))
	}
	return map[string]any{
		"Cluster": t.ClusterArn, "TaskARN": t.TaskArn, "Family": t.Definition().Family,
		"Revision": strconv.Itoa(t.Definition().Revision), "DesiredStatus": t.DesiredStatus, "KnownStatus": t.LastStatus,
		"Limits":           map[string]any{"CPU": cpu / 1024, "Memory": t.MemoryMiB()},
		"AvailabilityZone": t.AvailabilityZone, "LaunchType": t.LaunchType, "Containers": containers,
	}
}

// maxBody bounds a request of a container.
const maxBody = 1 << 16

func protect(w http.ResponseWriter, r *http.Request, ecs *fake.ECS, t fake.Task) {
	var in struct {
		ProtectionEnabled *bool
		ExpiresInMinutes  int
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || json.Unmarshal(body, &in) != nil || in.ProtectionEnabled == nil {
		refused(w, http.StatusBadRequest, t, "InvalidParameterException", "Invalid request: does not contain 'ProtectionEnabled' field")
		return
	}
	out, err := ecs.UpdateTaskProtection(t.ClusterArn, []string{t.TaskArn}, *in.ProtectionEnabled, in.ExpiresInMinutes)
	protection(w, t, out, err)
}

// protection answers as the agent does: with the protection, with ECS's failure, or with an error.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
func protection(w http.ResponseWriter, t fake.Task, out *fake.ProtectionOutput, err error) {
	switch {
	case err != nil:
		refused(w, http.StatusBadRequest, t, fake.CodeOf(err), err.Error())
	case len(out.Failures) > 0:
		write(w, http.StatusOK, map[string]any{"failure": map[string]string{"Arn": t.TaskArn, "Reason": out.Failures[0].Reason, "Detail": out.Failures[0].Detail}})
	default:
		p := out.ProtectedTasks[0]
		shown := map[string]any{"ProtectionEnabled": p.ProtectionEnabled, "TaskArn": p.TaskArn}
		if p.ExpirationDate != nil {
			shown["ExpirationDate"] = p.ExpirationDate.UTC().Format(time.RFC3339)
		}
		write(w, http.StatusOK, map[string]any{"protection": shown})
	}
}

func refused(w http.ResponseWriter, status int, t fake.Task, code, message string) {
	write(w, status, map[string]any{
		"requestID": t.ID(), "error": map[string]string{"Arn": t.TaskArn, "Code": code, "Message": message},
	})
}
