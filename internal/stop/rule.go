package stop

import (
	"slices"
	"strings"

	"slipway/internal/run"
)

// Rule is an explanation of one's own. It fits an outcome when everything that it names does; what it leaves out fits
// everything. What it gives stands for what Slipway would say.
type Rule struct {
	Jobs      []string
	Services  []string
	Container string
	ExitCodes []int
	Reason    string // a part of the reason, in any case
	StopCode  string

	Class     string
	Severity  string
	Expected  *bool
	Retryable *bool
	Summary   string
	Remedy    string
	Link      string
}

func (r Rule) fits(out run.Outcome, code string, o Options) bool {
	switch {
	case !r.isFor(o):
		return false
	case r.Container != "" && r.Container != out.Container:
		return false
	case len(r.ExitCodes) > 0 && (out.ExitCode == nil || !slices.Contains(r.ExitCodes, *out.ExitCode)):
		return false
	case r.StopCode != "" && r.StopCode != code:
		return false
	}
	return r.Reason == "" || strings.Contains(strings.ToLower(out.Reason), strings.ToLower(r.Reason))
}

// isFor reports whether the rule is for tasks of that job or service.
func (r Rule) isFor(o Options) bool {
	return len(r.Jobs)+len(r.Services) == 0 || slices.Contains(r.Jobs, o.Job) || slices.Contains(r.Services, o.Service)
}

// apply lets the first rule that fits have its say.
func apply(out run.Outcome, code string, o Options) run.Outcome {
	for _, r := range o.Rules {
		if r.fits(out, code, o) {
			return r.rewrite(out)
		}
	}
	return out
}

func (r Rule) rewrite(out run.Outcome) run.Outcome {
	if c, known := classes()[r.Class]; known && r.Class != out.Class {
		out.Class, out.Severity, out.Expected, out.Retryable = c.Name, c.Severity, c.Expected, c.Retryable
		out.Summary, out.Remedy, out.Link = c.Words, c.Remedy, c.Link
	}
	for into, own := range map[*string]string{
		&out.Severity: r.Severity, &out.Summary: r.Summary, &out.Remedy: r.Remedy, &out.Link: r.Link,
	} {
		if own != "" {
			*into = own
		}
	}
	if r.Expected != nil {
		out.Expected = *r.Expected
	}
	if r.Retryable != nil {
		out.Retryable = *r.Retryable
	}
	return out
}
