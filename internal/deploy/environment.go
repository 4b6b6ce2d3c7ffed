package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"slipway/internal/config/compile"
)

// Parameter is a parameter of template.yaml.
type Parameter struct {
	Name           string
	Type           string   `yaml:"Type"`
	Default        *string  `yaml:"Default"` // nil: it must be given
	AllowedValues  []string `yaml:"AllowedValues"`
	AllowedPattern string   `yaml:"AllowedPattern"`
	Constraint     string   `yaml:"ConstraintDescription"`
}

// Parameters reads those of a template, in the order of their names.
func Parameters(template []byte) ([]Parameter, error) {
	var t struct {
		Parameters map[string]Parameter `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(template, &t); err != nil {
		return nil, fmt.Errorf("read the parameters of the template: %w", err)
	}
	var out []Parameter
	for name, p := range t.Parameters {
		p.Name = name
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// The settings of an environment that are no parameters.
const (
	Region  = "AWS_REGION"
	Profile = "AWS_PROFILE"
)

// Environment is a file environments/NAME.env: lines NAME=VALUE, empty lines, and comments that begin with #.
type Environment struct {
	lines  []string
	values map[string]string
}

// Problem is a mistake in such a file. Lines count from 1.
type Problem struct {
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// String is the problem as an editor understands it, after the name of the file and a colon.
func (p Problem) String() string { return fmt.Sprintf("%d: %s", p.Line, p.Message) }

// Read reads the file, and finds every mistake at once.
func Read(text string, parameters []Parameter) (Environment, []Problem) {
	e := Environment{values: map[string]string{}}
	var problems []Problem
	given := map[string]int{}
	if text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff"); text != "" {
		e.lines = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	}
	for i, line := range e.lines {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		name, value, message := setting(trimmed, parameters)
		if first := given[name]; message == "" && first > 0 {
			message = fmt.Sprintf("%s is given in line %d too; remove one", name, first)
		}
		if message != "" {
			problems = append(problems, Problem{i + 1, message})
			continue
		}
		given[name], e.values[name] = i+1, value
	}
	return e, problems
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// setting reads one line.
func setting(line string, parameters []Parameter) (name, value, message string) {
	name, value, ok := strings.Cut(line, "=")
	switch {
	case !ok:
		return "", "", fmt.Sprintf("%q is not NAME=VALUE; write such as Subnets=subnet-1,subnet-2, and # before a comment", line)
	case strings.HasPrefix(name, "export "):
		return "", "", "it is not a shell script; write NAME=VALUE without export"
	case !settingName.MatchString(name):
		return "", "", fmt.Sprintf("%q is no name of a parameter; write NAME=VALUE without spaces around =", name)
	case len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0]:
		return "", "", "the quotes would become part of the value; write it without them"
	case strings.TrimSpace(value) != value:
		return "", "", fmt.Sprintf("%s begins with a space; write NAME=VALUE without spaces around =", name)
	}
	return name, value, Check(name, value, parameters)
}

// Check says what is wrong with the value of a setting, or nothing.
func Check(name, value string, parameters []Parameter) string {
	if name == Region || name == Profile {
		return checkOwn(name, value)
	}
	i := slices.IndexFunc(parameters, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		known := []string{Region, Profile}
		for _, p := range parameters {
			known = append(known, p.Name)
		}
		return fmt.Sprintf("%s is no parameter of template.yaml; %s", name, compile.Suggest(name, known))
	}
	return parameters[i].check(value)
}

var region = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)

func checkOwn(name, value string) string {
	switch {
	case value == "":
		return name + " is empty; remove the line, or give it a value"
	case name == Region && !region.MatchString(value):
		return fmt.Sprintf("%s=%s is no region; write one such as eu-north-1", name, value)
	}
	return ""
}

var subnets = regexp.MustCompile(`^subnet-[0-9a-f]+(,subnet-[0-9a-f]+)*$`)

func (p Parameter) check(value string) string {
	pattern, err := regexp.Compile(p.AllowedPattern)
	switch {
	case len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, value):
		return fmt.Sprintf("%s=%s is not allowed; use one of %s", p.Name, value, strings.Join(p.AllowedValues, ", "))
	case p.Type == "List<AWS::EC2::Subnet::Id>" && !subnets.MatchString(value):
		return fmt.Sprintf("%s=%s names no subnets; write their IDs with commas and no spaces, as in subnet-0123456789abcdef0,subnet-0fedcba9876543210", p.Name, value)
	case p.AllowedPattern != "" && err == nil && !pattern.MatchString(value):
		if p.Constraint != "" {
			return fmt.Sprintf("%s=%s is not allowed: it %s", p.Name, value, p.Constraint)
		}
		return fmt.Sprintf("%s=%s is not allowed: it must match %s", p.Name, value, p.AllowedPattern)
	}
	return ""
}

// Value is a setting, and whether the file gives it.
func (e Environment) Value(name string) (string, bool) { v, ok := e.values[name]; return v, ok }

// With is the environment with a setting. Other lines stay as they are.
func (e Environment) With(name, value string) Environment {
	out := Environment{values: map[string]string{name: value}}
	for n, v := range e.values {
		if n != name {
			out.values[n] = v
		}
	}
	found := false
	for _, line := range e.lines {
		if strings.HasPrefix(strings.TrimSpace(line), name+"=") {
			line, found = name+"="+value, true
		}
		out.lines = append(out.lines, line)
	}
	if !found {
		out.lines = append(out.lines, name+"="+value)
	}
	return out
}

// Text is the file.
func (e Environment) Text() string {
	if len(e.lines) == 0 {
		return ""
	}
	return strings.Join(e.lines, "\n") + "\n"
}

// Given are the parameters that the file gives, as NAME=VALUE in the order of their names.
func (e Environment) Given() []string {
	var out []string
	for name, value := range e.values {
		if name != Region && name != Profile {
			out = append(out, name+"="+value)
		}
	}
	slices.Sort(out)
	return out
}

// Overrides are all parameters as `sam deploy --parameter-overrides` takes them: those that the file does not give have their
// defaults, since SAM would leave a stack what it had before.
func (e Environment) Overrides(parameters []Parameter) []string {
	for _, p := range parameters {
		if _, given := e.values[p.Name]; !given && p.Default != nil {
			e = e.With(p.Name, *p.Default)
		}
	}
	var out []string
	for _, parameter := range e.Given() {
		out = append(out, Quoted(parameter))
	}
	return out
}

// Quoted is a NAME=VALUE as SAM reads it, which takes no empty value without quotes.
func Quoted(parameter string) string {
	name, value, _ := strings.Cut(parameter, "=")
	return name + `="` + strings.ReplaceAll(value, `"`, `\"`) + `"`
}
