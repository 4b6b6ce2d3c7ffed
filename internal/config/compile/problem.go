package compile

import (
	"cmp"
	"fmt"
	"slices"
)

// Problem is one mistake in slipway.yaml, or in the file that it names. Line and Column count from 1.
type Problem struct {
	File    string `json:"file,omitempty"` // empty: slipway.yaml
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path"` // as in jobs.images.task.capacity[0]; empty: the whole file
	Message string `json:"message"`
	// Of what ECS would refuse: the ID of the rule, what to write instead, and the page of AWS. They are in Message, too.
	Rule   string `json:"rule,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	Page   string `json:"page,omitempty"`
}

// String is the problem as an editor understands it, after the name of the file and a colon.
func (p Problem) String() string {
	if p.Path == "" {
		return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
	}
	return fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Path, p.Message)
}

// problems gathers mistakes.
type problems struct{ found []Problem }

// add reports a mistake at a value.
func (p *problems) add(v *value, format string, args ...any) {
	p.found = append(p.found, Problem{Line: v.line, Column: v.column, Path: v.path, Message: fmt.Sprintf(format, args...)})
}

// sorted returns the mistakes in the order of the file, each once: what defaults say is checked for every job.
func (p *problems) sorted() []Problem {
	slices.SortStableFunc(p.found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(p.found, func(a, b Problem) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
}
