package template

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Object is a mapping of a template. Intrinsic functions are objects with one key: Ref, or Fn::Name.
type Object = map[string]any

// Template is a template as it is written, with the short forms of intrinsic functions written out.
type Template struct{ Body Object }

// Parse reads the YAML of a template.
func Parse(text []byte) (Template, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return Template{}, fmt.Errorf("parse the template: %w", err)
	}
	if len(doc.Content) == 0 {
		return Template{}, fmt.Errorf("parse the template: %w", errNothing)
	}
	body, ok := value(doc.Content[0]).(Object)
	if !ok {
		return Template{}, fmt.Errorf("parse the template: %w", errNoMapping)
	}
	return Template{body}, nil
}

// value is a node with the short forms written out: !Ref x as {"Ref": x}, !GetAtt a.b as {"Fn::GetAtt": [a, b]}.
func value(n *yaml.Node) any {
	if n.Kind == yaml.AliasNode {
		return value(n.Alias)
	}
	name, short := strings.CutPrefix(n.Tag, "!")
	if !short || strings.HasPrefix(name, "!") {
		return plain(n)
	}
	inner := *n
	inner.Tag = ""
	v := plain(&inner)
	switch name {
	case "Ref", "Condition":
		return Object{name: v}
	case "GetAtt":
		if s, ok := v.(string); ok {
			of, attribute, _ := strings.Cut(s, ".")
			v = []any{of, attribute}
		}
	}
	return Object{"Fn::" + name: v}
}

func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := Object{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = value(n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, c := range n.Content {
			out = append(out, value(c))
		}
		return out
	default:
		if n.Tag == "!!int" || n.Tag == "!!bool" {
			var v any
			if err := n.Decode(&v); err == nil {
				return v
			}
		}
		return n.Value
	}
}

// Section is a mapping of the template by its name: Parameters, Resources, Outputs. It may be empty.
func (t Template) Section(name string) Object {
	s, _ := t.Body[name].(Object)
	return s
}

// At follows keys into nested mappings; nil when there is nothing.
func At(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(Object)
		v = m[k]
	}
	return v
}
