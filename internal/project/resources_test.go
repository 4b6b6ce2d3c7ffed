package project_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/internal/ledger"
)

const fortnight = 1209600 // seconds

func queuesKeepFailures(s stack, p *problems) {
	dead := map[string]bool{}
	for _, q := range s.resources("AWS::SQS::Queue") {
		if q.get("SqsManagedSseEnabled") != true {
			p.add("%s is not encrypted", q)
		}
		redrive := q.get("RedrivePolicy")
		if redrive == nil {
			continue
		}
		dead[refers(at(redrive, "deadLetterTargetArn"))] = true
		if n, _ := at(redrive, "maxReceiveCount").(int); n < 3 {
			p.add("%s: maxReceiveCount = %d: a short trouble would make dead letters", q, n)
		}
	}
	for _, q := range s.resources("AWS::SQS::Queue") {
		if q.get("RedrivePolicy") == nil && !dead[q.id] {
			p.add("%s has no dead-letter queue, and is none", q)
		}
		if dead[q.id] && q.get("MessageRetentionPeriod") != fortnight {
			p.add("%s: dead letters are kept for %v seconds, want %d", q, q.get("MessageRetentionPeriod"), fortnight)
		}
	}
}

func wiringGetsParameters(s stack, p *problems) {
	wiring := s.resource("Wiring")
	asked, _ := s.wiring["Parameters"].(object)
	handed, _ := wiring.get("Parameters").(object)
	if a, h := slices.Sorted(maps.Keys(asked)), slices.Sorted(maps.Keys(handed)); !slices.Equal(a, h) {
		p.add("wiring.yaml asks for %v, and gets %v", a, h)
	}
	if wiring.kind != "AWS::Serverless::Application" || wiring.get("Location") != "wiring.yaml" {
		p.add("%s is not the nested stack wiring.yaml", wiring)
	}
	for name, v := range handed {
		id, isArn := strings.CutSuffix(name, "QueueArn")
		if !isArn {
			continue
		}
		if got := refers(v); got != id+"Queue" {
			p.add("Wiring: %s is of %s", name, got)
		}
		if got := refers(handed[id+"QueueUrl"]); got != id+"Queue" {
			p.add("Wiring: %sQueueUrl is of %s", id, got)
		}
	}
	attached := map[string]bool{}
	for _, r := range s.resources("AWS::IAM::Role") {
		for _, arn := range many(r.get("ManagedPolicyArns")) {
			a, _ := at(arn, "Fn::GetAtt").([]any)
			if len(a) == 2 {
				attached[strings.TrimPrefix(fmt.Sprint(a[1]), "Outputs.")] = true
			}
		}
	}
	outputs, _ := s.wiring["Outputs"].(object)
	if a, o := slices.Sorted(maps.Keys(attached)), slices.Sorted(maps.Keys(outputs)); !slices.Equal(a, o) {
		p.add("wiring.yaml gives %v, and roles have %v", o, a)
	}
}

// names are the properties by which a resource gets its name; unlike others that end so, they must be unique.
var names = []string{
	"Name", "Family", "AlarmName", "BucketName", "ClusterName", "FunctionName", "LogGroupName", "ManagedPolicyName", "QueueName",
	"RoleName", "RuleName", "ScheduleName", "ServiceName", "StackName", "TableName", "TopicName", "CapacityProviderName",
}

func nothingIsNamed(s stack, p *problems) {
	for _, r := range s.resources() {
		for _, name := range names {
			v := r.get(name)
			if text, _ := at(v, "Fn::Sub").(string); v != nil && !strings.Contains(text, "${AWS::StackName}") {
				p.add("%s: %s = %v: two stacks could not stand beside each other", r, name, v)
			}
		}
		events, _ := r.get("Events").(object)
		for id, e := range events {
			if at(e, "Type") == "ScheduleV2" && at(e, "Properties", "OmitName") != true {
				p.add("%s: without OmitName, SAM names the schedule %s%s in every stack", r, r.id, id)
			}
		}
	}
}

func logsEnd(s stack, p *problems) {
	groups := map[string]bool{}
	for _, g := range s.resources("AWS::Logs::LogGroup") {
		groups[g.id] = true
		if refers(g.get("RetentionInDays")) != "LogRetention" {
			p.add("%s: RetentionInDays = %v, want the parameter LogRetention", g, g.get("RetentionInDays"))
		}
	}
	for _, f := range s.functions() {
		if id := refers(f.get("LoggingConfig", "LogGroup")); !groups[id] {
			p.add("%s logs to %q: Lambda would make a log group that has no end", f, id)
		}
	}
	for _, t := range s.resources("AWS::ECS::TaskDefinition") {
		for _, c := range many(t.get("ContainerDefinitions")) {
			options := at(c, "LogConfiguration", "Options")
			if id := refers(at(options, "awslogs-group")); !groups[id] || at(options, "awslogs-stream-prefix") == nil {
				p.add("%s: container %v logs to %q", t, at(c, "Name"), id)
			}
		}
	}
}

func dataStays(s stack, p *problems) {
	want := map[string][2]string{
		"AWS::DynamoDB::Table":     {"RetainExceptOnCreate", "Retain"},
		"AWS::S3::Bucket":          {"RetainExceptOnCreate", "Retain"},
		"AWS::ECS::TaskDefinition": {"Delete", "Retain"}, // a run claimed before an update starts from its revision
	}
	for _, r := range s.resources() {
		w, ok := want[r.kind]
		if got := [2]string{fmt.Sprint(r.body["DeletionPolicy"]), fmt.Sprint(r.body["UpdateReplacePolicy"])}; ok && got != w {
			p.add("%s: DeletionPolicy and UpdateReplacePolicy = %v, want %v", r, got, w)
		}
	}
}

func bucketsArePrivate(s stack, p *problems) {
	for _, b := range s.resources("AWS::S3::Bucket") {
		for _, key := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			if b.get("PublicAccessBlockConfiguration", key) != true {
				p.add("%s: %s is not true", b, key)
			}
		}
		if b.get("BucketEncryption", "ServerSideEncryptionConfiguration") == nil {
			p.add("%s is not encrypted", b)
		}
	}
	uploads := s.resource("UploadsBucket")
	if uploads.get("VersioningConfiguration", "Status") != "Enabled" {
		p.add("%s is not versioned: two uploads of one key could not be told apart", uploads)
	}
	if uploads.get("NotificationConfiguration", "EventBridgeConfiguration", "EventBridgeEnabled") != true {
		p.add("%s tells EventBridge nothing", uploads)
	}
}

func tableFitsLedger(s stack, p *problems) {
	table := s.resource("RunsTable")
	keys := func(schema any) (out []string) {
		for _, k := range many(schema) {
			out = append(out, fmt.Sprint(at(k, "KeyType"), " ", at(k, "AttributeName")))
		}
		return out
	}
	if got := keys(table.get("KeySchema")); !slices.Equal(got, []string{"HASH " + ledger.PartitionKey, "RANGE " + ledger.SortKey}) {
		p.add("%s: KeySchema = %v", table, got)
	}
	var indexes []string
	for _, i := range many(table.get("GlobalSecondaryIndexes")) {
		indexes = append(indexes, fmt.Sprint(at(i, "IndexName"), keys(at(i, "KeySchema")),
			at(i, "Projection", "ProjectionType"), words(at(i, "Projection", "NonKeyAttributes"))))
	}
	wanted := []string{
		fmt.Sprint(ledger.Index, []string{"HASH " + ledger.IndexKey, "RANGE " + ledger.IndexSortKey}, "ALL", []string{}),
		fmt.Sprint(ledger.History, []string{"HASH " + ledger.HistoryKey, "RANGE " + ledger.HistorySortKey}, "INCLUDE", []string{"state", "object", "etag"}),
	}
	if !slices.Equal(indexes, wanted) {
		p.add("%s: GlobalSecondaryIndexes = %v, want %v", table, indexes, wanted)
	}
	types := map[string]any{}
	for _, a := range many(table.get("AttributeDefinitions")) {
		types[fmt.Sprint(at(a, "AttributeName"))] = at(a, "AttributeType")
	}
	want := map[string]any{
		ledger.PartitionKey: "S", ledger.SortKey: "S", ledger.IndexKey: "S", ledger.IndexSortKey: "N",
		ledger.HistoryKey: "S", ledger.HistorySortKey: "N",
	}
	if !maps.Equal(types, want) {
		p.add("%s: AttributeDefinitions = %v, want %v", table, types, want)
	}
	if table.get("TimeToLiveSpecification", "AttributeName") != ledger.ExpiryName || table.get("TimeToLiveSpecification", "Enabled") != true {
		p.add("%s: final runs do not expire by %s", table, ledger.ExpiryName)
	}
	if table.get("BillingMode") != "PAY_PER_REQUEST" || table.get("SSESpecification", "SSEEnabled") != true ||
		table.get("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
		p.add("%s: want it on demand, encrypted, and with recovery to a point in time", table)
	}
}

// settings are the variables without which a reference task does not start.
var settings = map[string]string{"ObjectProcessorTask": "RESULTS_BUCKET", "HourlyBatchTask": "RESULTS_BUCKET", "QueueWorkerTask": "WORK_QUEUE_URL"}

func tasksAreComplete(s stack, p *problems) {
	owners := map[string]string{}
	for _, t := range s.resources("AWS::ECS::TaskDefinition") {
		for _, key := range []string{"TaskRoleArn", "ExecutionRoleArn"} {
			role := refers(t.get(key))
			if other := owners[role]; other != "" || role == "" {
				p.add("%s: %s = %q, which is that of %q too", t, key, role, other)
			}
			owners[role] = t.id
			if task := s.wiringRoles(t.id); !slices.Contains(task, role) {
				p.add("%s: Wiring does not get %s for iam:PassRole, only %v", t, role, task)
			}
		}
		if !slices.Equal(words(t.get("RuntimePlatform", "CpuArchitecture", "Fn::If")), []string{"OnArm", "ARM64", "X86_64"}) {
			p.add("%s: its architecture does not follow the parameter", t)
		}
		for _, c := range many(t.get("ContainerDefinitions")) {
			var set []string
			for _, e := range many(at(c, "Environment")) {
				set = append(set, fmt.Sprint(at(e, "Name")))
			}
			if want := settings[t.id]; !slices.Contains(set, want) {
				p.add("%s: the container gets %v, want %s", t, set, want)
			}
		}
	}
	if len(owners) != 2*len(settings) {
		p.add("%d roles belong to task definitions, want two for each of %d", len(owners), len(settings))
	}
}

// wiringRoles are the roles that the wiring is told belong to a task definition.
func (s stack) wiringRoles(task string) []string {
	v := s.resource("Wiring").get("Parameters", strings.TrimSuffix(task, "Task")+"RoleArns")
	var out []string
	for _, b := range branches(v) {
		join := many(at(b, "Fn::Join"))
		if len(join) == 2 {
			for _, role := range many(join[1]) {
				out = append(out, refers(role))
			}
		}
	}
	return out
}

func serviceIsLeft(s stack, p *problems) {
	for _, r := range s.resources("AWS::ECS::Service") {
		if r.get("DesiredCount") != nil {
			p.add("%s: DesiredCount would be reset by each update of the stack", r)
		}
		breaker := r.get("DeploymentConfiguration", "DeploymentCircuitBreaker")
		if at(breaker, "Enable") != true || at(breaker, "Rollback") != true {
			p.add("%s: a bad deployment would go on for ever", r)
		}
	}
}

func somebodyIsTold(s stack, p *problems) {
	watched := map[string]bool{} // metric and resource
	for _, a := range s.resources("AWS::CloudWatch::Alarm") {
		if actions := many(a.get("AlarmActions")); len(actions) != 1 || refers(actions[0]) != "Topic" {
			p.add("%s tells nobody", a)
		}
		dimensions := many(a.get("Dimensions"))
		if len(dimensions) != 1 {
			p.add("%s: Dimensions = %v", a, dimensions)
			continue
		}
		metric, missing := fmt.Sprint(a.get("MetricName")), "notBreaching"
		if metric == "Invocations" {
			missing = "breaching" // no data is the trouble
		}
		if a.get("TreatMissingData") != missing {
			p.add("%s: TreatMissingData = %v, want %s", a, a.get("TreatMissingData"), missing)
		}
		watched[metric+" "+refers(at(dimensions[0], "Value"))] = true
	}
	want := []string{"ApproximateAgeOfOldestMessage LaunchQueue"}
	for _, f := range s.functions() {
		want = append(want, "Errors "+f.id)
		if f.get("Events", "Minute") != nil {
			want = append(want, "Invocations "+f.id)
		}
	}
	for _, q := range s.resources("AWS::SQS::Queue") {
		if id := refers(q.get("RedrivePolicy", "deadLetterTargetArn")); id != "" {
			want = append(want, "ApproximateNumberOfMessagesVisible "+id)
		}
	}
	for _, w := range want {
		if !watched[w] {
			p.add("no alarm watches %s", w)
		}
	}
}
