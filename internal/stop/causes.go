package stop

import (
	"strings"
	"sync"
)

// Cause is one way to come to a class. It is found by the stop code, when one is given, and by its parts: the text must
// hold each of them, in one of the alternatives that | separates, in any case. Words and Remedy that are given stand
// for those of the class.
type Cause struct {
	Name    string
	Class   string
	Code    string
	Parts   []string
	Words   string
	Remedy  string
	Link    string
	Example string // what ECS says
}

// TaskCauses are found in the stop code and the task's stopped reason, the most certain first: what happened to the task
// decides over how its containers ended.
func TaskCauses() []Cause {
	return []Cause{
		{Name: "slipway-timeout", Class: "timeout", Parts: []string{"slipway: timeout"}, Example: "slipway: timeout: timeout after 30m0s"},
		{Name: "slipway-stop", Class: "user-stopped", Parts: []string{"slipway: cancel|slipway: replace"}, Words: "Slipway stopped the task, because its run was cancelled or replaced.", Remedy: "Nothing.", Example: "slipway: cancel: asked by ops"},
		{Name: "slipway-move", Class: "capacity", Parts: []string{"slipway: move"}, Words: "The task was not RUNNING in time, and Slipway stopped it to start another one elsewhere.", Remedy: "Nothing, as long as the other one runs; else add a step to the capacity order.", Example: "slipway: move: not RUNNING within 10m0s"},
		{Name: "spot", Class: "spot-interruption", Code: "SpotInterruption", Example: "Your Spot Task was interrupted."},
		{Name: "spot-older", Class: "spot-interruption", Code: "TerminationNotice", Example: "Your Spot Task was interrupted."},
		{Name: "spot-words", Class: "spot-interruption", Parts: []string{"Your Spot Task was interrupted|SpotInterruptionError"}, Example: "Your Spot Task was interrupted."},
		{Name: "infrastructure-health", Class: "infrastructure", Code: "InfrastructureHealth", Words: "ECS stopped the task because the health of the infrastructure under it was impaired.", Example: "Task stopped because the underlying infrastructure is impaired"},
		{Name: "maintenance", Class: "maintenance", Parts: []string{"ECS is performing maintenance on the underlying infrastructure"}, Example: "ECS is performing maintenance on the underlying infrastructure hosting the task."},
		{Name: "host", Class: "host-terminated", Parts: []string{"Host EC2 (instance"}, Example: "Host EC2 (instance i-0123456789abcdef0) terminated."},
		{Name: "deregistered", Class: "host-terminated", Parts: []string{"deregistration forced by user"}, Words: "The container instance was deregistered by force while the task ran on it.", Remedy: "Drain an instance before it is deregistered.", Example: "Container instance deregistration forced by user"},
		{Name: "load-balancer", Class: "load-balancer-health", Parts: []string{"failed ELB health checks"}, Words: "The load balancer found the task unhealthy. Its exit code says only how it took the end.", Example: "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:…)"},
		{Name: "container-health", Class: "health-check", Parts: []string{"failed container health checks"}, Example: "Task failed container health checks"},
		{Name: "registry-health", Class: "load-balancer-health", Parts: []string{"unhealthy in|failed VPC Lattice|Cloud Map|service registry"}, Words: "Service discovery or VPC Lattice found the task unhealthy.", Remedy: "Check what the service registry or the target group asks of the task, and the security groups.", Example: "(service orders) (task 0123) is unhealthy in (service-registry …)"},
		{Name: "scaling", Class: "scale-in", Parts: []string{"Scaling activity initiated by"}, Example: "Scaling activity initiated by (deployment ecs-svc/0123456789)"},
		{Name: "user", Class: "user-stopped", Code: "UserInitiated", Example: "Task stopped by user"},
		{Name: "deployment", Class: "deployment", Code: "ServiceSchedulerInitiated", Parts: []string{"deployment"}, Example: "Task replaced by deployment ecs-svc/0123456789"},
		{Name: "scheduler", Class: "scale-in", Code: "ServiceSchedulerInitiated", Example: ""},
	}
}

const (
	pulls   = "CannotPull|failed to pull image"
	secrets = "unable to pull secrets or registry auth|unable to retrieve secret|fetching secret data|execution resource retrieval failed|unable to pull registry auth|retrieve secret"
	noWay   = "i/o timeout|context deadline exceeded|context canceled|connection issue|request canceled|RequestCanceled|connection refused|connection reset|Check your task network configuration|Check your network configuration|no such host|TLS handshake timeout|dial tcp"
	denied  = "AccessDenied|access denied|not authorized|UnrecognizedClient|denied|403|no basic auth|insufficient_scope|unauthorized|Check that the role has the permissions"
	missing = "not found|404|does not exist|manifest unknown|ResourceNotFoundException|invalid ssm parameters|can't find the specified secret|ParameterNotFound"
)

// StartCauses are found in the reasons of the task and its containers: what kept a container from running or ended it.
func StartCauses() []Cause {
	return append([]Cause{
		{Name: "memory", Class: "out-of-memory", Parts: []string{"OutOfMemoryError"}, Example: "OutOfMemoryError: Container killed due to memory usage"},
		{Name: "architecture", Class: "application-error", Parts: []string{"exec format error"}, Words: "The image is built for another architecture than the task's.", Remedy: "Build the image for the architecture in the task definition's runtimePlatform, or for both.", Link: guide + "cannot-start-container.html", Example: "CannotStartContainerError: … exec format error"},
		{Name: "pull-architecture", Class: "image-pull", Parts: []string{pulls, "descriptor matching platform|no matching manifest"}, Words: "The image has no variant for the task's architecture.", Remedy: "Build the image for the architecture in runtimePlatform, or for both.", Example: "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'"},
		{Name: "pull-rate-limit", Class: "image-pull", Parts: []string{pulls, "toomanyrequests|pull rate limit|429 Too Many"}, Words: "The registry's pull rate limit was reached.", Remedy: "Pull with credentials (repositoryCredentials), or through an ECR pull-through cache.", Example: "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit"},
		{Name: "pull-disk", Class: "storage", Parts: []string{pulls, "no space left on device"}, Words: "The disk was full before the image was pulled.", Remedy: "Give the task more ephemeral storage, clean up the container instance, or make the image smaller.", Link: guide + "task_cannot_pull_image.html", Example: "CannotPullContainerError: … no space left on device"},
		{Name: "pull-denied", Class: "image-pull", Parts: []string{pulls, denied}, Words: "The registry did not allow the image to be pulled.", Remedy: "Give the execution role ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer, or the task repositoryCredentials.", Example: "CannotPullContainerError: pull access denied for example/app"},
		{Name: "pull-missing", Class: "image-pull", Parts: []string{pulls, missing}, Words: "The image or its tag does not exist.", Remedy: "Push the tag, or correct the image in the task definition.", Example: "CannotPullContainerError: … example/app:1: not found"},
		{Name: "pull-network", Class: "image-pull", Parts: []string{pulls, noWay + "|httpReaderSeeker|timeout"}, Words: "There was no way from the task's subnet to the registry.", Remedy: "Give a public subnet's task a public address; else check NAT, the endpoints of ECR and S3, security groups and DNS.", Example: "CannotPullContainerError: … dial tcp 192.0.2.1:443: i/o timeout"},
		{Name: "pull", Class: "image-pull", Parts: []string{pulls}, Example: "CannotPullContainerError: …"},
	}, placeCauses()...)
}

// placeCauses are what kept a task from its place, its network, its disk and its secrets.
func placeCauses() []Cause {
	return append([]Cause{
		{Name: "logger", Class: "log-driver", Parts: []string{"failed to validate logger args|failed to initialize logging driver|failed to create Cloudwatch log group|initialize logging driver|logger args|log driver"}, Example: "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: … The specified log group does not exist."},
		{Name: "efs", Class: "storage", Parts: []string{"EFS utils|efs.|EFS file system|mount.nfs|failed to mount|unable to mount"}, Words: "A file system of the task could not be mounted.", Remedy: "Check the mount target in the task's zone, port 2049 in the security groups, and the task role's rights.", Link: guide + "troubleshoot-efs.html", Example: "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes"},
		{Name: "secret-key", Class: "secrets", Parts: []string{"did not contain json key"}, Words: "The secret exists, but not the JSON key that valueFrom names.", Remedy: "Correct the key at the end of valueFrom, or add it to the secret.", Example: "ResourceInitializationError: unable to pull secrets or registry auth: retrieved secret … did not contain json key DATABASE_URL"},
		{Name: "secret-denied", Class: "secrets", Parts: []string{secrets, denied}, Words: "The execution role may not read a secret or the registry's token.", Remedy: "Give the execution role secretsmanager:GetSecretValue, ssm:GetParameters, kms:Decrypt or ecr:GetAuthorizationToken, as the reason says.", Example: "ResourceInitializationError: unable to pull secrets or registry auth: … AccessDeniedException: … is not authorized to perform: secretsmanager:GetSecretValue"},
		{Name: "secret-missing", Class: "secrets", Parts: []string{secrets, missing}, Words: "A secret or parameter that the task definition names does not exist in this Region.", Remedy: "Create it, or correct valueFrom.", Example: "ResourceInitializationError: unable to pull secrets or registry auth: … ResourceNotFoundException: Secrets Manager can't find the specified secret."},
		{Name: "secret-network", Class: "secrets", Parts: []string{secrets, noWay}, Words: "There was no way from the task's subnet to Secrets Manager, SSM or ECR.", Remedy: "Give a public subnet's task a public address; else check NAT or the VPC endpoints, and their security groups.", Example: "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration."},
		{Name: "secret", Class: "secrets", Parts: []string{secrets}, Example: "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed"},
		{Name: "interface", Class: "network-interface", Parts: []string{"network interface|ContainerNetworkingError|elastic network|ENI provisioning|RESOURCE:ENI|failed to set up network|setup network"}, Example: "Timeout waiting for network interface provisioning to complete."},
		{Name: "disk", Class: "storage", Parts: []string{"no space left on device"}, Words: "The disk of the task or of the container instance is full.", Remedy: "Give the task more ephemeral storage, or clean up the container instance.", Example: "CannotCreateContainerError: … no space left on device"},
		{Name: "volume", Class: "storage", Parts: []string{"EphemeralStorage|ephemeral storage|CannotCreateVolumeError|InvalidVolumeError|CannotInspectVolumeError|file system|EBS volume|attach volume"}, Example: "Timeout waiting for EphemeralStorage provisioning to complete."},
		{Name: "limit", Class: "quota", Parts: []string{"reached the limit|LimitExceeded|vCPU limit|service quota"}, Example: "You've reached the limit on the number of vCPUs you can run concurrently"},
		{Name: "no-capacity", Class: "capacity", Parts: []string{"Capacity is unavailable|capacity is currently unavailable|RESOURCE:|insufficient capacity|No Container Instances were found|no container instance met all|TaskFailedToStart: AGENT|TaskFailedToStart: ATTRIBUTE|TaskFailedToStart: MEMORY|TaskFailedToStart: CPU|TaskFailedToStart: GPU|NO ACTIVE INSTANCES|EMPTY CAPACITY PROVIDER"}, Example: "Capacity is unavailable at this time. Please try again later or in a different availability zone"},
	}, runtimeCauses()...)
}

// runtimeCauses are what the container runtime could not do.
func runtimeCauses() []Cause {
	return []Cause{
		{Name: "internal", Class: "infrastructure", Parts: []string{"InternalError|AgentError|Unexpected EC2 error"}, Example: "InternalError: Failed to stop the container"},
		{Name: "lost", Class: "infrastructure", Parts: []string{"CannotStopContainerError|CannotInspectContainerError|CannotDescribeContainerError|DockerStateError|NoSuchContainerError|ContainerVanishedError"}, Words: "The agent lost sight of the container, or could not stop it.", Remedy: "Try again; look at the health of the container instance and its agent.", Example: "CannotInspectContainerError: Could not transition to inspecting; timed out after waiting 30s"},
		{Name: "start", Class: "start-failed", Parts: []string{"CannotStartContainerError"}, Words: "The container could not be started: most often its command or entry point does not exist in the image.", Remedy: "Check entry point, command and working directory of the container.", Link: guide + "cannot-start-container.html", Example: "CannotStartContainerError: … exec: \"/app\": stat /app: no such file or directory"},
		{Name: "create", Class: "start-failed", Parts: []string{"CannotCreateContainerError"}, Words: "The container could not be created.", Remedy: "Read the reason; check the container's options and the disk of the container instance.", Example: "CannotCreateContainerError: API error (500): devmapper: Thin Pool has free data blocks"},
		{Name: "dependency", Class: "start-failed", Parts: []string{"TaskDependencyError|dependency graph|dependsOn|TaskStoppedBeforePullBeginError"}, Words: "A container that others wait for did not come up.", Remedy: "Check dependsOn, startTimeout, and the health check of the container that is waited for.", Link: guide + "task_definition_parameters.html", Example: "TaskDependencyError: dependency graph: dependency never completed"},
		{Name: "slow-runtime", Class: "start-failed", Parts: []string{"DockerTimeoutError|ContainerRuntimeTimeoutError|Could not transition to"}, Words: "The container did not come up in the time that the agent gives it.", Remedy: "Try again; look for pressure on disk and CPU of the container instance.", Example: "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s"},
		{Name: "role", Class: "start-failed", Parts: []string{"unable to assume the role|unable to assume role"}, Words: "ECS could not take on a role of the task.", Remedy: "Let ecs-tasks.amazonaws.com assume the role, and check that it exists.", Example: "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/report-task' that was provided for this task."},
		{Name: "resources", Class: "start-failed", Parts: []string{"ResourceInitializationError"}, Words: "Something that the task needs could not be made ready.", Link: guide + "resource-initialization-error.html", Example: "ResourceInitializationError: …"},
	}
}

// The causes as find wants them, made when the first task stops and not at each cold start.
var (
	taskCauses  = sync.OnceValue(func() []Cause { return lowered(TaskCauses()) })
	startCauses = sync.OnceValue(func() []Cause { return lowered(StartCauses()) })
)

func lowered(list []Cause) []Cause {
	for i, c := range list {
		for k, p := range c.Parts {
			list[i].Parts[k] = strings.ToLower(p)
		}
	}
	return list
}

// find is the first cause that fits.
func find(list []Cause, code, text string) (Cause, bool) {
	if len(text) > 4*maxReason {
		text = text[:4*maxReason]
	}
	text = strings.ToLower(text)
	for _, c := range list {
		if c.Code != "" && c.Code != code || c.Code == "" && len(c.Parts) == 0 {
			continue
		}
		if holdsAll(text, c.Parts) {
			return c, true
		}
	}
	return Cause{}, false
}

func holdsAll(text string, parts []string) bool {
	for _, p := range parts {
		if !holdsAny(text, p) {
			return false
		}
	}
	return true
}

func holdsAny(text, alternatives string) bool {
	for a := range strings.SplitSeq(alternatives, "|") {
		if strings.Contains(text, a) {
			return true
		}
	}
	return false
}
