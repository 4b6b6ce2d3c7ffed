package stop

import (
	"fmt"
	"strings"

	"slipway/internal/run"
)

// Of is the outcome of a class, with the reason in the words of whoever says so.
func Of(class, reason string) run.Outcome {
	c, known := classes()[class]
	if !known {
		c = classes()["unknown"]
	}
	return run.Outcome{
		Class: c.Name, Severity: c.Severity, Expected: c.Expected, Retryable: c.Retryable, Reason: tidy(reason),
		Summary: c.Words, Remedy: c.Remedy, Link: c.Link,
	}
}

// Unknown is the outcome of something that nothing is known about.
func Unknown() run.Outcome {
	out := Of("unknown", "")
	out.Summary = "The run failed, and nothing says why."
	return out
}

// Complete fills in what an outcome that was not classified here leaves open.
func Complete(out run.Outcome) run.Outcome {
	c := Of(out.Class, "")
	for into, from := range map[*string]string{
		&out.Severity: c.Severity, &out.Summary: c.Summary, &out.Remedy: c.Remedy, &out.Link: c.Link,
	} {
		if *into == "" {
			*into = from
		}
	}
	out.Reason = tidy(out.Reason)
	return out
}

// Action is what an "ECS Service Action" says.
type Action struct {
	Name   string
	Class  string
	Words  string
	Remedy string
}

// Actions lists the actions of services that tell of trouble.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
func Actions() []Action {
	return []Action{
		{"SERVICE_TASK_START_IMPAIRED", "start-failed", "The service cannot start its tasks: they end again and again.", "Look at why its newest stopped tasks ended; ECS waits longer and longer between two tries."},
		{"SERVICE_TASK_PLACEMENT_FAILURE", "capacity", "The service could not place a task.", ""},
		{"SERVICE_TASK_CONFIGURATION_FAILURE", "start-failed", "The service could not start a task because of its configuration.", "Check the task definition's roles, secrets and network against the reason."},
		{"SERVICE_DAEMON_PLACEMENT_CONSTRAINT_VIOLATED", "capacity", "A container instance no longer meets the placement constraints of a daemon service.", "Change the constraint, or the attributes of the instance."},
		{"ECS_OPERATION_THROTTLED", "quota", "The service is throttled by the API of ECS.", "Make fewer calls to ECS; it goes on by itself."},
		{"SERVICE_DISCOVERY_OPERATION_THROTTLED", "quota", "The service is throttled by AWS Cloud Map.", "It goes on by itself; make fewer calls to Cloud Map."},
		{"SERVICE_DISCOVERY_INSTANCE_UNHEALTHY", "load-balancer-health", "AWS Cloud Map found a task of the service unhealthy.", "Check the health check of the service registry."},
		{"VPC_LATTICE_TARGET_UNHEALTHY", "load-balancer-health", "VPC Lattice found a task of the service unhealthy.", "Check the health check of the target group."},
		{"SERVICE_HEALTH_UNKNOWN", "unknown", "ECS does not know how healthy the service is.", "Look at the service in the console."},
	}
}

// OfService is what ECS says of a service, as an outcome.
func OfService(name, level, reason string) run.Outcome {
	out := Of("unknown", reason)
	out.Summary = "ECS reports trouble with the service: " + tidy(name) + "."
	out.Remedy = "Look at the events of the service in the console."
	for _, a := range Actions() {
		if a.Name != name {
			continue
		}
		out = Of(a.Class, reason)
		out.Summary = a.Words
		if a.Remedy != "" {
			out.Remedy = a.Remedy
		}
	}
	out.Severity = Error
	if level == "WARN" {
		out.Severity = Warning
	}
	if out.Reason == "" {
		out.Reason = tidy(name)
	}
	out.Link = guide + "service-event-messages.html"
	return out
}

// OfDeployment is a failed deployment as an outcome. Its class says what it is about; it was not expected.
func OfDeployment(reason string) run.Outcome {
	out := Of("deployment", reason)
	out.Severity, out.Expected = Error, false
	out.Summary = "A deployment of the service failed."
	if strings.Contains(reason, "circuit breaker") {
		out.Summary = "A deployment of the service failed: its tasks did not start, and the circuit breaker ended it."
	}
	out.Remedy = "Look at why its tasks stopped, correct that, and deploy again."
	out.Link = guide + "deployment-circuit-breaker.html"
	return out
}

// Because adds to a failed deployment why its tasks failed.
func Because(out, task run.Outcome, count int) run.Outcome {
	word := "tasks"
	if count == 1 {
		word = "task"
	}
	out.Summary += fmt.Sprintf(" %d %s of it failed, with %s: %s", count, word, task.Class, task.Summary)
	out.Remedy, out.Link, out.ExitCode = task.Remedy, task.Link, task.ExitCode
	return out
}
