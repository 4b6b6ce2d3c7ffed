package template

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

var (
	errNothing   = errors.New("there is nothing in it")
	errNoMapping = errors.New("it is not a mapping")
)

// Stack is a template expanded for its parameters.
type Stack struct {
	Resources map[string]Resource
	Outputs   map[string]string
}

// Resource is a resource that is there.
type Resource struct {
	ID, Type   string
	Properties Object
	DependsOn  []string
}

// Pseudo are the values of the pseudo parameters, and the zones of the region.
type Pseudo struct {
	Region, Account, StackName string
	Zones                      []string
}

// Example is a region with three zones.
func Example() Pseudo {
	return Pseudo{"eu-north-1", "123456789012", "stack", []string{"eu-north-1a", "eu-north-1b", "eu-north-1c"}}
}

// Expand is what would be deployed with the parameters. It returns an error when a parameter is missing, unknown or not
// allowed, when a rule of the template refuses them, and for whatever this package does not know.
func (t Template) Expand(p Pseudo, parameters map[string]string) (Stack, error) {
	x := expansion{template: t, pseudo: p, parameters: map[string]string{}, conditions: map[string]bool{}}
	maps.Copy(x.parameters, parameters)
	if err := x.fill(); err != nil {
		return Stack{}, err
	}
	if err := x.obey(); err != nil {
		return Stack{}, err
	}
	out := Stack{Resources: map[string]Resource{}, Outputs: map[string]string{}}
	for id, body := range t.Section("Resources") {
		r, there, err := x.resource(id, body)
		if err != nil {
			return Stack{}, fmt.Errorf("expand %s: %w", id, err)
		}
		if there {
			out.Resources[id] = r
		}
	}
	return out, x.outputs(&out)
}

// Of lists the resources of a type, by ID.
func (s Stack) Of(kind string) []Resource {
	var out []Resource
	for _, id := range slices.Sorted(maps.Keys(s.Resources)) {
		if s.Resources[id].Type == kind {
			out = append(out, s.Resources[id])
		}
	}
	return out
}

// Named is the resource that a reference such as ${Vpc} or ${Role.Arn} names.
func (s Stack) Named(reference any) (Resource, bool) {
	text, _ := reference.(string)
	id, _, _ := strings.Cut(strings.Trim(text, "${}"), ".")
	r, ok := s.Resources[id]
	return r, ok
}

// Get follows keys into the properties of a resource.
func (r Resource) Get(keys ...string) any { return At(r.Properties, keys...) }

// Text is Get as text; empty when there is nothing.
func (r Resource) Text(keys ...string) string {
	v := r.Get(keys...)
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// Texts is Get as a list of texts.
func (r Resource) Texts(keys ...string) []string {
	var out []string
	for _, v := range List(r.Get(keys...)) {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// List is a value as a list: a single one is a list of one, none an empty one.
func List(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

type expansion struct {
	template   Template
	pseudo     Pseudo
	parameters map[string]string
	conditions map[string]bool
}

// fill gives parameters their defaults, and checks those that were given.
func (x *expansion) fill() error {
	known := x.template.Section("Parameters")
	for name := range x.parameters {
		if known[name] == nil {
			return fmt.Errorf("parameter %s: %w", name, errUnknown)
		}
	}
	for name, of := range known {
		given, ok := x.parameters[name]
		if !ok {
			fallback := At(of, "Default")
			if fallback == nil {
				return fmt.Errorf("parameter %s: %w", name, errMissing)
			}
			given = fmt.Sprint(fallback)
			x.parameters[name] = given
		}
		if allowed := List(At(of, "AllowedValues")); len(allowed) > 0 && !contains(allowed, given) {
			return fmt.Errorf("parameter %s: %q is none of %v: %w", name, given, allowed, errUnknown)
		}
		if err := bounded(of, given); err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	return nil
}

var (
	errMissing = errors.New("it has no value and no default")
	errUnknown = errors.New("the template does not know it")
	errRefused = errors.New("a rule of the template refuses the parameters")
)

func contains(list []any, text string) bool {
	return slices.ContainsFunc(list, func(v any) bool { return fmt.Sprint(v) == text })
}

// obey checks the rules.
func (x *expansion) obey() error {
	for name, rule := range x.template.Section("Rules") {
		if when := At(rule, "RuleCondition"); when != nil {
			applies, err := x.truth(when)
			if err != nil {
				return fmt.Errorf("rule %s: %w", name, err)
			}
			if !applies {
				continue
			}
		}
		for _, assertion := range List(At(rule, "Assertions")) {
			holds, err := x.truth(At(assertion, "Assert"))
			if err != nil {
				return fmt.Errorf("rule %s: %w", name, err)
			}
			if !holds {
				return fmt.Errorf("%w: %v", errRefused, At(assertion, "AssertDescription"))
			}
		}
	}
	return nil
}

func (x *expansion) resource(id string, body any) (Resource, bool, error) {
	there, err := x.there(body)
	if err != nil || !there {
		return Resource{}, false, err
	}
	v, err := x.value(At(body, "Properties"))
	if err != nil {
		return Resource{}, false, err
	}
	properties, _ := v.(Object)
	r := Resource{ID: id, Type: fmt.Sprint(At(body, "Type")), Properties: properties}
	for _, on := range List(At(body, "DependsOn")) {
		r.DependsOn = append(r.DependsOn, fmt.Sprint(on))
	}
	return r, true, nil
}

func (x *expansion) there(body any) (bool, error) {
	name, ok := At(body, "Condition").(string)
	if !ok {
		return true, nil
	}
	return x.condition(name)
}

func (x *expansion) outputs(s *Stack) error {
	for name, body := range x.template.Section("Outputs") {
		there, err := x.there(body)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		v, err := x.value(At(body, "Value"))
		if err != nil {
			return fmt.Errorf("expand output %s: %w", name, err)
		}
		s.Outputs[name] = fmt.Sprint(v)
	}
	return nil
}

// Known is what can be said of a template without its parameters: as Expand, but a parameter without a default is not
// known, and neither is what depends on it, instead of being an error. A property whose value is not known is there, and
// nil; an element of a list that is not known is left out. A resource whose condition is not known is there.
func (t Template) Known(p Pseudo, parameters map[string]string) Stack {
	x := expansion{template: t, pseudo: p, parameters: map[string]string{}, conditions: map[string]bool{}}
	for name, of := range t.Section("Parameters") {
		if given, ok := parameters[name]; ok {
			x.parameters[name] = given
		} else if fallback := At(of, "Default"); fallback != nil {
			x.parameters[name] = fmt.Sprint(fallback)
		}
	}
	out := Stack{Resources: map[string]Resource{}, Outputs: map[string]string{}}
	for id, body := range t.Section("Resources") {
		if there, err := x.there(body); err == nil && !there {
			continue
		}
		v, _ := x.known(At(body, "Properties"))
		properties, _ := v.(Object)
		out.Resources[id] = Resource{ID: id, Type: fmt.Sprint(At(body, "Type")), Properties: properties}
	}
	return out
}

// known is a value as far as it is known, nil where it is not, and whether it is there at all.
func (x *expansion) known(v any) (any, bool) {
	if whole, err := x.value(v); err == nil {
		return whole, whole != (nothing{})
	}
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, e := range v {
			if k, there := x.known(e); there && k != nil {
				out = append(out, k)
			}
		}
		return out, true
	case Object:
		if isFunction(v) {
			return nil, true
		}
		out := Object{}
		for name, e := range v {
			if k, there := x.known(e); there {
				out[name] = k
			}
		}
		return out, true
	}
	return nil, true
}

// isFunction reports whether an object is an intrinsic function.
func isFunction(o Object) bool {
	for name := range o {
		return len(o) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::"))
	}
	return false
}
