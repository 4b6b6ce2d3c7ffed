package declared

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"slipway/internal/compatible"
	"slipway/internal/template"
)

// Definition reads a task definition as ECS's own API writes it. Everything of it is known.
func Definition(body []byte) (compatible.Definition, error) {
	p, err := properties(body)
	if err != nil {
		return compatible.Definition{}, err
	}
	d := definition(template.Resource{Properties: p})
	d.Name = text(p, "Family")
	if known := texts(p, "Compatibilities"); len(known) > 0 { // what ECS found it to be for
		d.Compatibilities = known
	}
	return d, nil
}

// Uses reads a service as CreateService takes it: its definition where its tasks may go.
func Uses(body []byte, d compatible.Definition) ([]compatible.Use, error) {
	p, err := properties(body)
	if err != nil {
		return nil, err
	}
	p["TaskDefinition"] = d.Name
	if v, ok := p["PlacementStrategy"]; ok {
		p["PlacementStrategies"] = v // as CloudFormation calls them
	}
	stack := Stack{Definitions: map[string]compatible.Definition{d.Name: d}}
	return stack.service(template.Resource{Properties: p}, template.Stack{}).Uses, nil
}

// properties are those of a request or an answer of ECS, under the names that CloudFormation has for them.
func properties(body []byte) (template.Object, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("read JSON of ECS: %w", err)
	}
	p, _ := renamed(v).(template.Object)
	return p, nil
}

// renamed begins each name with a capital letter, and leaves out what is empty.
func renamed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := template.Object{}
		for name, e := range v {
			if e == nil || e == "" {
				continue
			}
			name = strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
			if name == "EfsVolumeConfiguration" {
				name = "EFSVolumeConfiguration"
			}
			out[name] = renamed(e)
		}
		return out
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, renamed(e))
		}
		return out
	}
	return v
}
