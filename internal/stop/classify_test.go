package stop_test

import (
	"strings"
	"testing"

	"slipway/internal/run"
	"slipway/internal/stop"
)

func code(n int) *int { return &n }

func stopped(stopCode, reason string, containers ...run.Container) run.Task {
	return run.Task{LastStatus: run.StatusStopped, StopCode: stopCode, StoppedReason: reason, Containers: containers}
}

func ended(n int) run.Container { return run.Container{Name: "main", ExitCode: code(n)} }

func never(reason string) run.Container { return run.Container{Name: "main", Reason: reason} }

func TestClassify(t *testing.T) {
	exited := "Essential container in task exited"
	for name, tc := range map[string]struct {
		task run.Task
		main string
		want string
	}{
		"exit 0 succeeds":                         {stopped("EssentialContainerExited", exited, ended(0)), "", "succeeded"},
		"exit 1 is the program's error":           {stopped("EssentialContainerExited", exited, ended(1)), "", "application-error"},
		"137 alone is no lack of memory":          {stopped("EssentialContainerExited", exited, ended(137)), "", "application-error"},
		"the container's reason tells of memory":  {stopped("EssentialContainerExited", exited, run.Container{Name: "main", ExitCode: code(1), Reason: "OutOfMemoryError: Container killed due to memory usage"}), "", "out-of-memory"},
		"sidecars ended after a clean main":       {stopped("EssentialContainerExited", exited, run.Container{Name: "log", ExitCode: code(143)}, ended(0)), "main", "succeeded"},
		"sidecars ended, and main is not named":   {stopped("EssentialContainerExited", exited, run.Container{Name: "log", ExitCode: code(143)}, ended(0)), "", "succeeded"},
		"a sidecar that fails while main is fine": {stopped("EssentialContainerExited", exited, run.Container{Name: "log", ExitCode: code(1)}, ended(0)), "main", "succeeded"},
		"spot":                                 {stopped("SpotInterruption", "Your Spot Task was interrupted.", ended(143)), "", "spot-interruption"},
		"spot in older words":                  {stopped("TerminationNotice", "", ended(0)), "", "spot-interruption"},
		"the health of the infrastructure":     {stopped("InfrastructureHealth", "", ended(137)), "", "infrastructure"},
		"maintenance":                          {stopped("", "ECS is performing maintenance on the underlying infrastructure hosting the task.", ended(143)), "", "maintenance"},
		"a terminated host":                    {stopped("", "Host EC2 (instance i-0abc) terminated.", ended(137)), "", "host-terminated"},
		"a load balancer":                      {stopped("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)", ended(2)), "", "load-balancer-health"},
		"a container health check":             {stopped("ServiceSchedulerInitiated", "Task failed container health checks", ended(137)), "", "health-check"},
		"scaling in":                           {stopped("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/123)", ended(137)), "", "scale-in"},
		"a person":                             {stopped("UserInitiated", "Task stopped by user", ended(143)), "", "user-stopped"},
		"our own timeout":                      {stopped("UserInitiated", "slipway: timeout: timeout after 30m0s", ended(143)), "", "timeout"},
		"an image that is not there":           {stopped("TaskFailedToStart", "CannotPullContainerError: pull image manifest has been retried 1 time(s): not found", never("")), "", "image-pull"},
		"an image, told by the container":      {stopped("TaskFailedToStart", "Task failed to start", never("CannotPullContainerError: access denied")), "", "image-pull"},
		"a secret":                             {stopped("TaskFailedToStart", "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed", never("")), "", "secrets"},
		"a log driver":                         {stopped("TaskFailedToStart", "ResourceInitializationError: failed to validate logger args: create stream has been retried", never("")), "", "log-driver"},
		"a network interface":                  {stopped("TaskFailedToStart", "Timeout waiting for network interface provisioning to complete.", never("")), "", "network-interface"},
		"storage":                              {stopped("TaskFailedToStart", "Timeout waiting for EphemeralStorage provisioning to complete.", never("")), "", "storage"},
		"capacity":                             {stopped("TaskFailedToStart", "Capacity is unavailable at this time.", never("")), "", "capacity"},
		"a quota":                              {stopped("TaskFailedToStart", "You've reached the limit on the number of vCPUs you can run concurrently", never("")), "", "quota"},
		"another architecture":                 {stopped("TaskFailedToStart", "Task failed to start", never("CannotStartContainerError: exec format error")), "", "application-error"},
		"a task that says only that it failed": {stopped("TaskFailedToStart", "Task failed to start"), "", "start-failed"},
		"a deployment":                         {stopped("ServiceSchedulerInitiated", "Task replaced by deployment x", ended(143)), "", "deployment"},
		"nothing at all":                       {stopped("", ""), "", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			got := stop.Classify(tc.task, stop.Options{Main: tc.main})
			if got.Class != tc.want {
				t.Errorf("class = %s, want %s (%+v)", got.Class, tc.want, got)
			}
			if got.Summary == "" || got.Severity == "" {
				t.Errorf("outcome says nothing: %+v", got)
			}
		})
	}
}

func TestAHostileReasonIsCutAndCleaned(t *testing.T) {
	got := stop.Classify(stopped("", "a\u202eb\x00c\n"+strings.Repeat("x", 10<<20), ended(1)), stop.Options{})
	if len(got.Reason) > 1100 || strings.ContainsAny(got.Reason, "\u202e\x00\n") {
		t.Errorf("reason of %d bytes is not clean", len(got.Reason))
	}
}
