package project_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"slipway/internal/template"
)

// root is the folder of go.mod, from here.
var root = filepath.Join("..", "..")

// object is a mapping of a template. Intrinsic functions are objects with one key: Ref, or Fn::Name.
type object = map[string]any

// stack is everything that is deployed together, and the events that it is to understand.
type stack struct {
	root, wiring object
	events       map[string]any // by file name
}

// text is the source of a stack, so that a test can break it.
type text struct{ root, wiring string }

func read(t testing.TB, name ...string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(append([]string{root}, name...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func source(t testing.TB) text {
	t.Helper()
	return text{read(t, "template.yaml"), read(t, "wiring.yaml")}
}

func (x text) parse() (stack, error) {
	s := stack{events: map[string]any{}}
	for _, file := range []struct {
		name string
		text string
		into *object
	}{{"template.yaml", x.root, &s.root}, {"wiring.yaml", x.wiring, &s.wiring}} {
		parsed, err := template.Parse([]byte(file.text))
		if err != nil {
			return s, fmt.Errorf("%s: %w", file.name, err)
		}
		*file.into = parsed.Body
	}
	return s, s.readEvents()
}

func (s stack) readEvents() error {
	files, err := filepath.Glob(filepath.Join(root, "events", "*.json"))
	if err != nil {
		return err
	}
	for _, file := range files {
		body, err := os.ReadFile(file) //nolint:gosec // a file of the glob
		if err != nil {
			return err
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return fmt.Errorf("parse %s: %w", file, err)
		}
		s.events[filepath.Base(file)] = v
	}
	return nil
}

// at follows keys into nested mappings; nil when there is nothing.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(object)
		v = m[k]
	}
	return v
}

// resource is one of the root or of the wiring.
type resource struct {
	id, kind string
	body     object
	in       string // the file
}

func (r resource) get(keys ...string) any {
	return at(r.body["Properties"], keys...)
}

func (r resource) String() string { return r.in + ": " + r.id }

func resourcesOf(template object, file string) []resource {
	all, _ := template["Resources"].(object)
	var out []resource
	for _, id := range slices.Sorted(maps.Keys(all)) {
		body, _ := all[id].(object)
		kind, _ := body["Type"].(string)
		out = append(out, resource{id, kind, body, file})
	}
	return out
}

// resources lists those of both templates, of the given types or of all.
func (s stack) resources(kinds ...string) []resource {
	all := append(resourcesOf(s.root, "template.yaml"), resourcesOf(s.wiring, "wiring.yaml")...)
	if len(kinds) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(r resource) bool { return !slices.Contains(kinds, r.kind) })
}

func (s stack) functions() []resource { return s.resources("AWS::Serverless::Function") }

// resource returns one of the root; empty when there is none.
func (s stack) resource(id string) resource {
	for _, r := range resourcesOf(s.root, "template.yaml") {
		if r.id == id {
			return r
		}
	}
	return resource{}
}

// refers returns the logical ID that a Ref or GetAtt names, through the first branch of an If.
func refers(v any) string {
	m, _ := v.(object)
	if id, ok := m["Ref"].(string); ok {
		return id
	}
	if a, ok := m["Fn::GetAtt"].([]any); ok && len(a) == 2 {
		return fmt.Sprint(a[0])
	}
	if branches, ok := m["Fn::If"].([]any); ok && len(branches) == 3 {
		return refers(branches[1])
	}
	return ""
}

// many is a value that may be one or a list.
func many(v any) []any {
	if v == nil {
		return nil
	}
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

func words(v any) []string {
	var out []string
	for _, w := range many(v) {
		out = append(out, fmt.Sprint(w))
	}
	return out
}

// branches are the values that an If may give, or the value itself. AWS::NoValue is none.
func branches(v any) []any {
	m, _ := v.(object)
	if i, ok := m["Fn::If"].([]any); ok && len(i) == 3 {
		return append(branches(i[1]), branches(i[2])...)
	}
	if m["Ref"] == "AWS::NoValue" {
		return nil
	}
	return []any{v}
}

var placeholder = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)

// resolve fills in the values given for parameters and pseudo parameters. Whatever it cannot know becomes "?".
func resolve(v any, given map[string]string) any {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, resolve(e, given))
		}
		return out
	case object:
		if name, ok := v["Ref"].(string); ok {
			return known(name, given)
		}
		if text, ok := v["Fn::Sub"].(string); ok {
			return placeholder.ReplaceAllStringFunc(text, func(p string) string { return known(p[2:len(p)-1], given) })
		}
		out := object{}
		for k, e := range v {
			out[k] = resolve(e, given)
		}
		return out
	default:
		return v
	}
}

func known(name string, given map[string]string) string {
	if v, ok := given[name]; ok {
		return v
	}
	return "?"
}
