package compile

import "strings"

// refusal is something that a later release will take, and what to do until then. Value is the value refused; empty
// refuses the key itself.
type refusal struct {
	path, value, instead string
}

// unsupported is everything that DESIGN's configuration knows and this release does not do. A line goes when its
// feature lands, and the key or value gets its line in shapes.go.
func unsupported() []refusal {
	return []refusal{
		{"jobs.*.successWithin", "", "let an alarm of your own watch the job's results"},
		{"notifications.events", "job.late", "run.failed and task.failed are known"},
		{"notifications.events", "service.error", "run.failed and task.failed are known"},
		{"notifications.events", "deployment.failed", "run.failed and task.failed are known"},
		{"notifications.events", "dead-letter", "the alarms on the dead-letter queues go to the stack's SNS topic"},
		{"notifications.events", "recovered", "run.failed and task.failed are known"},
		{"notifications.watch", "", "the services under scalers are watched"},
	}
}

// notYet is what to do instead of a key or value that a later release will take. Anything under defaults is as under a
// job.
func notYet(path, value string) (instead string, refused bool) {
	path = generic(path)
	for _, r := range unsupported() {
		if r.path == path && r.value == value {
			return r.instead, true
		}
	}
	return "", false
}

// generic replaces names and indices by what unsupported calls them.
func generic(path string) string {
	parts := strings.Split(path, ".")
	for i, p := range parts {
		parts[i], _, _ = strings.Cut(p, "[")
	}
	switch {
	case parts[0] == "defaults":
		parts = append([]string{"jobs", "*"}, parts[1:]...)
	case (parts[0] == "jobs" || parts[0] == "scalers") && len(parts) > 1:
		parts[1] = "*"
	}
	return strings.Join(parts, ".")
}
