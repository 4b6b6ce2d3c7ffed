package compile

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// schema is one JSON Schema, with its keys in the order in which people read them.
type schema struct {
	Schema      string          `json:"$schema,omitempty"`
	Title       string          `json:"title,omitempty"`
	Description string          `json:"description,omitempty"`
	Type        string          `json:"type,omitempty"`
	Enum        []string        `json:"enum,omitempty"`
	AnyOf       []*schema       `json:"anyOf,omitempty"`
	Pattern     string          `json:"pattern,omitempty"`
	Format      string          `json:"format,omitempty"`
	Minimum     *int64          `json:"minimum,omitempty"`
	Maximum     *int64          `json:"maximum,omitempty"`
	Properties  *properties     `json:"properties,omitempty"`
	Patterns    map[string]bool `json:"patternProperties,omitempty"`
	// Names is the schema of the names of a Named shape.
	Names      *schema  `json:"propertyNames,omitempty"`
	Additional any      `json:"additionalProperties,omitempty"` // false, or the schema of every value
	Required   []string `json:"required,omitempty"`
	Items      *schema  `json:"items,omitempty"`
	MinItems   int64    `json:"minItems,omitempty"`
	MaxItems   int64    `json:"maxItems,omitempty"`
}

// properties is a JSON object that keeps the order of its keys.
type properties struct {
	names  []string
	values []*schema
}

// MarshalJSON writes the keys in their order.
func (p *properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range p.names {
		value, err := marshal(p.values[i])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is JSON as people read it, with "<" and "&" as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	return b.Bytes(), nil
}

// Schema is the JSON Schema of slipway.yaml, for editors. It says less than Compile checks.
func Schema() ([]byte, error) {
	root := schemaOf(Root(), false)
	root.Patterns = map[string]bool{"^x-": true}
	root.Schema, root.Title = "http://json-schema.org/draft-07/schema#", "slipway.yaml"
	compact, err := marshal(root)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the schema: %w", err)
	}
	return b.Bytes(), nil
}

// forms are the patterns and types of plain values. YAML's numbers and texts differ, so durations and sizes are texts.
var forms = map[Kind]schema{
	Text:     {Type: "string"},
	Number:   {Type: "integer"},
	Bytes:    {Type: "string", Pattern: "^[0-9]+(B|KiB|MiB|GiB|TiB)$"},
	Duration: {Type: "string", Pattern: "^([0-9]+(\\.[0-9]+)?(h|m|s))+$"},
	Flag:     {Type: "boolean"},
	Instant:  {Type: "string", Format: "date-time"},
	List:     {Type: "array"},
	Mapping:  {Type: "object"},
	Named:    {Type: "object"},
}

// schemaOf is the schema of a shape. Nothing is required where defaults may give it.
func schemaOf(s *Shape, optional bool) *schema {
	out := forms[s.Kind]
	switch s.Kind {
	case Text:
		return choices(&out, s)
	case Number:
		out.Minimum, out.Maximum = &s.Min, &s.Max
	case List:
		out.Items, out.MinItems, out.MaxItems = schemaOf(s.Item, false), s.Min, s.Max
		if s.Single {
			return &schema{AnyOf: []*schema{schemaOf(s.Item, false), &out}}
		}
	case Named:
		out.Additional = schemaOf(s.Item, optional)
		if s.Item.Kind == Mapping {
			out.Names = &schema{Type: "string", Pattern: "^[a-z0-9-]{1,40}$"}
		}
	case Mapping:
		object(&out, s, optional)
	}
	return &out
}

func choices(out *schema, s *Shape) *schema {
	switch {
	case len(s.Choices) > 0 && s.Open:
		return &schema{AnyOf: []*schema{{Type: "string", Enum: s.Choices}, out}}
	case len(s.Choices) > 0:
		out.Enum = s.Choices
	}
	return out
}

func object(out *schema, s *Shape, optional bool) {
	out.Properties, out.Additional = &properties{}, false
	isJob := s.key("trigger") != nil
	for _, k := range s.Keys {
		mayDefault := optional || k.Name == "defaults" || isJob && k.Name != "trigger"
		child := schemaOf(k.Shape, mayDefault)
		child.Description = k.Doc
		if k.Default != "" {
			child.Description += " Default: " + k.Default + "."
		}
		out.Properties.names = append(out.Properties.names, k.Name)
		out.Properties.values = append(out.Properties.values, child)
		if k.Required && !mayDefault {
			out.Required = append(out.Required, k.Name)
		}
	}
}
