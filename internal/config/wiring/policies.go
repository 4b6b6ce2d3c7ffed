package wiring

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"slipway/internal/config/compile"
)

// statement is one statement of a policy, with what it is for.
type statement struct {
	why       string
	actions   []string
	resources *yaml.Node
	condition *yaml.Node
}

func (s statement) node() *yaml.Node {
	n := mapping(
		pair{key: "Effect", value: plain("Allow")},
		pair{key: "Action", value: short(plains(s.actions...)...)},
		pair{key: "Resource", value: s.resources},
		pair{key: "Condition", value: s.condition},
	)
	n.HeadComment = s.why
	return n
}

// managed is a managed policy. AWS refuses one without a statement: then the policy allows what everybody may.
func managed(description string, statements []statement) *yaml.Node {
	if len(statements) == 0 {
		statements = []statement{{"Nothing in slipway.yaml needs a right; everybody has this one.", []string{"sts:GetCallerIdentity"}, plain("*"), nil}}
	}
	var nodes []*yaml.Node
	for _, s := range statements {
		nodes = append(nodes, s.node())
	}
	return mapping(
		pair{key: "Type", value: plain("AWS::IAM::ManagedPolicy")},
		pair{key: "Properties", value: mapping(
			pair{key: "Description", value: plain(description)},
			pair{key: "PolicyDocument", value: mapping(
				pair{key: "Version", value: plain("2012-10-17")},
				pair{key: "Statement", value: list(nodes...)},
			)},
		)},
	)
}

// launch is what starting the tasks of every job needs. Both functions that launch may launch any job.
func (p plan) launch() []statement {
	var out []statement
	for _, cluster := range slices.Sorted(maps.Keys(p.definitions)) {
		definitions := p.definitions[cluster]
		var arns []*yaml.Node
		for _, d := range definitions.names() {
			arns = append(arns, definitionARN(d))
		}
		out = append(out, statement{forJobs(definitions), []string{"ecs:RunTask"}, list(arns...), onCluster(cluster)})
	}
	for _, parameter := range slices.Sorted(maps.Keys(p.passed)) {
		out = append(out, p.passRole(parameter))
	}
	if len(out) > 0 {
		out = append(out, statement{"AWS takes no resource here.", []string{"ecs:DescribeTaskDefinition"}, plain("*"), nil})
	}
	if len(p.tagged) > 0 {
		// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
		starting := mapping(pair{key: "StringEquals", value: mapping(pair{key: "ecs:CreateAction", value: plain("RunTask")})})
		out = append(out, statement{forJobs(p.tagged), []string{"ecs:TagResource"}, list(tasksOf(p.tagged.names())...), starting})
	}
	if len(p.batches) > 0 {
		out = append(out, statement{forJobs(p.batches), []string{"s3:PutObject"}, sub(batchBucket + "/*/manifest.json"), nil})
	}
	return out
}

// batchBucket is the ARN of the bucket for the lists of batches, whose keys package launch decides.
const batchBucket = "arn:${AWS::Partition}:s3:::${BatchBucket}"

// replace is what making room for a new run needs.
func (p plan) replace() []statement {
	if len(p.replacing) == 0 {
		return nil
	}
	return []statement{{forJobs(p.replacing), []string{"ecs:StopTask"}, list(tasksOf(p.replacing.names())...), nil}}
}

// settle is what reading the outcomes of the objects of a batch needs.
func (p plan) settle() []statement {
	if len(p.batches) == 0 {
		return nil
	}
	return []statement{
		{forJobs(p.batches), []string{"s3:GetObject"}, sub(batchBucket + "/*/report.json"), nil},
		{"Without it S3 says of a report that is not there that access is denied.", []string{"s3:ListBucket"}, sub(batchBucket), nil},
	}
}

func (p plan) passRole(parameter string) statement {
	resources := list(plains(p.passed[parameter].names()...)...)
	if parameter != "" {
		resources = ref(parameter)
	}
	toTasks := mapping(pair{key: "StringEquals", value: mapping(pair{key: "iam:PassedToService", value: plain("ecs-tasks.amazonaws.com")})})
	return statement{forJobs(p.passed[parameter]), []string{"iam:PassRole"}, resources, toTasks}
}

// definitionARN allows every revision: a run keeps the revision that it was claimed with.
func definitionARN(definition string) *yaml.Node {
	name, ok := compile.Whole(definition)
	if !ok {
		return sub(familyARN(definition))
	}
	// arn:PARTITION:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION
	family := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Tag: "!Select", Content: []*yaml.Node{
		number("5"),
		{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Tag: "!Split", Content: []*yaml.Node{plain(":"), ref(name)}},
	}}
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!Sub", Content: []*yaml.Node{
		plain(prefix + "${Family}:*"), mapping(pair{key: "Family", value: family}),
	}}
}

// watch is what looking at and stopping the tasks of every job needs.
func (p plan) watch() []statement {
	clusters := slices.Sorted(maps.Keys(p.definitions))
	if len(clusters) == 0 {
		return nil
	}
	out := []statement{{"", []string{"ecs:DescribeTasks", "ecs:StopTask"}, list(tasksOf(clusters)...), nil}}
	var arns []*yaml.Node
	for _, c := range clusters {
		arns = append(arns, sub(clusterARN(c)))
	}
	// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
	condition := mapping(pair{key: "ArnEquals", value: mapping(pair{key: "ecs:cluster", value: list(arns...)})})
	return append(out, statement{"A list by startedBy names no container instance, so the cluster is the bound.", []string{"ecs:ListTasks"}, plain("*"), condition})
}

// scale is what reading the queues and scaling the services named needs.
func (p plan) scale() []statement {
	if len(p.services) == 0 {
		return nil
	}
	var queues, services []*yaml.Node
	for _, q := range p.queues.names() {
		if _, ok := compile.Whole(q); ok {
			queues = append(queues, ref("WorkQueueArn"))
		} else {
			queues = append(queues, sub(queueARN(q)))
		}
	}
	for _, s := range p.services.names() {
		services = append(services, sub(s))
	}
	return []statement{
		{forScalers(p.queues), []string{"sqs:GetQueueAttributes"}, list(queues...), nil},
		{forScalers(p.services), []string{"ecs:DescribeServices", "ecs:UpdateService"}, list(services...), nil},
	}
}

// tell is what telling others needs: topics of one's own, and s3-trigger.
func (p plan) tell() []statement {
	var out []statement
	if len(p.topics) > 0 {
		out = append(out, statement{"", []string{"sns:Publish"}, list(plains(p.topics.names()...)...), nil})
	}
	if len(p.logs) > 0 {
		var streams []*yaml.Node
		for _, stream := range p.logs.names() {
			streams = append(streams, sub(stream))
		}
		out = append(out, statement{"The last lines of these logs may stand in mails.", []string{"logs:GetLogEvents"}, list(streams...), nil})
	}
	return append(out, statement{"A nudge, when a run has ended and another one waits.", []string{"sqs:SendMessage"}, list(ref("LaunchQueueArn")), nil})
}

func tasksOf(clusters []string) []*yaml.Node {
	var out []*yaml.Node
	for _, c := range clusters {
		out = append(out, sub(under(c, "task", "*")))
	}
	return out
}

func onCluster(cluster string) *yaml.Node {
	return mapping(pair{key: "ArnEquals", value: mapping(pair{key: "ecs:cluster", value: sub(clusterARN(cluster))})})
}

func forJobs(u users) string    { return by("job", u) }
func forScalers(u users) string { return by("scaler", u) }

// by says who needs something.
func by(word string, u users) string {
	all := users{}
	for _, names := range u {
		for _, n := range names {
			all.add(n, n)
		}
	}
	names := all.names()
	if len(names) > 1 {
		word += "s"
	}
	return "For the " + word + " " + strings.Join(names, ", ") + "."
}
