package project_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// problems gathers what is wrong, so that one run tells everything.
type problems struct{ list []string }

func (p *problems) add(format string, args ...any) {
	p.list = append(p.list, fmt.Sprintf(format, args...))
}

// checks are the rules that the templates keep, each named by a sentence. TestABrokenTemplateIsFound breaks each.
var checks = map[string]func(stack, *problems){
	"functions run as programs on provided.al2023":            functionsRun,
	"functions are invoked as their code expects":             functionsAreInvoked,
	"functions get the environment that they read":            functionsGetTheirEnvironment,
	"functions get the values that slipway.yaml may use":      functionsGetTheirValues,
	"functions may do what their code does and nothing more":  functionsMayDoTheirs,
	"rights name their resources":                             rightsNameResources,
	"roles are assumed by their service only":                 rolesAreAssumed,
	"patterns and events fit each other":                      patternsFitEvents,
	"rules have a target and a dead-letter queue":             rulesHaveTargets,
	"queues let in exactly those that send to them":           queuesLetIn,
	"queues keep what fails":                                  queuesKeepFailures,
	"the wiring gets what it asks for":                        wiringGetsParameters,
	"nothing has a fixed name":                                nothingIsNamed,
	"logs have an end":                                        logsEnd,
	"data outlives the stack":                                 dataStays,
	"buckets are private":                                     bucketsArePrivate,
	"the table is as the ledger needs it":                     tableFitsLedger,
	"tasks have roles of their own, logs and an architecture": tasksAreComplete,
	"the service is left to its scaler":                       serviceIsLeft,
	"somebody is told when it does not work":                  somebodyIsTold,
	"parameters are described, grouped and constrained":       parametersAreClear,
	"outputs are there, and those of examples on condition":   outputsAreThere,
	"what belongs to the examples is made with them only":     examplesAreOptional,
	"the dashboard shows the metrics that are written":        dashboardShowsMetrics,
	"saved queries fit the lines that are logged":             queriesFitLogs,
	"tracing is a choice":                                     tracingIsAChoice,
}

func TestTemplates(t *testing.T) {
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			var p problems
			check(s, &p)
			for _, problem := range p.list {
				t.Error(problem)
			}
		})
	}
}

// breaks says for each check how to break a template so that it complains. A text that is not there fails, too.
var breaks = []struct{ check, file, old, new string }{
	{"functions run as programs on provided.al2023", "template", "provided.al2023", "provided.al2"},
	{"functions run as programs on provided.al2023", "template", "Handler: bootstrap", "Handler: main"},
	{"functions run as programs on provided.al2023", "template", "Architectures: [!Ref Architecture]", "Architectures: [arm64]"},
	{"functions run as programs on provided.al2023", "template", "Metadata: {BuildMethod: makefile}", "Metadata: {BuildMethod: go1.x}"},
	{"functions run as programs on provided.al2023", "template", "SystemLogLevel: WARN", "SystemLogLevel: LOUD"},
	{"functions are invoked as their code expects", "template", "FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []"},
	{"functions are invoked as their code expects", "template", "ScalingConfig: {MaximumConcurrency: 4}", "ScalingConfig: {MaximumConcurrency: 5}"},
	{"functions are invoked as their code expects", "template", "VisibilityTimeout: 360", "VisibilityTimeout: 350"},
	{"functions are invoked as their code expects", "template", `SLIPWAY_MAX_RECEIVES: "5"`, `SLIPWAY_MAX_RECEIVES: "4"`},
	{"functions are invoked as their code expects", "template", "Timeout: 55", "Timeout: 121"},
	{"functions are invoked as their code expects", "template", "&once {MaximumRetryAttempts: 0", "&once {MaximumRetryAttempts: 2"},
	{"functions are invoked as their code expects", "template", "rate(1 minute)", "rate(5 minutes)"},
	{"functions get the environment that they read", "template", "SLIPWAY_TOPIC_ARN:", "SLIPWAY_TOPIC:"},
	{"functions get the environment that they read", "template", "SSL_CERT_DIR: /nonexistent", "SSL_CERT_FILE: /nonexistent"},
	{"functions get the environment that they read", "template", "GOGC: \"200\"", "GOMAXPROCS: \"2\""},
	{"functions get the values that slipway.yaml may use", "template", `"WorkerService":"${Service}"`, `"Worker":"${Service}"`},
	{"functions get the values that slipway.yaml may use", "template", `"${NotificationEmail}"}`, `"${NotificationEmail}"`},
	{"functions may do what their code does and nothing more", "template", "dynamodb:UpdateItem]", "dynamodb:UpdateItem, dynamodb:DeleteItem]"},
	{"functions may do what their code does and nothing more", "template", "Action: events:PutEvents", "Action: events:PutEvent"},
	{"functions may do what their code does and nothing more", "wiring", "'ecs:UpdateService'", "'ecs:UpdateServices'"},
	{"functions may do what their code does and nothing more", "template", "[!GetAtt Wiring.Outputs.SqsScalerPolicyArn]", "[]"},
	{"rights name their resources", "template", "Resource: !Ref Topic", `Resource: "*"`},
	{"rights name their resources", "template", "Action: sns:Publish", `Action: "sns:*"`},
	{"rights name their resources", "wiring", "iam:PassedToService: ecs-tasks.amazonaws.com", "aws:ResourceTag/a: b"},
	{"rights name their resources", "wiring", "Resource: !Ref ObjectProcessorRoleArns", "Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"},
	{"roles are assumed by their service only", "template", "Principal: {Service: lambda.amazonaws.com}", `Principal: {AWS: "*"}`},
	{"roles are assumed by their service only", "template", `{StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}`, "{}"},
	{"patterns and events fit each other", "wiring", "EventPattern:", "EventPatern:"},
	{"patterns and events fit each other", "wiring", "detail-type: [Object Created]", "detail-type: [Object created]"},
	{"patterns and events fit each other", "wiring", "lastStatus: [RUNNING, STOPPED]", "lastStatus: [RUNNING]"},
	{"patterns and events fit each other", "wiring", "{prefix: !Sub", "{prefx: !Sub"},
	{"patterns and events fit each other", "wiring", "State: ENABLED", "State: DISABLED"},
	{"rules have a target and a dead-letter queue", "wiring", "Arn: !Ref LaunchDeadLetterQueueArn", "Arn: !Ref LaunchQueueArn"},
	{"queues let in exactly those that send to them", "wiring", "rule/${ServicesOnClusterName}", "rule/${TasksOnClusterName}"},
	{"queues let in exactly those that send to them", "wiring", "rule/${ObjectsInUploadsBucket}", "rule/*"},
	{"queues let in exactly those that send to them", "wiring", "Queues: [!Ref LaunchDeadLetterQueueUrl]", "Queues: [!Ref LaunchQueueUrl]"},
	{"queues let in exactly those that send to them", "wiring", "Service: events.amazonaws.com", "Service: sns.amazonaws.com"},
	{"queues keep what fails", "template", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 345600"},
	{"queues keep what fails", "template", "SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false"},
	{"queues keep what fails", "template", "maxReceiveCount: 5", "maxReceiveCount: 1"},
	{"the wiring gets what it asks for", "template", "LifecycleQueueUrl: !Ref LifecycleQueue\n", "LifecycleQueueURL: !Ref LifecycleQueue\n"},
	{"the wiring gets what it asks for", "template", "LaunchQueueUrl: !Ref LaunchQueue\n", "LaunchQueueUrl: !Ref LifecycleQueue\n"},
	{"the wiring gets what it asks for", "wiring", "  SchedulerPolicyArn:\n", "  SchedulerPolicy:\n"},
	{"nothing has a fixed name", "template", "OmitName: true", "OmitName: false"},
	{"nothing has a fixed name", "template", "DisplayName: Slipway", "TopicName: slipway"},
	{"nothing has a fixed name", "template", "Family: !Sub ${AWS::StackName}-object-processor", "Family: object-processor"},
	{"logs have an end", "template", "RetentionInDays: !Ref LogRetention", "KmsKeyId: x"},
	{"logs have an end", "template", "LogGroup: !Ref SchedulerLogs", "LogGroup: mine"},
	{"data outlives the stack", "template", "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Delete"},
	{"buckets are private", "template", "RestrictPublicBuckets: true", "RestrictPublicBuckets: false"},
	{"buckets are private", "template", "VersioningConfiguration: {Status: Enabled}", "VersioningConfiguration: {Status: Suspended}"},
	{"the table is as the ledger needs it", "template", "AttributeName: expires", "AttributeName: ttl"},
	{"the table is as the ledger needs it", "template", "IndexName: open", "IndexName: due"},
	{"the table is as the ledger needs it", "template", "NonKeyAttributes: [state, object, etag]", "NonKeyAttributes: [state]"},
	{"the table is as the ledger needs it", "template", "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"},
	{"tasks have roles of their own, logs and an architecture", "template", "TaskRoleArn: !GetAtt HourlyBatchRole.Arn", "TaskRoleArn: !GetAtt ObjectProcessorRole.Arn"},
	{"tasks have roles of their own, logs and an architecture", "template", "CpuArchitecture: !If [OnArm, ARM64, X86_64]", "CpuArchitecture: ARM64"},
	{"tasks have roles of their own, logs and an architecture", "template", "{Name: RESULTS_BUCKET, Value: !Ref ResultsBucket}", "{Name: RESULT_BUCKET, Value: !Ref ResultsBucket}"},
	{"the service is left to its scaler", "template", "LaunchType: FARGATE\n", "LaunchType: FARGATE\n      DesiredCount: 1\n"},
	{"the service is left to its scaler", "template", "Rollback: true", "Rollback: false"},
	{"somebody is told when it does not work", "template", "TreatMissingData: breaching", "TreatMissingData: missing"},
	{"somebody is told when it does not work", "template", "Value: !Ref SqsScalerFunction", "Value: !Ref SchedulerFunction"},
	{"somebody is told when it does not work", "template", "AlarmActions: [!Ref Topic]", "AlarmActions: []"},
	{"parameters are described, grouped and constrained", "template", "AllowedValues: [ENABLED, DISABLED]", "NoEcho: false"},
	{"parameters are described, grouped and constrained", "template", "Parameters: [LogRetention, ", "Parameters: ["},
	{"outputs are there, and those of examples on condition", "template", "  RunsTableName:\n", "  TableName:\n"},
	{"outputs are there, and those of examples on condition", "template", "  WorkQueueUrl:\n    Condition: WithExamples\n", "  WorkQueueUrl:\n"},
	{"the dashboard shows the metrics that are written", "template", `MetricName=\"RunsFailed\"`, `MetricName=\"RunsBroken\"`},
	{"the dashboard shows the metrics that are written", "template", `{Slipway,Stack,Class}`, `{Slipway,Stack,Job}`},
	{"the dashboard shows the metrics that are written", "template", `MetricName=\"WaitSeconds\"`, `MetricName=\"TasksRunning\"`},
	{"the dashboard shows the metrics that are written", "template", `"${LaunchQueue.QueueName}"`, `"${LunchQueue.QueueName}"`},
	{"the dashboard shows the metrics that are written", "template", `"x": 12, "y": 0`, `"x": 11, "y": 0`},
	{"saved queries fit the lines that are logged", "template", `message = "attempt ended"`, `message = "attempt finished"`},
	{"saved queries fit the lines that are logged", "template", "by job, class, bin", "by job, kind, bin"},
	{"tracing is a choice", "template", "Default: PassThrough", "Default: Active"},
	{"tracing is a choice", "template", "              - *trace\n", ""},
	{"what belongs to the examples is made with them only", "template", "WorkQueueUrl: !If [WithExamples, !Ref WorkQueue, \"\"]", "WorkQueueUrl: !Ref WorkQueue"},
}

func TestABrokenTemplateIsFound(t *testing.T) {
	broken := map[string]bool{}
	for _, b := range breaks {
		broken[b.check] = true
		t.Run(b.check+": "+b.new, func(t *testing.T) {
			x := source(t)
			file := &x.root
			if b.file == "wiring" {
				file = &x.wiring
			}
			if !strings.Contains(*file, b.old) {
				t.Fatalf("%s.yaml has no %q to break: adapt this case", b.file, b.old)
			}
			*file = strings.Replace(*file, b.old, b.new, 1)
			s, err := x.parse()
			if err != nil {
				t.Fatal(err)
			}
			var p problems
			if checks[b.check](s, &p); len(p.list) == 0 {
				t.Errorf("nobody notices that %q became %q", b.old, b.new)
			}
		})
	}
	for name := range checks {
		if !broken[name] {
			t.Errorf("no case breaks %q", name)
		}
	}
}

// TestAnUnmatchedEventIsFound is the other direction: an event that no rule lets in.
func TestAnUnmatchedEventIsFound(t *testing.T) {
	s, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	s.events["ecs-new.json"] = object{"source": "aws.ecs", "detail-type": "ECS Something New", "detail": object{}}
	var p problems
	if patternsFitEvents(s, &p); !slices.ContainsFunc(p.list, func(m string) bool { return strings.Contains(m, "ecs-new.json") }) {
		t.Errorf("problems = %v, want one about the event", p.list)
	}
}
