package roles

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/internal/template"
)

// File is a template and its name, which is its path in the project.
type File struct {
	Name     string
	Template template.Template
}

// Role is a role of a template.
type Role struct {
	File, ID    string
	Description string
	Kind        Kind
	Service     string   // that assumes it
	Trust       []string // conditions under which it may
	Of          []string // the resources that have it, by ID
	Managed     []Managed
	Statements  []Statement
	Condition   string // of the template, without which it is not there; empty: always
}

// String is the file and the ID.
func (r Role) String() string { return r.File + ": " + r.ID }

// Managed is a policy of AWS's own.
type Managed struct {
	Name string
	When string // "when CONDITION" or "unless CONDITION"; empty: always
}

// Statement is what a role may do.
type Statement struct {
	Actions    []string
	Resources  []string
	Conditions []string
	When       string // as in Managed
	From       string // the file of a policy that is attached; empty: the role's own
}

// Actions are all actions of a role, each once.
func (r Role) Actions() []string {
	var out []string
	for _, s := range r.Statements {
		out = append(out, s.Actions...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var (
	errUndescribed = errors.New("it has no Description; say in a sentence what the role is for")
	errTrust       = errors.New("it is assumed by something else than one service")
	errKind        = errors.New("nothing is known of a role of this service; add it to package roles")
	errAttached    = errors.New("the policy is neither AWS's own nor of a nested template that was read")
	errEffect      = errors.New("a statement allows nothing")
)

// Read returns the roles of all files, by kind, file and ID. Policies that a nested template makes for a role are part of
// the role when the nested template is among the files.
func Read(files []File) ([]Role, error) {
	var out []Role
	var problems []error
	for _, f := range files {
		resources := f.Template.Section("Resources")
		for _, id := range slices.Sorted(maps.Keys(resources)) {
			found, err := of(files, f, id, resources[id])
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: role %s: %w", f.Name, id, err))
			}
			out = append(out, found...)
		}
	}
	slices.SortStableFunc(out, func(a, b Role) int { return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind) })
	return out, errors.Join(problems...)
}

// of is the role that a resource is, or those that SAM makes for it.
func of(files []File, f File, id string, body any) ([]Role, error) {
	switch template.At(body, "Type") {
	case "AWS::Serverless::Function":
		return scheduled(f, id, body), nil
	case "AWS::IAM::Role":
		r, err := read(files, f, id, body)
		return []Role{r}, err
	}
	return nil, nil
}

// scheduled are the roles that SAM makes for the schedules of a function, with which EventBridge Scheduler invokes it.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-schedulev2.html
func scheduled(f File, id string, body any) []Role {
	events, _ := template.At(body, "Properties", "Events").(template.Object)
	var out []Role
	for _, name := range slices.Sorted(maps.Keys(events)) {
		if template.At(events[name], "Type") != "ScheduleV2" || template.At(events[name], "Properties", "RoleArn") != nil {
			continue
		}
		out = append(out, Role{
			File: f.Name, ID: id + name + "Role", Kind: Scheduler, Service: "scheduler.amazonaws.com", Of: []string{id + name},
			Description: "With which EventBridge Scheduler invokes " + id + ". SAM makes it.",
			Statements:  []Statement{{Actions: []string{"lambda:InvokeFunction"}, Resources: []string{"${" + id + ".Arn}"}}},
		})
	}
	return out
}

func read(files []File, f File, id string, body any) (Role, error) {
	properties := template.At(body, "Properties")
	r := Role{File: f.Name, ID: id}
	r.Description, _ = template.At(properties, "Description").(string)
	r.Condition, _ = template.At(body, "Condition").(string)
	var problems []error
	if r.Description == "" {
		problems = append(problems, errUndescribed)
	}
	problems = append(problems, r.assumed(f, properties), r.attached(files, f, properties))
	for _, policy := range template.List(template.At(properties, "Policies")) {
		problems = append(problems, r.add(template.At(policy, "PolicyDocument"), ""))
	}
	return r, errors.Join(problems...)
}

// assumed reads who assumes the role, and so of which kind it is.
func (r *Role) assumed(f File, properties any) error {
	statements := template.List(template.At(properties, "AssumeRolePolicyDocument", "Statement"))
	if len(statements) != 1 {
		return errTrust
	}
	services := template.List(template.At(statements[0], "Principal", "Service"))
	if len(services) != 1 {
		return errTrust
	}
	r.Service = strings.ReplaceAll(words(services[0]), "${AWS::URLSuffix}", "amazonaws.com")
	r.Trust = conditions(template.At(statements[0], "Condition"))
	r.Kind, r.Of = kindOf(f, r.ID, r.Service)
	if r.Kind == "" {
		return fmt.Errorf("%s: %w", r.Service, errKind)
	}
	return nil
}

// attached reads the managed policies.
func (r *Role) attached(files []File, f File, properties any) error {
	var problems []error
	for _, c := range choices(template.At(properties, "ManagedPolicyArns"), "") {
		if name, ok := strings.CutPrefix(words(c.value), "arn:${AWS::Partition}:iam::aws:policy/"); ok {
			r.Managed = append(r.Managed, Managed{name, c.when})
			continue
		}
		document, from := nested(files, f, c.value)
		if document == nil {
			problems = append(problems, fmt.Errorf("%s: %w", words(c.value), errAttached))
			continue
		}
		problems = append(problems, r.add(document, from))
	}
	return errors.Join(problems...)
}

// nested is the policy that an output of a nested template names, and the file of that template.
func nested(files []File, f File, v any) (document any, from string) {
	get := template.List(template.At(v, "Fn::GetAtt"))
	if len(get) != 2 {
		return nil, ""
	}
	location := template.At(f.Template.Section("Resources")[fmt.Sprint(get[0])], "Properties", "Location")
	output := strings.TrimPrefix(fmt.Sprint(get[1]), "Outputs.")
	for _, child := range files {
		if child.Name != location {
			continue
		}
		id, _ := template.At(child.Template.Section("Outputs")[output], "Value", "Ref").(string)
		return template.At(child.Template.Section("Resources")[id], "Properties", "PolicyDocument"), child.Name
	}
	return nil, ""
}

// add adds the statements of a policy.
func (r *Role) add(document any, from string) error {
	for _, c := range choices(template.At(document, "Statement"), "") {
		if template.At(c.value, "Effect") != "Allow" || template.At(c.value, "Action") == nil || template.At(c.value, "Resource") == nil {
			return errEffect
		}
		s := Statement{Conditions: conditions(template.At(c.value, "Condition")), When: c.when, From: from}
		for _, a := range template.List(template.At(c.value, "Action")) {
			s.Actions = append(s.Actions, words(a))
		}
		for _, res := range choices(template.At(c.value, "Resource"), "") {
			text := words(res.value)
			if res.when != "" {
				text += ", " + res.when
			}
			s.Resources = append(s.Resources, text)
		}
		r.Statements = append(r.Statements, s)
	}
	return nil
}
