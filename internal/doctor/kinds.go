package doctor

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // something is not started, not done, or nobody is told
	Warning Severity = "warning" // it works, and will not in some cases
)

// Kind is a kind of finding.
type Kind struct {
	ID       string
	Severity Severity
	Says     string // what is wrong, in general
	Why      string // what comes of it
	Page     string // that says so
}

const (
	aws = "https://docs.aws.amazon.com/"
	dev = aws + "AmazonECS/latest/developerguide/"
	api = aws + "AmazonECS/latest/APIReference/"
)

// The kinds.
var (
	bucketMissing   = Kind{"bucket-missing", Error, "The bucket of a job does not exist.", "The job never starts.", aws + "AmazonS3/latest/API/API_HeadBucket.html"}
	bucketElsewhere = Kind{"bucket-elsewhere", Error, "The bucket of a job is in another region.", "Its events stay in its own region, so the job never starts.", aws + "AmazonS3/latest/userguide/EventBridge.html"}
	bucketForeign   = Kind{"bucket-foreign", Error, "The bucket of a job belongs to another account, or the caller may not read it.", "The events of a bucket go to its own account, so the job never starts.", aws + "AmazonS3/latest/API/API_HeadBucket.html"}
	bucketSilent    = Kind{"bucket-eventbridge", Error, "The bucket of a job sends no events to EventBridge.", "The job never starts.", aws + "AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html"}
	keyDisabled     = Kind{"key-disabled", Error, "The key that a bucket is encrypted with cannot decrypt.", "The tasks cannot read the objects.", aws + "kms/latest/developerguide/key-state.html"}
	keyGrant        = Kind{"key-grant", Error, "A task role may not use the key that a bucket is encrypted with.", "The tasks cannot read the objects: S3 says that access is denied.", aws + "AmazonS3/latest/userguide/UsingKMSEncryption.html"}

	clusterMissing  = Kind{"cluster-missing", Error, "The cluster of a job does not exist, or is not active.", "Runs wait until startWithin has passed, and fail.", api + "API_DescribeClusters.html"}
	providerMissing = Kind{"provider-missing", Error, "The cluster lacks a capacity provider of a job.", "That step of the capacity order is refused each time.", dev + "fargate-capacity-providers.html"}
	spotRegion      = Kind{"spot-region", Error, "The region has no FARGATE_SPOT, or no FARGATE.", "That step of the capacity order is refused each time.", dev + "AWS_Fargate-Regions.html"}
	defMissing      = Kind{"definition-missing", Error, "The task definition of a job does not exist.", "Its runs fail.", api + "API_DescribeTaskDefinition.html"}
	defInactive     = Kind{"definition-inactive", Error, "The task definition of a job is no longer active.", "ECS starts no new tasks from it.", dev + "deregister-task-definition-v2.html"}
	noContainer     = Kind{"container-missing", Error, "The task definition lacks the container that a job names, or has several and the job names none.", "Its runs fail.", api + "API_ContainerOverride.html"}
	combination     = Kind{"combination", Error, "ECS does not accept the task definition where the job starts it.", "Its runs fail.", dev + "task_definition_parameters.html"}
	imageMissing    = Kind{"image-missing", Error, "An image of a task definition is not in its repository.", "Its tasks stop with CannotPullContainerError.", dev + "task_cannot_pull_image.html"}
	imageOther      = Kind{"image-architecture", Error, "An image is built for another architecture than its task definition asks for.", "The container ends at once, with an exec format error.", dev + "ecs-arm64.html"}
	roleMissing     = Kind{"role-missing", Error, "A role of a task definition does not exist.", "ECS starts no task with it.", dev + "task-iam-roles.html"}
	roleTrust       = Kind{"role-trust", Error, "A role of a task definition does not trust ecs-tasks.amazonaws.com.", "ECS starts no task with it.", dev + "task-iam-roles.html"}
	rolePass        = Kind{"role-pass", Error, "A function may not pass a role of a task definition.", "RunTask is denied.", aws + "IAM/latest/UserGuide/id_roles_use_passrole.html"}
	serviceRole     = Kind{"service-linked-role", Error, "The account lacks the service-linked role of ECS.", "ECS cannot connect tasks to subnets.", dev + "using-service-linked-roles.html"}

	subnetMissing = Kind{"subnet-missing", Error, "A subnet of a job does not exist.", "Its tasks are refused.", api + "API_AwsVpcConfiguration.html"}
	subnetWay     = Kind{"subnet-way", Error, "Tasks in a subnet have no way to ECR, S3 or CloudWatch Logs.", "They stop before they begin: the image cannot be pulled.", dev + "fargate-task-networking.html"}
	endpointDNS   = Kind{"endpoint-dns", Error, "A VPC endpoint that tasks depend on has no private DNS names.", "Tasks do not find it.", aws + "vpc/latest/privatelink/interface-endpoints.html"}
	endpointGroup = Kind{"endpoint-closed", Error, "The security groups of a VPC endpoint do not let HTTPS in from the tasks.", "Tasks wait for an answer until they stop.", aws + "AmazonECR/latest/userguide/vpc-endpoints.html"}
	groupMissing  = Kind{"group-missing", Error, "A security group of a job does not exist.", "Its tasks are refused.", api + "API_AwsVpcConfiguration.html"}
	groupClosed   = Kind{"group-closed", Error, "The security groups of a job let no HTTPS out.", "Tasks reach neither ECR nor S3 nor CloudWatch Logs.", aws + "vpc/latest/userguide/security-group-rules.html"}

	serviceMissing = Kind{"service-missing", Error, "The service of a scaler does not exist, or is not active.", "Nothing works on its queues.", api + "API_DescribeServices.html"}
	serviceTwice   = Kind{"service-scaled-twice", Error, "Application Auto Scaling manages the service of a scaler too.", "The two undo each other.", aws + "autoscaling/application/APIReference/API_DeregisterScalableTarget.html"}
	queueMissing   = Kind{"queue-missing", Error, "A queue of a scaler does not exist.", "The service keeps the tasks that it has.", aws + "AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"}
	queueShort     = Kind{"queue-visibility", Warning, "The visibility timeout of a queue is shorter than one message takes.", "A worker that does not extend it does the work twice.", aws + "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"}
	letters        = Kind{"dead-letters", Error, "There are dead letters.", "What they stand for was not done.", aws + "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"}

	topicMissing = Kind{"topic-missing", Error, "An SNS topic that is told does not exist.", "Nobody is told.", aws + "sns/latest/api/API_ListSubscriptionsByTopic.html"}
	unconfirmed  = Kind{"subscription-pending", Error, "A subscription waits for its confirmation.", "Nothing is sent there before.", aws + "sns/latest/dg/SendMessageToHttp.confirm.html"}
	unsubscribed = Kind{"subscription-missing", Error, "The address of the stack is not subscribed to its topic.", "It is told of no alarm.", aws + "sns/latest/dg/sns-email-notifications.html"}
	sandbox      = Kind{"ses-sandbox", Error, "SES is in its sandbox, and an address that is told is not verified.", "SES refuses mails to it.", aws + "ses/latest/dg/request-production-access.html"}
	unverified   = Kind{"ses-identity", Error, "The sender is not verified in SES.", "SES refuses its mails.", aws + "ses/latest/dg/creating-identities.html"}
	sendingOff   = Kind{"ses-paused", Error, "SES may not send for this account.", "No mail leaves.", aws + "ses/latest/APIReference-V2/API_GetAccount.html"}

	vcpuQuota   = Kind{"vcpu-quota", Warning, "The account's quota of Fargate vCPU is less than what concurrency.max and tasks.max add up to.", "Runs wait while it is used up.", aws + "AmazonECS/latest/developerguide/service-quotas.html"}
	lambdaQuota = Kind{"lambda-quota", Warning, "The account may run fewer functions at once than the stack does at its peak.", "Functions are throttled, and ticks may be left out.", aws + "lambda/latest/dg/lambda-concurrency.html"}

	ticksLate    = Kind{"ticks-late", Error, "A function that is called each minute has not been.", "Schedules, scaling or mails wait.", aws + "scheduler/latest/UserGuide/what-is-scheduler.html"}
	alarmRings   = Kind{"alarm-ringing", Warning, "An alarm of the stack rings.", "It says what is wrong.", aws + "AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"}
	alarmStopped = Kind{"alarm-stopped", Warning, "The actions of an alarm of the stack are disabled.", "Nobody is told when it rings.", aws + "AmazonCloudWatch/latest/APIReference/API_EnableAlarmActions.html"}
	wiringOld    = Kind{"wiring-old", Error, "wiring.yaml is not what slipway.yaml gives.", "The build stops.", "docs/reference/configuration.md"}
	functionsOld = Kind{"configuration-old", Warning, "The functions have been deployed with another configuration than slipway.yaml.", "What was edited has no effect yet.", "docs/reference/configuration.md"}

	notLooked = Kind{"could-not-look", Warning, "Something could not be read: mostly, the caller may not.", "What is wrong there stays unknown.", aws + "IAM/latest/UserGuide/troubleshoot_access-denied.html"}
)

// Kinds are all kinds, in the order of the reference.
func Kinds() []Kind {
	return []Kind{
		bucketMissing, bucketElsewhere, bucketForeign, bucketSilent, keyDisabled, keyGrant,
		clusterMissing, providerMissing, spotRegion, defMissing, defInactive, noContainer, combination, imageMissing, imageOther,
		roleMissing, roleTrust, rolePass, serviceRole,
		subnetMissing, subnetWay, endpointDNS, endpointGroup, groupMissing, groupClosed,
		serviceMissing, serviceTwice, queueMissing, queueShort, letters,
		topicMissing, unconfirmed, unsubscribed, sandbox, unverified, sendingOff,
		vcpuQuota, lambdaQuota, ticksLate, alarmRings, alarmStopped, wiringOld, functionsOld, notLooked,
	}
}
