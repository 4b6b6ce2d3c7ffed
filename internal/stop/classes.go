package stop

import "sync"

// The severities.
const (
	Info    = "info"
	Warning = "warning"
	Error   = "error"
)

const guide = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

// Class is one class of outcome, as it is told to people. Every outcome has one of them.
type Class struct {
	Name      string
	Severity  string
	Expected  bool // nobody has to do anything
	Retryable bool // another attempt may end better
	Words     string
	Remedy    string
	Link      string
}

// Classes lists every class.
func Classes() []Class {
	return []Class{
		{"succeeded", Info, true, false, "The container that matters ended with exit code 0.", "Nothing.", ""},
		{"application-error", Error, false, false, "The program ended with an error of its own.", "Read its last log lines; correct the input or the program, then start the run again.", guide + "stopped-task-error-codes.html"},
		{"out-of-memory", Error, false, false, "The container used more memory than it was given, and was killed.", "Give the task or the container more memory (in slipway.yaml by resources, for large objects), and let the program's runtime know the limit.", guide + "stopped-task-error-codes.html"},
		{"image-pull", Error, false, true, "ECS could not pull the container image.", "Check the image's name and tag, the execution role's rights to the registry, and the way from the subnet to it.", guide + "task_cannot_pull_image.html"},
		{"secrets", Error, false, false, "ECS could not read a secret or the registry's credentials for the task.", "Check the name in valueFrom, the execution role's rights to it, and the way from the subnet to Secrets Manager, SSM and ECR.", guide + "resource-initialization-error.html"},
		{"log-driver", Error, false, false, "The log driver of the container could not be started.", "Check that the log group exists (or awslogs-create-group is set), that the execution role may write to it, and the way from the subnet to CloudWatch Logs.", guide + "resource-initialization-error.html"},
		{"network-interface", Warning, false, true, "ECS could not give the task a network interface in time.", "Try again; check the free addresses of the subnets and the limits on network interfaces.", guide + "task-networking.html"},
		{"storage", Warning, false, true, "ECS could not give the task its storage, or the disk is full.", "Try again; give the task more ephemeral storage, and check the volumes of its definition.", guide + "fargate-task-storage.html"},
		{"capacity", Warning, false, true, "There was no capacity for the task.", "Slipway tries again by itself. Add availability zones or sizes, or a step to the capacity order.", guide + "service-event-messages.html"},
		{"quota", Warning, false, true, "A quota of the account was reached.", "Ask for a higher quota in Service Quotas, or lower concurrency.max.", guide + "service-quotas.html"},
		{"spot-interruption", Warning, false, true, "AWS took back the Spot capacity that the task ran on.", "Let the job retry it, with FARGATE after FARGATE_SPOT in its capacity order.", guide + "fargate-capacity-providers.html"},
		{"host-terminated", Error, false, true, "The container instance that the task ran on was stopped, terminated or deregistered.", "Find out who did it (CloudTrail); use managed termination protection and managed draining.", guide + "stopped-task-error-codes.html"},
		{"infrastructure", Warning, false, true, "The infrastructure under the task failed.", "Try again. If it comes back on one container instance, replace that.", guide + "stopped-task-error-codes.html"},
		{"maintenance", Info, true, true, "AWS stopped the task to maintain the infrastructure under it.", "Start the run again if its work was not done.", guide + "task-maintenance.html"},
		{"health-check", Error, false, false, "The health check of the container failed.", "Run the health command in the image; check its start period and the task's resources.", guide + "healthcheck.html"},
		{"load-balancer-health", Error, false, false, "The load balancer or the service registry found the task unhealthy.", "Check the health check's path and port, the security groups, and the grace period of the service.", guide + "troubleshoot-service-load-balancers.html"},
		{"deployment", Info, true, false, "A deployment replaced the task.", "Nothing.", guide + "deployment-type-ecs.html"},
		{"scale-in", Info, true, false, "The service was scaled in, or a deployment took the place of the task.", "Nothing.", guide + "service-auto-scaling.html"},
		{"user-stopped", Info, true, false, "Somebody stopped the task.", "If nobody should have: CloudTrail's StopTask event says who did.", guide + "stopped-task-error-codes.html"},
		{"timeout", Error, false, true, "The attempt ran longer than the job's timeout, and Slipway stopped it.", "Find out why it took so long, or raise timeout in slipway.yaml.", ""},
		{"start-failed", Error, false, true, "The task could not be started.", "Read the reason; the events of the service or the cluster may say more.", guide + "stopped-task-error-codes.html"},
		{"unknown", Error, false, false, "The task stopped, and nothing says why.", "Read its logs, and look at the task in the console within the hour in which ECS keeps it.", guide + "stopped-task-errors.html"},
	}
}

// classes are the table by name, made when the first task stops and not at each cold start.
var classes = sync.OnceValue(func() map[string]Class {
	m := map[string]Class{}
	for _, c := range Classes() {
		m[c.Name] = c
	}
	return m
})

// Names are the names of the classes, in the order of the table.
func Names() []string {
	var out []string
	for _, c := range Classes() {
		out = append(out, c.Name)
	}
	return out
}
