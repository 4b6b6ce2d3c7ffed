package event

import "strings"

// drillPrefix begins the startedBy of a drill: an event that looks like one of ECS and is of nothing that happened.
const drillPrefix = "slipway-drill/"

// DrillStartedBy is the startedBy of a drill in a stack. ID tells it from others.
func DrillStartedBy(stack, id string) string { return drillPrefix + stack + "/" + id }

// DrillOf is the ID of a drill in the stack. It returns false for what is none, or is another stack's.
func DrillOf(startedBy, stack string) (id string, ok bool) {
	rest, drill := strings.CutPrefix(startedBy, drillPrefix)
	of, id, _ := strings.Cut(rest, "/")
	return id, drill && of == stack && id != ""
}
