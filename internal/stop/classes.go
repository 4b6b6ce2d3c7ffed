package stop

import "strings"

// The severities.
const (
	Info    = "info"
	Warning = "warning"
	Error   = "error"
)

const developerGuide = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

// class is one class of outcome, as it is told to people.
type class struct {
	name      string
	severity  string
	expected  bool
	retryable bool
	words     string
	remedy    string
	link      string
}

// classes by name. Every outcome has one of them.
var classes = map[string]class{
	"succeeded":            {"succeeded", Info, true, false, "The container that matters ended with exit code 0.", "", ""},
	"application-error":    {"application-error", Error, false, false, "The program ended with an error of its own.", "Read its last log lines; correct the input or the program, then start the run again.", developerGuide + "stopped-task-error-codes.html"},
	"out-of-memory":        {"out-of-memory", Error, false, false, "The container used more memory than it was given.", "Give the task or the container more memory, for large objects by resources in slipway.yaml.", developerGuide + "stopped-task-error-codes.html"},
	"image-pull":           {"image-pull", Error, false, true, "ECS could not pull the container image.", "Check the image name and tag, the execution role's rights to the registry, and the way from the subnet to it.", developerGuide + "task_cannot_pull_image.html"},
	"secrets":              {"secrets", Error, false, false, "ECS could not read a secret or the registry's credentials for the task.", "Check the name in valueFrom and the execution role's rights to it.", developerGuide + "secrets-envvar-secrets-manager.html"},
	"log-driver":           {"log-driver", Error, false, false, "The log driver of the container could not be started.", "Check that the log group exists and that the execution role may write to it.", developerGuide + "using_awslogs.html"},
	"network-interface":    {"network-interface", Warning, false, true, "ECS could not give the task a network interface in time.", "Try again; check the free addresses of the subnets and the limits on network interfaces.", developerGuide + "stopped-task-error-codes.html"},
	"storage":              {"storage", Warning, false, true, "ECS could not give the task its storage, or the disk is full.", "Try again; give the task more ephemeral storage.", developerGuide + "fargate-task-storage.html"},
	"capacity":             {"capacity", Warning, false, true, "There was no capacity for the task.", "Try again later, add availability zones, or add a step to the capacity order.", developerGuide + "service-event-messages.html"},
	"quota":                {"quota", Warning, false, true, "A quota of the account was reached.", "Ask for a higher quota in Service Quotas, or lower concurrency.max.", developerGuide + "service-quotas.html"},
	"spot-interruption":    {"spot-interruption", Warning, false, true, "AWS took back the Spot capacity that the task ran on.", "Let the job retry, with FARGATE after FARGATE_SPOT in its capacity order.", developerGuide + "fargate-capacity-providers.html"},
	"host-terminated":      {"host-terminated", Error, false, true, "The container instance that the task ran on was stopped or terminated.", "Find out who stopped it; use managed termination protection and draining.", developerGuide + "stopped-task-error-codes.html"},
	"infrastructure":       {"infrastructure", Warning, false, true, "The infrastructure under the task failed.", "Try again.", developerGuide + "stopped-task-error-codes.html"},
	"maintenance":          {"maintenance", Info, true, true, "AWS stopped the task to maintain the infrastructure under it.", "Start the run again if its work was not done.", developerGuide + "task-maintenance.html"},
	"health-check":         {"health-check", Error, false, false, "The health check of the container failed.", "Run the health command in the image; check its start period and the resources.", developerGuide + "healthcheck.html"},
	"load-balancer-health": {"load-balancer-health", Error, false, false, "The load balancer found the task unhealthy.", "Check the health check's path and port, the security groups, and the grace period.", developerGuide + "troubleshoot-service-load-balancers.html"},
	"deployment":           {"deployment", Info, true, false, "A deployment replaced the task.", "", developerGuide + "deployment-type-ecs.html"},
	"scale-in":             {"scale-in", Info, true, false, "The service was scaled in.", "", developerGuide + "service-auto-scaling.html"},
	"user-stopped":         {"user-stopped", Info, true, false, "Somebody stopped the task.", "CloudTrail's StopTask event says who.", developerGuide + "stopped-task-error-codes.html"},
	"timeout":              {"timeout", Error, false, true, "The attempt ran longer than the job's timeout, and Slipway stopped it.", "Find out why it took so long, or raise timeout in slipway.yaml.", ""},
	"start-failed":         {"start-failed", Error, false, true, "The task could not be started.", "Read the reason; the events of the cluster may say more.", developerGuide + "stopped-task-error-codes.html"},
	"unknown":              {"unknown", Error, false, false, "The task stopped, and nothing says why.", "Read its logs.", developerGuide + "stopped-task-error-codes.html"},
}

// rule finds a class in what ECS says. Text must hold every part; code, when set, is the stop code.
type rule struct {
	class string
	code  string
	parts []string
}

// stopRules read the stop code and the task's stopped reason, most certain first.
var stopRules = []rule{
	{"timeout", "", []string{"slipway: timeout"}},
	{"spot-interruption", "SpotInterruption", nil},
	{"spot-interruption", "TerminationNotice", nil},
	{"spot-interruption", "", []string{"Your Spot Task was interrupted"}},
	{"infrastructure", "InfrastructureHealth", nil},
	{"maintenance", "", []string{"ECS is performing maintenance on the underlying infrastructure"}},
	{"host-terminated", "", []string{"Host EC2 (instance"}},
	{"host-terminated", "", []string{"deregistration forced by user"}},
	{"load-balancer-health", "", []string{"Task failed ELB health checks"}},
	{"health-check", "", []string{"Task failed container health checks"}},
	{"load-balancer-health", "", []string{"unhealthy in"}},
	{"scale-in", "", []string{"Scaling activity initiated by"}},
	{"user-stopped", "UserInitiated", nil},
	{"deployment", "ServiceSchedulerInitiated", []string{"deployment"}},
	{"scale-in", "ServiceSchedulerInitiated", nil},
}

// startRules read the task's stopped reason and the containers' reasons: what kept a task from running.
var startRules = []rule{
	{"image-pull", "", []string{"CannotPullContainerError"}},
	{"image-pull", "", []string{"CannotPullECRContainerError"}},
	{"image-pull", "", []string{"CannotPullImageManifestError"}},
	{"out-of-memory", "", []string{"OutOfMemoryError"}},
	{"log-driver", "", []string{"failed to initialize logging driver"}},
	{"log-driver", "", []string{"failed to validate logger args"}},
	{"secrets", "", []string{"unable to pull secrets or registry auth"}},
	{"secrets", "", []string{"ResourceInitializationError", "secret"}},
	{"secrets", "", []string{"ResourceInitializationError", "registry auth"}},
	{"network-interface", "", []string{"network interface"}},
	{"network-interface", "", []string{"Network Interface"}},
	{"storage", "", []string{"EphemeralStorage"}},
	{"storage", "", []string{"ephemeral storage"}},
	{"storage", "", []string{"no space left on device"}},
	{"storage", "", []string{"file system"}},
	{"quota", "", []string{"reached the limit"}},
	{"capacity", "", []string{"Capacity is unavailable"}},
	{"capacity", "", []string{"RESOURCE:"}},
	{"infrastructure", "", []string{"InternalError"}},
	{"application-error", "", []string{"exec format error"}},
	{"start-failed", "", []string{"ResourceInitializationError"}},
	{"start-failed", "", []string{"CannotStartContainerError"}},
	{"start-failed", "", []string{"CannotCreateContainerError"}},
	{"start-failed", "", []string{"TimeoutError"}},
}

func match(rules []rule, code, text string) (string, bool) {
	for _, r := range rules {
		if r.code != "" && r.code != code || r.code == "" && len(r.parts) == 0 {
			continue
		}
		if holds(text, r.parts) {
			return r.class, true
		}
	}
	return "", false
}

func holds(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
