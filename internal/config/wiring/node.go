package wiring

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// pair is one key of a mapping with its value.
type pair struct {
	key     string
	value   *yaml.Node
	comment string // above the key
}

func mapping(pairs ...pair) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		if p.value != nil {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: p.key, HeadComment: p.comment}, p.value)
		}
	}
	return n
}

func list(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

func short(items ...*yaml.Node) *yaml.Node {
	n := list(items...)
	n.Style = yaml.FlowStyle
	return n
}

// plain is a text; the encoder quotes it where YAML would read something else.
func plain(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	return n
}

func number(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: text}
}

func plains(texts ...string) []*yaml.Node {
	var nodes []*yaml.Node
	for _, t := range texts {
		nodes = append(nodes, plain(t))
	}
	return nodes
}

func ref(name string) *yaml.Node { return intrinsic("!Ref", name) }

// arnOfRule is the ARN of a rule of the default bus, by its name: what a reference to it gives. The emulator of the
// local stack forgets the attributes of a nested stack's resources when the stack is updated.
func arnOfRule(resource string) *yaml.Node {
	return sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${" + resource + "}")
}

func intrinsic(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

// sub is a text in which CloudFormation fills ${Name} in; a single name becomes a reference.
func sub(text string) *yaml.Node {
	name, ok := strings.CutPrefix(text, "${")
	switch {
	case ok && strings.IndexByte(name, '}') == len(name)-1:
		return ref(name[:len(name)-1])
	case strings.Contains(text, "${"):
		return intrinsic("!Sub", text)
	}
	return plain(text)
}
