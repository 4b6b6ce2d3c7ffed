package project_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// statement is one of a policy that grants rights.
type statement struct {
	of        resource
	actions   []string
	resources []any
	condition any
}

// statements are those of the policies of a role, or of a managed policy.
func statements(r resource) []statement {
	documents := []any{r.get("PolicyDocument")}
	for _, policy := range many(r.get("Policies")) {
		documents = append(documents, at(policy, "PolicyDocument"))
	}
	var out []statement
	for _, d := range documents {
		for _, entry := range many(at(d, "Statement")) {
			for _, st := range branches(entry) {
				out = append(out, statement{r, words(at(st, "Action")), many(at(st, "Resource")), at(st, "Condition")})
			}
		}
	}
	return out
}

// nameless are actions that AWS lets nobody name a resource for, with the condition that bounds them instead.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var nameless = map[string]string{
	"ecr:GetAuthorizationToken":  "",
	"ecs:DescribeTaskDefinition": "",
	// Its resource is a container instance, and a list that names none is authorised on *:
	// https://github.com/awsdocs/amazon-ecs-developer-guide/issues/211
	"ecs:ListTasks":            "ecs:cluster",
	"sts:GetCallerIdentity":    "",
	"xray:PutTelemetryRecords": "",
	"xray:PutTraceSegments":    "",
}

func rightsNameResources(s stack, p *problems) {
	for _, r := range s.resources("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy") {
		for _, st := range statements(r) {
			if len(st.actions) == 0 || len(st.resources) == 0 {
				p.add("%s: a statement without actions or resources", r)
			}
			for _, a := range st.actions {
				if strings.Contains(a, "*") {
					p.add("%s: action %s: name what is done", r, a)
				}
				resourceIsNamed(st, a, p)
			}
		}
	}
}

func resourceIsNamed(st statement, action string, p *problems) {
	for _, res := range st.resources {
		for _, b := range branches(res) {
			if condition, ok := nameless[action]; b == "*" && (!ok || !conditioned(st.condition, condition)) {
				p.add("%s: %s on *: name the resource", st.of, action)
			}
			if text := fmt.Sprint(b); action == "iam:PassRole" && strings.Contains(text, "*") {
				p.add("%s: iam:PassRole on %s: name the roles", st.of, text)
			}
		}
	}
	if action == "iam:PassRole" && at(st.condition, "StringEquals", "iam:PassedToService") != "ecs-tasks.amazonaws.com" {
		p.add("%s: iam:PassRole without iam:PassedToService = ecs-tasks.amazonaws.com", st.of)
	}
	if action == "ecs:RunTask" && !conditioned(st.condition, "ecs:cluster") {
		p.add("%s: ecs:RunTask on any cluster: bound it by ecs:cluster", st.of)
	}
}

// conditioned reports whether a condition has the key, under any operator.
func conditioned(condition any, key string) bool {
	if key == "" {
		return true
	}
	operators, _ := condition.(object)
	for _, keys := range operators {
		if at(keys, key) != nil {
			return true
		}
	}
	return false
}

func rolesAreAssumed(s stack, p *problems) {
	for _, r := range s.resources("AWS::IAM::Role") {
		entries := many(r.get("AssumeRolePolicyDocument", "Statement"))
		if len(entries) != 1 {
			p.add("%s: %d statements say who assumes it, want one", r, len(entries))
			continue
		}
		service := words(at(entries[0], "Principal", "Service"))
		switch {
		case at(entries[0], "Principal", "AWS") != nil || len(service) != 1:
			p.add("%s: want one service that assumes it", r)
		case service[0] == "ecs-tasks.amazonaws.com":
			if !conditioned(at(entries[0], "Condition"), "aws:SourceAccount") {
				p.add("%s: bound ECS to this account by aws:SourceAccount", r)
			}
		case service[0] != "lambda.amazonaws.com":
			p.add("%s: %s assumes it", r, service[0])
		}
	}
	roles := map[string]string{}
	for _, f := range s.functions() {
		role := refers(f.get("Role"))
		if other := roles[role]; other != "" || role == "" {
			p.add("%s: role %q is that of %q too: each function has its own", f, role, other)
		}
		roles[role] = f.id
	}
}

// given stands for one deployment: the one that the events are of.
var given = map[string]string{
	"AWS::Partition": "aws", "AWS::Region": "eu-north-1", "AWS::AccountId": "111122223333",
	"ClusterName": "example-cluster", "UploadsBucket": "example-uploads",
}

func patternsFitEvents(s stack, p *problems) {
	matched := map[string]string{}
	for _, r := range s.resources("AWS::Events::Rule") {
		pattern, ok := r.get("EventPattern").(object)
		if !ok || r.get("State") != "ENABLED" {
			p.add("%s has no EventPattern, or is not enabled", r)
			continue
		}
		any := false
		for name, event := range s.events {
			fits, err := matches(resolve(pattern, given), event)
			if err != nil {
				p.add("%s: its pattern: %v", r, err)
				break
			}
			if !fits {
				continue
			}
			any = true
			if other := matched[name]; other != "" {
				p.add("%s and %s both match %s, which would come twice", other, r, name)
			}
			matched[name] = r.String()
		}
		if !any {
			p.add("%s matches no file in events/", r)
		}
	}
	for name, event := range s.events {
		source, _ := at(event, "source").(string)
		if (source == "aws.s3" || source == "aws.ecs") && matched[name] == "" {
			p.add("events/%s is matched by no rule, so it would never come", name)
		}
	}
	if len(matched) == 0 {
		p.add("no event is matched by any rule")
	}
}

// delivery is one sender and the queue that it sends to, by the parameter of the wiring.
type delivery struct{ rule, queue string }

func (s stack) deliveries(p *problems) map[delivery]bool {
	all := map[delivery]bool{}
	for _, r := range s.resources("AWS::Events::Rule") {
		targets := many(r.get("Targets"))
		if len(targets) == 0 {
			p.add("%s has no target", r)
		}
		for _, t := range targets {
			queue, dead := refers(at(t, "Arn")), refers(at(t, "DeadLetterConfig", "Arn"))
			if base, ok := strings.CutSuffix(queue, "QueueArn"); !ok || dead != base+"DeadLetterQueueArn" {
				p.add("%s sends to %s, and what fails to %q: want the dead-letter queue of that queue", r, queue, dead)
			}
			all[delivery{r.id, queue}], all[delivery{r.id, dead}] = true, true
		}
	}
	return all
}

func rulesHaveTargets(s stack, p *problems) {
	s.deliveries(p)
	for _, r := range s.resources("AWS::SNS::Subscription") {
		if r.get("Protocol") != "email" {
			p.add("%s: a topic that sends to a queue needs a queue policy, which is not checked here", r)
		}
	}
}

func queuesLetIn(s stack, p *problems) {
	sent, allowed := s.deliveries(&problems{}), map[delivery]bool{}
	for _, r := range s.resources("AWS::SQS::QueuePolicy") {
		queues := many(r.get("Queues"))
		for _, st := range many(r.get("PolicyDocument", "Statement")) {
			queue := refers(at(st, "Resource"))
			if base, ok := strings.CutSuffix(queue, "Arn"); !ok || len(queues) != 1 || refers(queues[0]) != base+"Url" {
				p.add("%s is about %v and %s: a policy is of one queue", r, queues, queue)
			}
			if at(st, "Principal", "Service") != "events.amazonaws.com" || !slices.Equal(words(at(st, "Action")), []string{"sqs:SendMessage"}) {
				p.add("%s: want that EventBridge may send, and nothing else", r)
			}
			for _, from := range many(at(st, "Condition", "ArnEquals", "aws:SourceArn")) {
				allowed[delivery{ruleOf(from), queue}] = true
			}
		}
	}
	for d := range sent {
		if !allowed[d] {
			p.add("rule %s sends to %s, whose policy does not let it in", d.rule, d.queue)
		}
	}
	for d := range allowed {
		if !sent[d] {
			p.add("the policy of %s lets in %s, which does not send to it", d.queue, d.rule)
		}
	}
}

// ruleARN is how the wiring writes the ARN of a rule of its own.
var ruleARN = regexp.MustCompile(`^arn:\$\{AWS::Partition\}:events:\$\{AWS::Region\}:\$\{AWS::AccountId\}:rule/\$\{(\w+)\}$`)

// ruleOf is the rule that an ARN is of; empty when it could be of more than one.
func ruleOf(arn any) string {
	if text, ok := at(arn, "Fn::Sub").(string); ok {
		if m := ruleARN.FindStringSubmatch(text); m != nil {
			return m[1]
		}
		return ""
	}
	return refers(arn)
}
