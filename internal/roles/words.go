package roles

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"slipway/internal/template"
)

// choice is a value, and the condition of the template under which it is the one.
type choice struct {
	value any
	when  string
}

// choices are the elements of a list, or the one value, with both branches of each Fn::If. AWS::NoValue is none.
func choices(v any, when string) []choice {
	if v == nil || template.At(v, "Ref") == "AWS::NoValue" {
		return nil
	}
	if branches := template.List(template.At(v, "Fn::If")); len(branches) == 3 {
		name := fmt.Sprint(branches[0])
		return append(choices(branches[1], and(when, "when "+name)), choices(branches[2], and(when, "unless "+name))...)
	}
	if list, ok := v.([]any); ok {
		var out []choice
		for _, e := range list {
			out = append(out, choices(e, when)...)
		}
		return out
	}
	return []choice{{v, when}}
}

func and(a, b string) string {
	if a == "" {
		return b
	}
	return a + " and " + b
}

// words is a value of a template as text: a reference is ${ID} or ${ID.Attribute}.
func words(v any) string {
	if o, ok := v.(template.Object); ok {
		if id, ok := o["Ref"].(string); ok {
			return "${" + id + "}"
		}
		if get := template.List(o["Fn::GetAtt"]); len(get) == 2 {
			return fmt.Sprintf("${%v.%v}", get[0], get[1])
		}
		if sub := template.List(o["Fn::Sub"]); len(sub) > 0 {
			return substituted(sub)
		}
		return "${" + strings.Join(references(v), ", ") + "}"
	}
	return fmt.Sprint(v)
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// substituted is the text of an Fn::Sub. A variable that is made of others says of which.
func substituted(sub []any) string {
	text := fmt.Sprint(sub[0])
	if len(sub) == 1 {
		return text
	}
	values, _ := sub[1].(template.Object)
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-1]
		if values[name] == nil {
			return found
		}
		return "${" + name + " of " + strings.Join(references(values[name]), ", ") + "}"
	})
}

// references are the resources and parameters that a value is made of, each once, in the order of their names.
func references(v any) []string {
	seen := map[string]bool{}
	collect(v, seen)
	return slices.Sorted(maps.Keys(seen))
}

func collect(v any, into map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			collect(e, into)
		}
	case template.Object:
		if id, ok := v["Ref"].(string); ok {
			into[id] = true
		}
		if get := template.List(v["Fn::GetAtt"]); len(get) == 2 {
			into[fmt.Sprint(get[0])] = true
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			for _, m := range variable.FindAllStringSubmatch(text, -1) {
				into[m[1]] = true
			}
		}
		for _, e := range v {
			collect(e, into)
		}
	}
}

// conditions are those of a statement, each as a line.
func conditions(v any) []string {
	operators, _ := v.(template.Object)
	var out []string
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, _ := operators[operator].(template.Object)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			var values []string
			for _, value := range template.List(keys[key]) {
				values = append(values, words(value))
			}
			out = append(out, fmt.Sprintf("%s %s %s", key, operator, strings.Join(values, " or ")))
		}
	}
	return out
}
