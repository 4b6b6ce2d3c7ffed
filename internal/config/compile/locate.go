package compile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Locate returns where the value of a path such as jobs.images.task.capacity[1] stands in a slipway.yaml that Compile has
// accepted: the value itself, or what is said of it under defaults, or as much of the path as there is.
func Locate(text []byte, path string) Problem {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil || len(doc.Content) == 0 {
		return Problem{Line: 1, Column: 1}
	}
	keys := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	own, found := follow(doc.Content[0], keys)
	if found == len(keys) || len(keys) < 3 || keys[0] != "jobs" {
		return at(own, keys[:found])
	}
	inherited := append([]string{"defaults"}, keys[2:]...)
	if node, n := follow(doc.Content[0], inherited); n > 2 {
		return at(node, inherited[:n])
	}
	return at(own, keys[:found])
}

// follow goes along the keys as far as they lead, and returns how many that were.
func follow(node *yaml.Node, keys []string) (*yaml.Node, int) {
	for i, key := range keys {
		next := child(resolve(node), key)
		if next == nil {
			return node, i
		}
		node = next
	}
	return node, len(keys)
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func child(n *yaml.Node, key string) *yaml.Node {
	switch n.Kind {
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	case yaml.MappingNode:
		i := slices.IndexFunc(n.Content, func(c *yaml.Node) bool { return c.Value == key && c.Kind == yaml.ScalarNode })
		if i >= 0 && i%2 == 0 && i+1 < len(n.Content) {
			return n.Content[i+1]
		}
	}
	return nil
}

func at(n *yaml.Node, keys []string) Problem {
	path := ""
	for _, key := range keys {
		if _, err := strconv.Atoi(key); err == nil {
			path += fmt.Sprintf("[%s]", key)
			continue
		}
		path = strings.TrimPrefix(path+"."+key, ".")
	}
	return Problem{Line: n.Line, Column: n.Column, Path: path}
}
