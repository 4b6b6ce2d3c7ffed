package fake

import "time"

// Protection is what the task protection calls show of a task.
type Protection struct {
	TaskArn           string `json:"taskArn"`
	ProtectionEnabled bool   `json:"protectionEnabled"`
	ExpirationDate    *stamp `json:"expirationDate,omitempty"`
}

// ProtectionOutput is the answer of UpdateTaskProtection and GetTaskProtection.
type ProtectionOutput struct {
	ProtectedTasks []Protection `json:"protectedTasks"`
	Failures       []Failure    `json:"failures"`
}

// The limits of UpdateTaskProtection, in tasks and minutes.
const (
	protectAtOnce  = 10
	maxProtection  = 2880
	usualProtected = 120
)

// UpdateTaskProtection protects tasks of services from scaling in and deployments, for so many minutes (0: 120), or
// ends it. Tasks that cannot be protected are failures: TASK_NOT_VALID, or DEPLOYMENT_BLOCKED when their service would
// have more protected tasks than it wants.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html
func (e *ECS) UpdateTaskProtection(cluster string, names []string, enabled bool, minutes int) (*ProtectionOutput, error) {
	if f := e.Faulty("UpdateTaskProtection"); f.Error != nil {
		return nil, f.Error
	}
	if len(names) == 0 || len(names) > protectAtOnce {
		return nil, refuse("InvalidParameterException", "Tasks must have between 1 and %d elements.", protectAtOnce)
	}
	if minutes < 0 || minutes > maxProtection {
		return nil, refuse("InvalidParameterException", "expiresInMinutes must be between 1 and %d.", maxProtection)
	}
	if minutes == 0 {
		minutes = usualProtected
	}
	return e.protections(cluster, names, func(t *Task) string {
		switch {
		case !enabled:
			t.protectedUntil = time.Time{}
		case !t.protected(e.Now()) && e.blocked(t):
			return "DEPLOYMENT_BLOCKED"
		default:
			t.protectedUntil = e.Now().Add(time.Duration(minutes) * time.Minute)
		}
		return ""
	}), nil
}

// GetTaskProtection shows the protection of tasks of services.
func (e *ECS) GetTaskProtection(cluster string, names []string) (*ProtectionOutput, error) {
	if f := e.Faulty("GetTaskProtection"); f.Error != nil {
		return nil, f.Error
	}
	return e.protections(cluster, names, func(*Task) string { return "" }), nil
}

// blocked reports whether one more protected task would be more than the task's service wants.
func (e *ECS) blocked(t *Task) bool {
	s, ok := e.serviceOf(t)
	if !ok {
		return false
	}
	n := 1
	for _, other := range e.tasksOf(s) {
		if other.protected(e.Now()) {
			n++
		}
	}
	return n > s.Desired
}

func (e *ECS) protections(cluster string, names []string, change func(*Task) (refusal string)) *ProtectionOutput {
	defer e.enter()()
	out := &ProtectionOutput{ProtectedTasks: []Protection{}, Failures: []Failure{}}
	for _, name := range names {
		t, ok := e.find(name)
		refusal := "TASK_NOT_VALID"
		if ok && t.ofService() && t.cluster() == clusterName(cluster) && t.LastStatus != "STOPPED" {
			refusal = change(t)
		}
		if refusal != "" {
			out.Failures = append(out.Failures, Failure{Arn: &name, Reason: refusal})
			continue
		}
		p := Protection{TaskArn: t.TaskArn, ProtectionEnabled: t.protected(e.Now())}
		if p.ProtectionEnabled {
			p.ExpirationDate = &stamp{t.protectedUntil}
		}
		out.ProtectedTasks = append(out.ProtectedTasks, p)
	}
	return out
}
