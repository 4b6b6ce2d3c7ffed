package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Names are the logical IDs of the resources of the given types, in the order of the alphabet.
func Names(t Template, kinds ...string) []string {
	var out []string
	resources := t.Section("Resources")
	for _, id := range Keys(resources) {
		if kind, ok := At(resources[id], "Type").(string); ok && slices.Contains(kinds, kind) {
			out = append(out, id)
		}
	}
	return out
}

// Keys are the keys of a mapping, in order.
func Keys(o Object) []string { return slices.Sorted(maps.Keys(o)) }

// Written is a value as people write it: a reference as ${Name}, an attribute as ${Name.Attribute}, a substitution as its
// text, and every other function by its name and arguments.
func Written(v any) string {
	o, ok := v.(Object)
	if !ok || len(o) != 1 {
		return plainly(v)
	}
	for name, of := range o {
		switch name {
		case "Ref":
			return "${" + plainly(of) + "}"
		case "Fn::GetAtt":
			var parts []string
			for _, p := range List(of) {
				parts = append(parts, plainly(p))
			}
			return "${" + strings.Join(parts, ".") + "}"
		case "Fn::Sub":
			return plainly(List(of)[0])
		case "Fn::Join":
			return joined(List(of))
		}
		return strings.TrimPrefix(name, "Fn::") + "(" + written(List(of)) + ")"
	}
	return ""
}

// joined is Fn::Join.
func joined(arguments []any) string {
	if len(arguments) != 2 {
		return written(arguments)
	}
	var parts []string
	for _, p := range List(arguments[1]) {
		parts = append(parts, Written(p))
	}
	return strings.Join(parts, plainly(arguments[0]))
}

func written(all []any) string {
	var out []string
	for _, v := range all {
		out = append(out, Written(v))
	}
	return strings.Join(out, ", ")
}

func plainly(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		return written(v)
	case Object:
		return fmt.Sprintf("{%s}", strings.Join(Keys(v), ", "))
	}
	return fmt.Sprint(v)
}
