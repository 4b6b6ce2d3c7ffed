package compile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"slipway/internal/config"
)

// The bounds on a file: aliases can name a small text many times.
const (
	maxFile  = 1 << 20
	maxNodes = 50_000
	maxDepth = 32
)

// reader checks YAML nodes against shapes and gathers what is wrong.
type reader struct {
	problems

	nodes int // values read so far, through aliases too
}

// parse returns the top node of the file, or nil when the text is not one YAML document.
func (r *reader) parse(file []byte) *yaml.Node {
	top := &value{line: 1, column: 1}
	if len(file) > maxFile {
		r.add(top, "the file has %d bytes, and at most %d are read", len(file), maxFile)
		return nil
	}
	if at := invalid(file); at != nil {
		r.add(at, "the file is not UTF-8 here; save it as UTF-8")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(file))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF) || err == nil && (len(document.Content) == 0 || document.Content[0].ShortTag() == "!!null"):
		r.add(top, "the file is empty; begin with version: 1")
		return nil
	case err != nil:
		r.add(syntaxAt(err), "%s", syntax(err))
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.add(place(&second, "", nil), "there is a second document; keep everything in the first one, without ---")
	}
	return document.Content[0]
}

// invalid is the place of the first byte that is not UTF-8.
func invalid(file []byte) *value {
	if utf8.Valid(file) {
		return nil
	}
	line, column := 1, 1
	for len(file) > 0 {
		c, n := utf8.DecodeRune(file)
		if c == utf8.RuneError && n == 1 {
			break
		}
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
		file = file[n:]
	}
	return &value{line: line, column: column}
}

var errorLine = regexp.MustCompile(`^yaml: line ([0-9]+): `)

// syntaxAt is the line that the parser of YAML complains about.
func syntaxAt(err error) *value {
	v := &value{line: 1, column: 1}
	if m := errorLine.FindStringSubmatch(err.Error()); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			v.line = n
		}
	}
	return v
}

func syntax(err error) string {
	text := strings.TrimPrefix(errorLine.ReplaceAllString(err.Error(), ""), "yaml: ")
	if strings.Contains(text, "cannot start any token") {
		text += "; indent with spaces, and put texts with special characters in quotes"
	}
	return "this is not YAML: " + text
}

func place(n *yaml.Node, path string, s *Shape) *value {
	return &value{line: max(n.Line, 1), column: max(n.Column, 1), path: path, shape: s}
}

// read checks one node. It returns nil when the node is of no use, after it has said why.
func (r *reader) read(n *yaml.Node, s *Shape, path string, depth int) *value {
	at := place(n, path, s)
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if !r.spend(1, depth, at) {
		return nil
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		r.add(at, "this is empty; give %s, or remove the key", article(s))
		return nil
	}
	switch s.Kind {
	case Mapping, Named:
		return r.mapping(n, at, depth)
	case List:
		return r.list(n, at, depth)
	}
	return r.scalar(n, at)
}

// spend bounds how much is read. When it is too much, it says so once, and nothing more is read.
func (r *reader) spend(nodes, depth int, at *value) bool {
	if r.nodes > maxNodes {
		return false
	}
	if r.nodes += nodes; r.nodes > maxNodes || depth > maxDepth {
		r.nodes = maxNodes + 1
		r.add(at, "the file holds too much from here on, once its aliases are followed")
		return false
	}
	return true
}

// article is the shape in words.
func article(s *Shape) string {
	switch s.Kind {
	case Text:
		return "a text"
	case Number:
		return "a number"
	case Bytes:
		return "a size such as 500MiB"
	case Duration:
		return "a duration such as 30m"
	case Instant:
		return "a time such as 2027-01-31T23:00:00Z"
	case List:
		return "a list"
	case Mapping:
		return "a mapping with keys of " + strings.Join(s.names(), ", ")
	case Named:
		return "a mapping from names"
	}
	return string(s.Kind)
}

func (r *reader) mapping(n *yaml.Node, at *value, depth int) *value {
	if n.Kind != yaml.MappingNode {
		r.add(at, "%s is expected here%s", article(at.shape), hint(at.shape, n))
		return nil
	}
	at.keys = map[string]*value{}
	r.entries(n, at, depth, false)
	if s := at.shape; s.Kind == Named && s.Max > 0 && int64(len(at.keys)) > s.Max {
		r.add(at, "there are %d, and at most %d are allowed", len(at.keys), s.Max)
	}
	return at
}

// entries reads the keys of a mapping, and through "<<" those of others, which never replace its own.
func (r *reader) entries(n *yaml.Node, at *value, depth int, merged bool) {
	if !r.spend(len(n.Content), depth, at) {
		return
	}
	seen := map[string]int{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.ShortTag() == "!!merge" {
			merges = append(merges, content)
			continue
		}
		if line, twice := seen[key.Value]; twice {
			r.add(place(n.Content[i], join(at.path, key.Value), nil), "this key is here twice, first in line %d; keep one", line)
			continue
		}
		seen[key.Value] = n.Content[i].Line
		if _, own := at.keys[key.Value]; own && merged {
			continue
		}
		r.entry(n.Content[i], key.Value, content, at, depth)
	}
	for _, m := range merges {
		r.merge(m, at, depth)
	}
}

// entry reads one key. An unknown key is reported, and its value left alone.
func (r *reader) entry(key *yaml.Node, name string, content *yaml.Node, at *value, depth int) {
	path := join(at.path, name)
	shape := at.shape.Item
	if at.shape.Kind == Mapping {
		known := at.shape.key(name)
		if known == nil && at.path == "" && strings.HasPrefix(name, "x-") {
			return // a place of one's own, for anchors
		}
		if known == nil {
			r.unknown(place(key, path, nil), name, at.shape)
			return
		}
		shape = known.Shape
	}
	if v := r.read(content, shape, path, depth+1); v != nil {
		at.keys[name] = v
		at.names = append(at.names, name)
	}
}

func (r *reader) unknown(at *value, name string, s *Shape) {
	r.add(at, "%s is not a key here; %s", quote(name), suggest(name, s.names()))
}

// merge reads what "<<" names: a mapping, or several.
func (r *reader) merge(n *yaml.Node, at *value, depth int) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if !r.spend(1, depth, at) {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		r.entries(n, at, depth+1, true)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			r.merge(item, at, depth+1)
		}
	default:
		r.add(place(n, at.path, nil), "<< takes an alias of a mapping")
	}
}

func (r *reader) list(n *yaml.Node, at *value, depth int) *value {
	s := at.shape
	items := n.Content
	if n.Kind == yaml.ScalarNode && s.Single {
		items = []*yaml.Node{n}
	} else if n.Kind != yaml.SequenceNode {
		r.add(at, "%s is expected here%s", article(s), hint(s, n))
		return nil
	}
	for i, item := range items {
		if v := r.read(item, s.Item, fmt.Sprintf("%s[%d]", at.path, i), depth+1); v != nil {
			at.items = append(at.items, v)
		}
	}
	switch {
	case int64(len(items)) < s.Min:
		r.add(at, "at least %d is needed here", s.Min)
	case s.Max > 0 && int64(len(items)) > s.Max:
		r.add(at, "there are %d, and at most %d are allowed", len(items), s.Max)
	}
	return at
}

func (r *reader) scalar(n *yaml.Node, at *value) *value {
	if n.Kind != yaml.ScalarNode {
		r.add(at, "%s is expected here", article(at.shape))
		return nil
	}
	at.text = n.Value
	var err error
	switch at.shape.Kind {
	case Number:
		at.number, err = wholeNumber(n, at.shape)
	case Bytes:
		at.number, err = parseBytes(n.Value, at.shape.Likely)
	case Duration:
		d, wrong := parseDuration(n.Value, at.shape.Likely)
		at.number, err = int64(d), wrong
	case Flag:
		at.number, err = truth(n)
	case Instant:
		_, err = parseInstant(n.Value)
	default:
		return r.word(n, at)
	}
	if err != nil {
		r.add(at, "%s", err)
		return nil
	}
	return at
}

func wholeNumber(n *yaml.Node, s *Shape) (int64, error) {
	v, err := strconv.ParseInt(n.Value, 10, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s is not a whole number, which is expected here, without a unit", quote(n.Value))
	case s.Min == s.Max && v != s.Min:
		return 0, fmt.Errorf("%d is not known here; write %d", v, s.Min)
	case v < s.Min || v > s.Max:
		return 0, fmt.Errorf("%d is not between %d and %d", v, s.Min, s.Max)
	}
	return v, nil
}

func truth(n *yaml.Node) (int64, error) {
	switch n.Value {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	return 0, fmt.Errorf("%s is neither true nor false", quote(n.Value))
}

// word checks a text: that it was meant as one, its choices, and the values that it names.
func (r *reader) word(n *yaml.Node, at *value) *value {
	switch tag := n.ShortTag(); {
	case tag != "!!str" && tag != "!!timestamp":
		r.add(at, `a text is expected here; write "%s" in quotes`, n.Value)
	case strings.TrimSpace(n.Value) == "":
		r.add(at, "this is empty; give a text, or remove it")
	case strings.ContainsFunc(n.Value, control):
		r.add(at, "there is a control character in this text")
	case r.chosen(at) && r.valuesKnown(at):
		return at
	}
	return nil
}

func control(c rune) bool { return c < ' ' && c != '\n' && c != '\t' || c == 0x7f }

// chosen reports a text that is none of the choices.
func (r *reader) chosen(at *value) bool {
	s := at.shape
	if len(s.Choices) == 0 || s.Open || slices.Contains(s.Choices, at.text) {
		return true
	}
	if why := s.Not[at.text]; why != "" {
		r.add(at, "%s", why)
	} else {
		r.add(at, "%s is not known here; %s", quote(at.text), suggest(at.text, s.Choices))
	}
	return false
}

// valuesKnown reports every ${Name} that the template does not give.
func (r *reader) valuesKnown(at *value) bool {
	known := valueNames()
	_, unknown := config.Expand(at.text, func(name string) (string, bool) { return "", slices.Contains(known, name) })
	for _, name := range unknown {
		r.add(at, "${%s} is not a deploy-time value; %s (for a variable of the container's shell write ${!%s})",
			name, suggest(name, known), name)
	}
	return len(unknown) == 0
}

func valueNames() []string {
	var names []string
	for _, v := range config.Values() {
		names = append(names, v.Name)
	}
	return names
}

// hint says what somebody probably meant who wrote another form.
func hint(s *Shape, n *yaml.Node) string {
	switch {
	case s.Kind == List && n.Kind == yaml.ScalarNode:
		return fmt.Sprintf("; write [%s]", n.Value)
	case s.Kind == Mapping && n.Kind == yaml.ScalarNode && len(s.Keys) > 0 && s.Keys[0].Shape.Kind == Number:
		return fmt.Sprintf("; write {%s: %s}", s.Keys[0].Name, n.Value)
	case s.Kind == Named && n.Kind == yaml.SequenceNode:
		return ", not a list; write each as a key, its name"
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// quote shows a word of the file, cut to what a message can hold.
func quote(word string) string {
	if len(word) > longestWord {
		word = word[:longestWord] + "…"
	}
	return strconv.Quote(word)
}
