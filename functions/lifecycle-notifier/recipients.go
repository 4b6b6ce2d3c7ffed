package main

import (
	"slices"
	"strings"

	"slipway/internal/config"
	"slipway/internal/run"
	"slipway/internal/stop"
)

// recipients are the mail addresses and the ARNs of the topics that want to know of a notice, each once. Without a
// sender, all addresses together are served by the stack's own topic, to which they are subscribed.
func (e *effects) recipients(i run.Incident, n run.Notice) []string {
	var out []string
	for _, told := range e.conf.Notifications {
		if !wants(told, i, n) {
			continue
		}
		for _, to := range told.To {
			if !strings.HasPrefix(to, "arn:") && e.env.Sender == "" {
				to = e.env.TopicARN
			}
			out = append(out, to)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wants reports whether a notification of slipway.yaml is for a notice. A drill is for everybody whom the event and the
// class would reach.
func wants(n config.Notification, i run.Incident, notice run.Notice) bool {
	event := i.Event
	if notice.Kind == run.Resolved {
		event = "recovered"
	}
	switch {
	case !slices.Contains(n.Events, event):
		return false
	case len(n.Classes) > 0 && !slices.Contains(n.Classes, i.Class):
		return false
	case rank(i.Severity) < rank(n.Severity):
		return false
	case i.Drill || len(n.Jobs)+len(n.Services) == 0:
		return true
	case i.Subject.Kind == run.JobSubject:
		return slices.Contains(n.Jobs, i.Subject.Name)
	case i.Subject.Kind == run.ServiceSubject:
		return slices.Contains(n.Services, i.Subject.Name)
	}
	return false
}

// rank orders the severities; none is the least.
func rank(severity string) int {
	return slices.Index([]string{stop.Info, stop.Warning, stop.Error}, severity)
}
