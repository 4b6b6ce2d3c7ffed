package compile

import (
	"slices"
	"strings"

	"slipway/internal/config"
	"slipway/internal/run"
)

// Compile checks slipway.yaml and returns the configuration, with ${Name} still in it, or every mistake in the order
// of the file.
func Compile(file []byte) (config.Config, []Problem) {
	r := &reader{}
	node := r.parse(file)
	if node == nil {
		return config.Config{}, r.sorted()
	}
	root := r.read(node, Root(), "", 0)
	if root == nil || r.nodes > maxNodes {
		return config.Config{}, r.sorted()
	}
	c := r.config(root)
	if len(r.found) > 0 {
		return config.Config{}, r.sorted()
	}
	return c, nil
}

// config builds the configuration from values whose form is right, and checks what they mean.
func (r *reader) config(root *value) config.Config {
	r.require(root)
	c := config.Config{Version: config.Version}
	defaults := jobDefaults(root.get("defaults"))
	for _, name := range sortedNames(root.get("jobs")) {
		own := root.get("jobs", name)
		if err := run.ValidJobName(name); err != nil {
			r.add(own, "%s", err)
		}
		c.Jobs = append(c.Jobs, r.job(name, own, own.under(defaults)))
	}
	r.stepsKnown(defaults, c.Jobs)
	services := map[string]*value{}
	for _, name := range sortedNames(root.get("scalers")) {
		v := root.get("scalers", name)
		if run.ValidJobName(name) != nil {
			r.add(v, "scaler name %s: use 1 to 40 of a-z, 0-9 and hyphen", quote(name))
		}
		s := r.scaler(name, v)
		if other := services[s.Cluster+"/"+s.Service]; other != nil && s.Service != "" {
			r.add(v.get("service"), "the scaler in line %d scales this service too; one service has one scaler", other.line)
		}
		services[s.Cluster+"/"+s.Service] = v.get("service")
		c.Scalers = append(c.Scalers, s)
	}
	r.telling(root, &c)
	return c
}

// sortedNames are the names of a Named value in alphabetical order, so that the order of the file changes nothing.
func sortedNames(v *value) []string {
	if v == nil {
		return nil
	}
	names := slices.Clone(v.names)
	slices.Sort(names)
	return names
}

// jobDefaults puts the short form of the cluster where jobs have it.
func jobDefaults(v *value) *value {
	cluster := v.get("cluster")
	if cluster == nil {
		return v
	}
	task := &value{line: cluster.line, column: cluster.column, path: "defaults.task", shape: task(), names: []string{"cluster"}, keys: map[string]*value{"cluster": cluster}}
	short := &value{line: v.line, column: v.column, path: v.path, names: []string{"task"}, keys: map[string]*value{"task": task}}
	return v.under(short)
}

// require reports every required key that is not there, in v and in everything under it.
func (r *reader) require(v *value) {
	if v == nil || v.shape == nil {
		return
	}
	for _, k := range v.shape.Keys {
		if k.Required && v.keys[k.Name] == nil && !r.mentioned(v, k.Name) {
			r.add(v, "%s is missing; %s", k.Name, example(k))
		}
	}
	for _, name := range v.names {
		if v.path != "" || !withDefaults(name) {
			r.require(v.keys[name])
		}
	}
	for _, item := range v.items {
		r.require(item)
	}
}

// withDefaults reports whether a key of the top level is looked at later, when jobs have been given their defaults.
func withDefaults(name string) bool { return name == "jobs" || name == "defaults" }

// mentioned reports whether the key is there, but was reported as wrong already.
func (r *reader) mentioned(v *value, name string) bool {
	path := join(v.path, name)
	return slices.ContainsFunc(r.found, func(p Problem) bool {
		rest, under := strings.CutPrefix(p.Path, path)
		return under && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func example(k Key) string {
	if k.Example == "" {
		return "give " + article(k.Shape)
	}
	return "write for example " + k.Name + ": " + k.Example
}
