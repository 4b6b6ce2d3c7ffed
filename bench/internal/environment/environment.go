package environment

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The account and the region of everything that a stand-in names.
const (
	Account = "111122223333"
	Region  = "eu-north-1"
)

// Of returns the environment of a function: what the template sets for it, with the defaults of all parameters, and what
// Lambda sets for every function.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func Of(template []byte, function string) (map[string]string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(template, &doc); err != nil {
		return nil, fmt.Errorf("parse the template: %w", err)
	}
	t := &evaluator{root: &doc}
	if t.find("Resources", function) == nil {
		return nil, fmt.Errorf("read the environment of %s: the template has no such function", function)
	}
	out := maps.Clone(lambdas)
	out["AWS_LAMBDA_FUNCTION_NAME"] = function
	out["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = t.eval(t.find("Globals", "Function", "MemorySize"))
	for _, at := range [][]string{{"Globals", "Function"}, {"Resources", function, "Properties"}} {
		variables := t.find(append(at, "Environment", "Variables")...)
		for name, value := range pairs(variables) {
			out[name] = t.eval(value)
		}
	}
	return out, t.problem
}

// lambdas are the variables that Lambda sets, and that programs of this kind read.
var lambdas = map[string]string{
	"AWS_REGION": Region, "AWS_DEFAULT_REGION": Region, "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO",
	"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": strings.Repeat("token", 150),
	"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023", "TZ": ":UTC", "LANG": "en_US.UTF-8",
}

// evaluator fills in the intrinsic functions of one template.
type evaluator struct {
	root    *yaml.Node
	problem error // the first one
}

func (t *evaluator) find(keys ...string) *yaml.Node {
	n := t.root.Content[0]
	for _, key := range keys {
		if n = pairs(n)[key]; n == nil {
			return nil
		}
	}
	return n
}

// pairs is a mapping; empty for anything else.
func pairs(n *yaml.Node) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out[n.Content[i].Value] = n.Content[i+1]
	}
	return out
}

func (t *evaluator) fail(format string, args ...any) string {
	if t.problem == nil {
		t.problem = fmt.Errorf("read the template: "+format, args...) //nolint:err113 // for a person
	}
	return ""
}

// eval is a value of the template as CloudFormation would hand it to the function.
func (t *evaluator) eval(n *yaml.Node) string {
	switch {
	case n == nil:
		return t.fail("a value is missing")
	case n.Kind == yaml.AliasNode:
		return t.eval(n.Alias)
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return t.intrinsic(n)
	}
	if n.Kind != yaml.ScalarNode {
		return t.fail("line %d: %s is not understood here", n.Line, n.Tag)
	}
	return n.Value
}

// intrinsic is the value of an intrinsic function.
func (t *evaluator) intrinsic(n *yaml.Node) string {
	switch n.Tag {
	case "!Ref":
		return t.ref(n.Value)
	case "!GetAtt":
		return t.attribute(n.Value)
	case "!Sub":
		return t.sub(n)
	case "!If":
		if t.holds(n.Content[0].Value) {
			return t.eval(n.Content[1])
		}
		return t.eval(n.Content[2])
	case "!Join":
		return strings.Join(t.list(n.Content[1]), n.Content[0].Value)
	case "!Select":
		return t.pick(n)
	}
	return t.fail("line %d: %s is not understood here", n.Line, n.Tag)
}

func (t *evaluator) pick(n *yaml.Node) string {
	all := t.list(n.Content[1])
	i, err := strconv.Atoi(n.Content[0].Value)
	if err != nil || i >= len(all) {
		return t.fail("line %d: nothing to select", n.Line)
	}
	return all[i]
}

// list is a value that is a list, or text that stands for one.
func (t *evaluator) list(n *yaml.Node) []string {
	switch {
	case n.Tag == "!Split":
		return strings.Split(t.eval(n.Content[1]), n.Content[0].Value)
	case n.Kind == yaml.SequenceNode && n.Tag == "!!seq":
		var out []string
		for _, c := range n.Content {
			out = append(out, t.eval(c))
		}
		return out
	}
	return strings.Split(t.eval(n), ",")
}

var placeholder = regexp.MustCompile(`\$\{([^}]+)\}`)

func (t *evaluator) sub(n *yaml.Node) string {
	text, own := n, map[string]*yaml.Node{}
	if n.Kind == yaml.SequenceNode {
		text, own = n.Content[0], pairs(n.Content[1])
	}
	return placeholder.ReplaceAllStringFunc(text.Value, func(found string) string {
		name := found[2 : len(found)-1]
		switch {
		case own[name] != nil:
			return t.eval(own[name])
		case strings.Contains(name, "."):
			return t.attribute(name)
		}
		return t.ref(name)
	})
}

// ref is the default of a parameter, or a stand-in for a resource.
func (t *evaluator) ref(name string) string {
	if pseudo, ok := pseudos[name]; ok {
		return pseudo
	}
	if parameter := pairs(t.find("Parameters", name)); len(parameter) > 0 {
		switch given := parameter["Default"]; {
		case given != nil:
			return given.Value
		case strings.Contains(parameter["Type"].Value, "Subnet"):
			return "subnet-0123456789abcdef0,subnet-0123456789abcdef1"
		}
		return t.fail("parameter %s has no default", name)
	}
	kind := pairs(t.find("Resources", name))["Type"]
	if kind == nil {
		return t.fail("%s is neither a parameter nor a resource", name)
	}
	return standIn(kind.Value, name)
}

var pseudos = map[string]string{"AWS::StackName": "example", "AWS::Region": Region, "AWS::AccountId": Account, "AWS::Partition": "aws"}

// standIn is what a reference to a resource of a kind looks like.
func standIn(kind, name string) string {
	arn := func(service, rest string) string {
		return "arn:aws:" + service + ":" + Region + ":" + Account + ":" + rest
	}
	switch kind {
	case "AWS::SQS::Queue":
		return "https://sqs." + Region + ".amazonaws.com/" + Account + "/example-" + name
	case "AWS::SNS::Topic":
		return arn("sns", "example-"+name)
	case "AWS::ECS::TaskDefinition":
		return arn("ecs", "task-definition/example-"+strings.ToLower(name)+":1")
	}
	return "example-" + strings.ToLower(name)
}

func (t *evaluator) attribute(path string) string {
	name, attribute, _ := strings.Cut(path, ".")
	if attribute == "Arn" {
		return "arn:aws:example:" + Region + ":" + Account + ":" + name
	}
	return "example-" + strings.ToLower(name)
}

// holds evaluates a condition with the defaults of all parameters.
func (t *evaluator) holds(condition string) bool {
	return t.true(t.find("Conditions", condition))
}

func (t *evaluator) true(n *yaml.Node) bool {
	if n == nil {
		t.fail("a condition is missing")
		return false
	}
	switch n.Tag {
	case "!Equals":
		return t.eval(n.Content[0]) == t.eval(n.Content[1])
	case "!Not":
		return !t.true(n.Content[0])
	case "!And":
		return !slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return !t.true(c) })
	case "!Or":
		return slices.ContainsFunc(n.Content, t.true)
	case "!Condition":
		return t.holds(n.Value)
	}
	t.fail("line %d: %s is no condition", n.Line, n.Tag)
	return false
}
