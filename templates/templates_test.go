// Package templates holds the companion stacks, and the tests of what holds between their resources.
package templates_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"slipway/internal/template"
)

// problems gathers what is wrong, so that one run tells everything.
type problems struct{ list []string }

func (p *problems) add(format string, args ...any) {
	p.list = append(p.list, fmt.Sprintf(format, args...))
}

// text is a template as it is written, by the name of its file.
func text(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(name) //nolint:gosec // a file of the project
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func parse(t testing.TB, text string) template.Template {
	t.Helper()
	parsed, err := template.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// check is what must hold in a template that is expanded for its parameters.
type check func(template.Stack, map[string]string, *problems)

// rules are the checks of a template, each named by a sentence, the parameters that it is expanded for, and how to break
// it so that a check complains.
type rules struct {
	file   string
	cases  []map[string]string
	checks map[string]check
	breaks []change
}

// change breaks a template, so that the check complains.
type change struct{ check, old, new string }

func (r rules) run(t *testing.T) {
	t.Helper()
	source := text(t, r.file)
	for name := range r.checks {
		t.Run(name, func(t *testing.T) {
			for _, problem := range r.problems(t, source, name) {
				t.Error(problem)
			}
		})
	}
	broken := map[string]bool{}
	for _, b := range r.breaks {
		broken[b.check] = true
		t.Run("broken: "+b.old+" as "+b.new, func(t *testing.T) {
			if !strings.Contains(source, b.old) {
				t.Fatalf("%s has no %q to break: adapt this case", r.file, b.old)
			}
			if len(r.problems(t, strings.Replace(source, b.old, b.new, 1), b.check)) == 0 {
				t.Errorf("%q: nobody notices that %q became %q", b.check, b.old, b.new)
			}
		})
	}
	for name := range r.checks {
		if !broken[name] {
			t.Errorf("no case breaks %q", name)
		}
	}
}

// problems are those that a check finds, in each case once.
func (r rules) problems(t testing.TB, source, name string) []string {
	t.Helper()
	parsed := parse(t, source)
	var all []string
	for _, parameters := range r.cases {
		s, err := parsed.Expand(template.Example(), parameters)
		if err != nil {
			all = append(all, fmt.Sprintf("%v: %v", parameters, err))
			continue
		}
		var p problems
		r.checks[name](s, parameters, &p)
		for _, problem := range p.list {
			all = append(all, fmt.Sprintf("%v: %s", parameters, problem))
		}
	}
	return all
}

// with is the parameters and others beside them.
func with(all map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range all {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// statements are those of all inline policies of a role.
func statements(role template.Resource) []template.Object {
	var out []template.Object
	for _, policy := range template.List(role.Get("Policies")) {
		for _, s := range template.List(template.At(policy, "PolicyDocument", "Statement")) {
			if o, ok := s.(template.Object); ok {
				out = append(out, o)
			}
		}
	}
	return out
}

// actions are those of a role, each with its resources.
func actions(role template.Resource) map[string][]string {
	out := map[string][]string{}
	for _, s := range statements(role) {
		for _, a := range template.List(s["Action"]) {
			for _, r := range template.List(s["Resource"]) {
				out[fmt.Sprint(a)] = append(out[fmt.Sprint(a)], fmt.Sprint(r))
			}
		}
	}
	return out
}

// starred are the actions for which AWS takes no resource.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
var starred = []string{"ecs:DiscoverPollEndpoint", "ecr:GetAuthorizationToken"}

// rightsAreNarrow: an action names its resources, in this account and region, and those of ECS in this cluster.
func rightsAreNarrow(s template.Stack, parameters map[string]string, p *problems) {
	for _, role := range s.Of("AWS::IAM::Role") {
		for action, resources := range actions(role) {
			for _, r := range resources {
				switch {
				case strings.Contains(action, "*"):
					p.add("%s: the action %s is a pattern", role.ID, action)
				case r == "*" && !slices.Contains(starred, action) && !strings.HasPrefix(action, "ec2:Describe"):
					p.add("%s: %s is allowed on everything", role.ID, action)
				case strings.HasPrefix(action, "ecs:") && r != "*" && !strings.Contains(r, "/"+parameters["ClusterName"]):
					p.add("%s: %s is allowed on %s, which is not in the cluster %s", role.ID, action, r, parameters["ClusterName"])
				}
			}
		}
	}
}

// trusts are the services that may assume each role.
func trusts(want map[string]string) check {
	return func(s template.Stack, _ map[string]string, p *problems) {
		for _, role := range s.Of("AWS::IAM::Role") {
			for _, trust := range template.List(role.Get("AssumeRolePolicyDocument", "Statement")) {
				if got := template.At(trust, "Principal", "Service"); got != want[role.ID] || template.At(trust, "Action") != "sts:AssumeRole" {
					p.add("%s is assumed by %v, want %s", role.ID, got, want[role.ID])
				}
				outside := want[role.ID] == "ssm.amazonaws.com" || want[role.ID] == "ecs-tasks.amazonaws.com"
				if outside && template.At(trust, "Condition", "StringEquals", "aws:SourceAccount") != template.Example().Account {
					p.add("%s may be assumed for other accounts", role.ID)
				}
			}
		}
	}
}
