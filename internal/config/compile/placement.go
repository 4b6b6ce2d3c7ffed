package compile

import (
	"regexp"
	"unicode/utf8"

	"slipway/internal/run"
)

var (
	strategyForm = regexp.MustCompile(`^(spread|binpack)\(\s*(.*?)\s*\)$`)
	// subject is what an expression of the cluster query language is about.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
	subject   = regexp.MustCompile(`\b(agentConnected|agentVersion|attribute:|ec2InstanceId|registeredAt|runningTasksCount|task:group)`)
	fieldForm = regexp.MustCompile(`^(instanceId|host|attribute:[A-Za-z0-9._/\\-]{1,128})$`)
)

// maxExpression is how many characters the expression of a constraint may have.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementConstraint.html
const maxExpression = 2000

// placement is on which instances a task goes.
func (r *reader) placement(v *value, capacity []string) run.Placement {
	if v == nil {
		return run.Placement{}
	}
	if len(capacity) > 0 && !onInstances(capacity) && !inherited(v) {
		r.add(v, "Fargate places its tasks itself, and every step of this job's capacity is Fargate; remove it")
	}
	var out run.Placement
	for _, item := range v.get("strategy").all() {
		out.Strategy = append(out.Strategy, r.strategy(item))
	}
	for _, item := range v.get("constraints").all() {
		out.Constraints = append(out.Constraints, r.constraint(item))
	}
	return out
}

func onInstances(capacity []string) bool {
	for _, step := range capacity {
		if step != "FARGATE" && step != "FARGATE_SPOT" {
			return true
		}
	}
	return false
}

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementStrategy.html
func (r *reader) strategy(v *value) run.PlacementRule {
	if v.text == "random" {
		return run.PlacementRule{Type: "random"}
	}
	parts := strategyForm.FindStringSubmatch(v.text)
	switch {
	case parts == nil:
		r.add(v, "%s is not a placement strategy; write random, spread(attribute:ecs.availability-zone), spread(instanceId), binpack(cpu) or binpack(memory)", quote(v.text))
		return run.PlacementRule{}
	case parts[1] == "binpack" && parts[2] != "cpu" && parts[2] != "memory":
		r.add(v, "binpack fills instances by cpu or by memory; write binpack(memory)")
	case parts[1] == "spread" && !fieldForm.MatchString(parts[2]):
		r.add(v, "%s is nothing to spread over; write instanceId, host, or an attribute of the instances as in attribute:ecs.availability-zone", quote(parts[2]))
	}
	return run.PlacementRule{Type: parts[1], Of: parts[2]}
}

func (r *reader) constraint(v *value) run.PlacementRule {
	switch n := utf8.RuneCountInString(v.text); {
	case v.text == "distinctInstance":
		return run.PlacementRule{Type: "distinctInstance"}
	case n > maxExpression:
		r.add(v, "an expression has at most %d characters, and this one has %d", maxExpression, n)
	case !subject.MatchString(v.text):
		r.add(v, "%s is not a placement constraint; write distinctInstance, or an expression as in attribute:ecs.instance-type =~ c7g.*", quote(v.text))
	}
	return run.PlacementRule{Type: "memberOf", Of: v.text}
}
