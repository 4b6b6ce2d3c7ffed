package wiring

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rule is an EventBridge rule with one target, a queue.
type rule struct {
	id, description, comment string
	pattern                  *yaml.Node
	queue                    string // "Launch" or "Lifecycle"
}

// EventBridge retries for a day, then sends the event to the dead-letter queue.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
const (
	maxAge      = "86400"
	maxAttempts = "185"
)

func (r rule) node() *yaml.Node {
	target := mapping(
		pair{key: "Id", value: plain(strings.ToLower(r.queue) + "-queue")},
		pair{key: "Arn", value: ref(r.queue + "QueueArn")},
		pair{key: "DeadLetterConfig", value: mapping(pair{key: "Arn", value: ref(r.queue + "DeadLetterQueueArn")})},
		pair{key: "RetryPolicy", value: mapping(
			pair{key: "MaximumEventAgeInSeconds", value: number(maxAge)},
			pair{key: "MaximumRetryAttempts", value: number(maxAttempts)},
		)},
	)
	return mapping(
		pair{key: "Type", value: plain("AWS::Events::Rule")},
		pair{key: "Properties", value: mapping(
			pair{key: "Description", value: plain(r.description)},
			pair{key: "State", value: plain("ENABLED")},
			pair{key: "EventPattern", value: r.pattern},
			pair{key: "Targets", value: list(target)},
		)},
	)
}

func (p plan) rules() []rule {
	var out []rule
	for _, b := range p.buckets.names() {
		out = append(out, rule{
			logicalID("ObjectsIn", b), "New objects for Slipway.", by("job", users{b: p.buckets[b]}),
			pattern("aws.s3", "Object Created", pair{key: "detail", value: mapping(
				pair{key: "bucket", value: mapping(pair{key: "name", value: short(sub(b))})},
			)}), "Launch",
		})
	}
	for _, c := range p.clusters.names() {
		out = append(out, clusterRules(c)...)
	}
	return out
}

// clusterRules are the rules for one cluster's tasks, services and deployments.
func clusterRules(cluster string) []rule {
	ofCluster := pair{key: "clusterArn", value: short(sub(clusterARN(cluster)))}
	ended := pair{key: "lastStatus", value: short(plains("RUNNING", "STOPPED")...)}
	services := mapping(pair{key: "prefix", value: sub(under(cluster, "service", ""))})
	services.Style = yaml.FlowStyle
	return []rule{
		{
			logicalID("TasksOn", cluster), "Tasks that run or have stopped, for Slipway.", "",
			pattern("aws.ecs", "ECS Task State Change", pair{key: "detail", value: mapping(ofCluster, ended)}), "Lifecycle",
		},
		{
			logicalID("ServicesOn", cluster), "What services do, for Slipway.", "",
			pattern("aws.ecs", "ECS Service Action", pair{key: "detail", value: mapping(ofCluster)}), "Lifecycle",
		},
		{
			logicalID("DeploymentsOn", cluster), "Deployments of services, for Slipway.", "Its events have no clusterArn.",
			pattern("aws.ecs", "ECS Deployment State Change", pair{key: "resources", value: short(services)}), "Lifecycle",
		},
	}
}

func pattern(source, detailType string, more pair) *yaml.Node {
	return mapping(
		pair{key: "source", value: short(plain(source))},
		pair{key: "detail-type", value: short(plain(detailType))},
		more,
	)
}

// queuePolicy lets the rules, and nothing else, send to a queue. It is nil when there is no rule: then nobody may.
func queuePolicy(queue string, rules []rule) *yaml.Node {
	var arns []*yaml.Node
	for _, r := range rules {
		if strings.HasPrefix(queue, r.queue) {
			arns = append(arns, arnOfRule(r.id))
		}
	}
	if len(arns) == 0 {
		return nil
	}
	allow := mapping(
		pair{key: "Effect", value: plain("Allow")},
		pair{key: "Principal", value: mapping(pair{key: "Service", value: plain("events.amazonaws.com")})},
		pair{key: "Action", value: plain("sqs:SendMessage")},
		pair{key: "Resource", value: ref(queue + "Arn")},
		pair{key: "Condition", value: mapping(pair{key: "ArnEquals", value: mapping(pair{key: "aws:SourceArn", value: list(slices.Clip(arns)...)})})},
	)
	return mapping(
		pair{key: "Type", value: plain("AWS::SQS::QueuePolicy")},
		pair{key: "Properties", value: mapping(
			pair{key: "Queues", value: short(ref(queue + "Url"))},
			pair{key: "PolicyDocument", value: mapping(
				pair{key: "Version", value: plain("2012-10-17")},
				pair{key: "Statement", value: list(allow)},
			)},
		)},
	)
}
