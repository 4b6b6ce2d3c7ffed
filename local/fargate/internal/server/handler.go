package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"slipway/internal/compatible"
	"slipway/internal/compatible/declared"
	"slipway/internal/fake"
	"slipway/local/fargate/internal/agent"
)

const target = "AmazonEC2ContainerServiceV20141113."

// Handler is the whole server: ECS's protocol, the endpoints of containers, and what is asked of local/fargate itself.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.ecs.Handler(http.HandlerFunc(s.forward)))
	mux.HandleFunc("GET /_slipway/health", s.health)
	mux.HandleFunc("GET /_slipway/tasks", s.tasks)
	mux.HandleFunc("GET /_slipway/faults", s.faults)
	mux.HandleFunc("POST /_slipway/faults", s.inject)
	mux.HandleFunc("DELETE /_slipway/faults", s.clear)
	agent.Register(mux, s.ecs)
	return mux
}

// forward sends a call on to the emulator, unless a fault stops it. What changes services is followed at once, and
// what is said of services has our tasks in it.
func (s *Server) forward(w http.ResponseWriter, r *http.Request) {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), target)
	fault := s.ecs.Faulty(operation)
	if fault.Error != nil && !fault.Afterwards {
		fake.AnswerError(w, fault.Error)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		fake.AnswerError(w, err)
		return
	}
	if err := s.refuses(operation, body); err != nil {
		fake.AnswerError(w, err)
		return
	}
	answer, err := s.upstream.Forward(r, body)
	if err != nil {
		fake.AnswerError(w, err)
		return
	}
	if strings.HasSuffix(operation, "Service") {
		if err := s.look(r.Context()); err != nil {
			s.opts.Log.Warn("services not read", "error", err)
		}
	}
	if fault.Afterwards {
		fake.AnswerError(w, fault.Error)
		return
	}
	if strings.Contains(operation, "Service") && answer.Status == http.StatusOK {
		answer.Body = s.withTasks(answer.Body)
	}
	w.Header().Set("Content-Type", answer.ContentType)
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // a client that has gone gets no answer
}

// refuses looks for what ECS would not register or create, by the same table as slipway check. What it cannot read the
// emulator refuses.
func (s *Server) refuses(operation string, body []byte) error {
	switch operation {
	case "RegisterTaskDefinition":
		if d, err := declared.Definition(body); err == nil {
			return firstOf("ClientException", compatible.Alone(d))
		}
	case "CreateService":
		var in struct{ TaskDefinition string }
		if json.Unmarshal(body, &in) == nil && in.TaskDefinition != "" {
			return s.refusesService(body, in.TaskDefinition)
		}
	}
	return nil
}

func (s *Server) refusesService(body []byte, definition string) error {
	d, err := s.definition(definition)
	if err != nil {
		return err
	}
	uses, err := declared.Uses(body, d.Declared)
	if err != nil {
		return err
	}
	var found []compatible.Refusal
	for _, u := range uses {
		u.Service.Desired = 0 // ECS creates a service that its count keeps from moving
		found = append(found, compatible.Examine(u)...)
	}
	return firstOf("InvalidParameterException", found)
}

// firstOf is the first refusal as an exception, if there is one.
func firstOf(code string, found []compatible.Refusal) error {
	if len(found) == 0 {
		return nil
	}
	return fake.Refused(code, found[0])
}

// maxBody bounds a request; a task definition is 64 KiB at most.
const maxBody = 1 << 20

// withTasks puts the counts and events of our tasks into what the emulator says of services. An answer that says
// nothing of them stays as it is.
func (s *Server) withTasks(body []byte) []byte {
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return body
	}
	list, _ := answer["services"].([]any)
	if one, ok := answer["service"]; ok {
		list = append(list, one)
	}
	for _, item := range list {
		if service, ok := item.(map[string]any); ok {
			s.count(service)
		}
	}
	text, err := json.Marshal(answer)
	if err != nil || len(list) == 0 {
		return body
	}
	return text
}

func (s *Server) count(service map[string]any) {
	cluster, _ := service["clusterArn"].(string)
	name, _ := service["serviceName"].(string)
	now, ok := s.ecs.Service(cluster, name)
	if !ok {
		return
	}
	service["runningCount"], service["pendingCount"], service["events"] = now.Running, now.Pending, now.Events
	deployments, _ := service["deployments"].([]any)
	for _, item := range deployments {
		d, ok := item.(map[string]any)
		if !ok {
			continue
		}
		id, _ := d["id"].(string)
		d["runningCount"], d["pendingCount"] = now.RunningOf[id], now.PendingOf[id]
		if id == now.Deployment {
			d["desiredCount"] = now.Desired
		}
	}
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "engine": s.engine, "upstream": s.opts.Upstream})
}

func (s *Server) tasks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"tasks": s.ecs.All()})
}

func (s *Server) faults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"faults": s.ecs.Injections()})
}

// maxFault bounds a request to inject a fault.
const maxFault = 1 << 16

func (s *Server) inject(w http.ResponseWriter, r *http.Request) {
	var i fake.Injection
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxFault))
	d.DisallowUnknownFields()
	err := d.Decode(&i)
	if err == nil {
		err = s.ecs.Inject(i)
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	s.faults(w, r)
}

func (s *Server) clear(w http.ResponseWriter, r *http.Request) {
	s.ecs.ClearInjections()
	s.faults(w, r)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has gone gets no answer
}
