package samlocal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// template writes a copy of the template beside it, in which functions have the endpoints of env in their environment:
// the SAM CLI only hands on variables that the template has. It returns the copy's name.
func (r Runner) template(id string, env map[string]string) (string, error) {
	text, err := os.ReadFile(r.Template)
	if err != nil {
		return "", err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return "", err
	}
	variables := find(&doc, "Globals", "Function", "Environment", "Variables")
	if variables == nil {
		return "", errors.New("its Globals have no environment")
	}
	for name := range env {
		if strings.HasPrefix(name, endpoint) && find(variables, name) == nil {
			variables.Content = append(variables.Content, scalar(name), scalar("replaced"))
		}
	}
	if timeout := find(&doc, "Resources", id, "Properties", "Timeout"); timeout != nil && r.Timeout > 0 {
		timeout.Value = strconv.Itoa(int(r.Timeout.Seconds()))
	}
	copied, err := yaml.Marshal(&doc)
	if err != nil {
		return "", err
	}
	return write(filepath.Dir(r.Template), "invoke-*.yaml", copied)
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// find follows keys through mappings; nil when one is missing.
func find(n *yaml.Node, keys ...string) *yaml.Node {
	if n.Kind == yaml.DocumentNode {
		n = n.Content[0]
	}
	for _, key := range keys {
		i := slices.IndexFunc(n.Content, func(c *yaml.Node) bool { return c.Value == key })
		if n.Kind != yaml.MappingNode || i < 0 || i+1 >= len(n.Content) {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}
