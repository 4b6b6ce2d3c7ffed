package roles

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed intro.md
var intro string

// Page is the page of the guide about the roles.
func Page(all []Role) []byte {
	var b strings.Builder
	before, after, _ := strings.Cut(intro, "<!-- diagram -->\n")
	b.WriteString(before)
	diagram(&b, all)
	b.WriteString(after)
	for _, kind := range kinds {
		of := slices.DeleteFunc(slices.Clone(all), func(r Role) bool { return r.Kind != kind })
		if len(of) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %ss\n\n%s [AWS on it](%s).\n", kind, about[kind].says, about[kind].page)
		for _, r := range of {
			r.write(&b)
		}
	}
	return []byte(b.String())
}

// diagram draws which service assumes which roles, and which services those may call.
func diagram(b *strings.Builder, all []Role) {
	b.WriteString("```mermaid\nflowchart LR\n")
	for i, kind := range kinds {
		var names, called []string
		service := ""
		for _, r := range all {
			if r.Kind != kind {
				continue
			}
			service = r.Service
			names = append(names, r.ID)
			for _, a := range r.Actions() {
				prefix, _, _ := strings.Cut(a, ":")
				called = append(called, prefix)
			}
		}
		if len(names) == 0 {
			continue
		}
		slices.Sort(called)
		called = slices.Compact(called)
		slices.Sort(names)
		fmt.Fprintf(b, "    s%d([%s]) -->|assumes| r%d[\"%ss<br/>%s\"]", i, service, i, kind, strings.Join(slices.Compact(names), "<br/>"))
		fmt.Fprintf(b, " -->|may call| a%d[%s]\n", i, strings.Join(called, ", "))
	}
	b.WriteString("```\n")
}

// write is a role as a section of the page.
func (r Role) write(b *strings.Builder) {
	name := r.ID
	if strings.Contains(r.File, "/") { // several companion stacks have a role of one name
		name += " of " + r.File
	}
	fmt.Fprintf(b, "\n### %s\n\n%s In `%s`", name, r.Description, r.File)
	if len(r.Of) > 0 {
		fmt.Fprintf(b, ", for %s", strings.Join(r.Of, ", "))
	}
	fmt.Fprintf(b, "; assumed by `%s`", r.Service)
	for i, c := range r.Trust {
		fmt.Fprintf(b, "%s `%s`", [2]string{", if", " and"}[min(i, 1)], brief(c))
	}
	if r.Condition != "" {
		fmt.Fprintf(b, "; there with the condition `%s`", r.Condition)
	}
	b.WriteString(".\n\n")
	for _, m := range r.Managed {
		name := m.Name[strings.LastIndexByte(m.Name, '/')+1:]
		fmt.Fprintf(b, "AWS's own policy [%s](https://docs.aws.amazon.com/aws-managed-policy/latest/reference/%s.html)%s.\n\n", name, name, later(m.When))
	}
	if len(r.Statements) == 0 {
		if len(r.Managed) == 0 {
			b.WriteString("It may do nothing.\n")
		}
		return
	}
	b.WriteString("| May | On | If | Where |\n| --- | --- | --- | --- |\n")
	for _, s := range r.Statements {
		where := s.From
		if where == "" {
			where = r.File
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", coded(s.Actions), coded(s.Resources), conditional(s), "`"+where+"`")
	}
}

func conditional(s Statement) string {
	text := coded(s.Conditions)
	if s.When == "" {
		return text
	}
	return strings.TrimPrefix(text+"<br>"+s.When, "<br>")
}

func later(when string) string {
	if when == "" {
		return ""
	}
	return ", " + when
}

// coded are texts one below the other, each as code. What comes after a comma is said, not code.
func coded(texts []string) string {
	var out []string
	for _, text := range texts {
		code, rest := text, ""
		if i := strings.LastIndex(text, ", when "); i >= 0 {
			code, rest = text[:i], text[i:]
		} else if i := strings.LastIndex(text, ", unless "); i >= 0 {
			code, rest = text[:i], text[i:]
		}
		out = append(out, "`"+brief(code)+"`"+rest)
	}
	return strings.Join(out, "<br>")
}

var arn = regexp.MustCompile(`arn:\$\{AWS::Partition\}:(\w[\w-]*):(?:\$\{AWS::Region\})?:(?:\$\{AWS::AccountId\})?:`)

// brief leaves out of an ARN what every one has: partition, and the region and account of the stack.
func brief(text string) string { return arn.ReplaceAllString(text, "$1:") }
