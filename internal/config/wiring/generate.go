package wiring

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"slipway/internal/config"
)

const header = `# Generated from slipway.yaml by "slipway generate". Do not edit it: edit slipway.yaml, and run that again.
# It is committed, so that a change of slipway.yaml shows the rules and rights that it brings.
`

// policy is the policy of one function.
type policy struct {
	name, description string
	statements        []statement
}

// Generate returns the template for a configuration. It returns an error when a policy would be larger than IAM takes.
func Generate(c config.Config) ([]byte, error) {
	p := read(c)
	policies := []policy{
		{"S3TriggerPolicy", "What s3-trigger may do by slipway.yaml.", slices.Concat(p.launch(), p.replace())},
		{"SchedulerPolicy", "What scheduler may do by slipway.yaml.", slices.Concat(p.launch(), p.watch(), p.settle())},
		{"SqsScalerPolicy", "What sqs-scaler may do by slipway.yaml.", p.scale()},
		{"LifecycleNotifierPolicy", "What lifecycle-notifier may do by slipway.yaml.", slices.Concat(p.settle(), p.tell())},
	}
	for _, f := range policies {
		if err := fits(f); err != nil {
			return nil, err
		}
	}
	root := mapping(
		pair{key: "AWSTemplateFormatVersion", value: plain("2010-09-09")},
		pair{key: "Description", value: plain("Slipway: the rules and rights that follow from slipway.yaml.")},
		pair{key: "Metadata", value: mapping(pair{key: "cfn-lint", value: mapping(pair{key: "config", value: mapping(
			pair{key: "ignore_checks", value: short(plain("W2001")), comment: "Every parameter is always there, used or not."},
		)})})},
		pair{key: "Parameters", value: parameters()},
		pair{key: "Rules", value: p.demands()},
		pair{key: "Resources", value: resources(p.rules(), policies)},
		pair{key: "Outputs", value: outputs(policies)},
	)
	return encode(root)
}

func encode(root *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header)
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, fmt.Errorf("write wiring.yaml: %w", err)
	}
	return b.Bytes(), nil
}

func resources(rules []rule, policies []policy) *yaml.Node {
	var pairs []pair
	for _, r := range rules {
		pairs = append(pairs, pair{r.id, r.node(), r.comment})
	}
	for _, queue := range []string{"LaunchQueue", "LaunchDeadLetterQueue", "LifecycleQueue", "LifecycleDeadLetterQueue"} {
		pairs = append(pairs, pair{queue + "Policy", queuePolicy(queue, rules), ""})
	}
	for _, f := range policies {
		pairs = append(pairs, pair{f.name, managed(f.description, f.statements), ""})
	}
	return mapping(pairs...)
}

func outputs(policies []policy) *yaml.Node {
	var pairs []pair
	for _, f := range policies {
		pairs = append(pairs, pair{key: f.name + "Arn", value: mapping(pair{key: "Value", value: ref(f.name)})})
	}
	return mapping(pairs...)
}

var inText = regexp.MustCompile(`\$\{([A-Za-z0-9]+)\}`)

// demands are rules on parameters: what slipway.yaml names must not be empty, as the examples are with Examples=false.
func (p plan) demands() *yaml.Node {
	named := users{}
	note := func(u users) {
		for text, by := range u {
			for _, m := range inText.FindAllStringSubmatch(text, -1) {
				named.add(m[1], by[0])
			}
		}
	}
	note(p.buckets)
	note(p.clusters)
	note(p.queues)
	note(p.services)
	for _, u := range p.definitions {
		note(u)
	}
	var pairs []pair
	for _, name := range named.names() {
		empty := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Tag: "!Equals", Content: []*yaml.Node{ref(name), quoted("")}}
		given := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Tag: "!Not", Content: []*yaml.Node{empty}}
		pairs = append(pairs, pair{key: name + "IsGiven", value: mapping(pair{key: "Assertions", value: list(mapping(
			pair{key: "Assert", value: given},
			pair{key: "AssertDescription", value: plain(fmt.Sprintf("slipway.yaml uses %s, and this stack has none. Deploy with Examples=true, or name your own in slipway.yaml.", name))},
		))})})
	}
	if len(pairs) == 0 {
		return nil
	}
	return mapping(pairs...)
}

func quoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}
}

// maxPolicy is how many characters IAM takes in a managed policy, white space not counted.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxPolicy = 6144

// fits estimates the size of a policy with its values filled in.
func fits(f policy) error {
	size := 60
	for _, s := range f.statements {
		size += 60 + length(s.node())
	}
	if size > maxPolicy {
		return fmt.Errorf("the policy %s would have about %d characters, and IAM takes %d: spread the jobs over several stacks",
			f.name, size, maxPolicy)
	}
	return nil
}

// filledLength is about how long a value becomes that a text refers to.
const filledLength = 60

func length(n *yaml.Node) int {
	size := len(n.Value) + 3
	if n.Tag == "!Ref" {
		size = 2 * filledLength
	}
	for _, child := range n.Content {
		size += length(child)
	}
	return size
}
