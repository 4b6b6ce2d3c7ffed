package wiring

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Changes says for people how two templates differ: each resource that comes, goes, or has other lines.
func Changes(before, after []byte) []string {
	old, fresh := lines(before), lines(after)
	names := maps.Clone(old)
	maps.Copy(names, fresh)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case old[name] == nil:
			out = append(out, "+ "+name)
		case fresh[name] == nil:
			out = append(out, "- "+name)
		case !slices.Equal(old[name], fresh[name]):
			out = append(out, "~ "+name)
			out = append(out, missing("    - ", old[name], fresh[name])...)
			out = append(out, missing("    + ", fresh[name], old[name])...)
		}
	}
	return out
}

// lines are the lines of each resource, or of the whole template when it cannot be read.
func lines(template []byte) map[string][]string {
	var t struct {
		Resources map[string]yaml.Node `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(template, &t); err != nil {
		return map[string][]string{"the whole file": {string(template)}}
	}
	out := map[string][]string{}
	for name, node := range t.Resources {
		text, err := yaml.Marshal(&node)
		if err != nil {
			text = fmt.Append(nil, err)
		}
		out[name] = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	return out
}

// missing are the lines of one that the other has not.
func missing(mark string, of, in []string) []string {
	var out []string
	for _, line := range of {
		if !slices.Contains(in, line) {
			out = append(out, mark+strings.TrimSpace(line))
		}
	}
	return out
}
