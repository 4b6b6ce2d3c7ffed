package stop

import (
	"fmt"
	"strings"
	"unicode"

	"slipway/internal/run"
)

// Options say what is known of the task beside what ECS tells.
type Options struct {
	// Main is the name of the container that matters. Empty: the one that made the task stop.
	Main string
	// Job or Service is what the task belongs to, for rules that name it.
	Job     string
	Service string
	// Rules are explanations of one's own. The first that fits has its say.
	Rules []Rule
}

// maxReason is how many characters of ECS's reason an outcome keeps.
const maxReason = 1000

// Classify says how the attempt of a stopped task ended.
func Classify(t run.Task, o Options) run.Outcome {
	main := pick(t, o.Main)
	v := judge(t, main)
	c := classes()[v.class]
	out := run.Outcome{
		Class: c.Name, Severity: c.Severity, Expected: c.Expected, Retryable: c.Retryable,
		Container: v.container.Name, ExitCode: v.container.ExitCode, Reason: tidy(reasonOf(t, v.container)),
		Summary: c.Words, Remedy: c.Remedy, Link: c.Link,
	}
	out = v.cause.reword(out)
	if out.Class == "application-error" && v.cause.Name == "" {
		out = explain(out, v.container)
	}
	if other, found := endedFirst(t, v.container); found && out.Class == "application-error" {
		out.Summary += fmt.Sprintf(" Container %s had ended before, with exit code %d.", tidy(other.Name), *other.ExitCode)
	}
	return apply(out, t.StopCode, o)
}

// reword lets the words of a cause stand for those of its class.
func (c Cause) reword(out run.Outcome) run.Outcome {
	if c.Words != "" {
		out.Summary = c.Words
	}
	if c.Remedy != "" {
		out.Remedy = c.Remedy
	}
	if c.Link != "" {
		out.Link = c.Link
	}
	return out
}

// verdict is the class of a stop, the cause that was found, and the container that it is about.
type verdict struct {
	class     string
	cause     Cause
	container run.Container
}

func judge(t run.Task, main run.Container) verdict {
	if c, ok := find(taskCauses(), t.StopCode, t.StoppedReason); ok {
		return verdict{c.Class, c, main}
	}
	if main.ExitCode != nil && *main.ExitCode == 0 {
		return verdict{"succeeded", Cause{}, main}
	}
	if c, ok := find(startCauses(), t.StopCode, main.Reason+"\n"+t.StoppedReason); ok {
		return verdict{c.Class, c, main}
	}
	if main.ExitCode == nil || wasEnded(main) {
		if v, ok := judgeOthers(t, main); ok {
			return v
		}
	}
	switch {
	case main.ExitCode != nil:
		return verdict{"application-error", Cause{}, main}
	case t.StopCode == "TaskFailedToStart" || strings.Contains(t.StoppedReason, "failed to start"):
		return verdict{"start-failed", mute(t), main}
	}
	return verdict{"unknown", Cause{}, main}
}

// judgeOthers looks for what another container's reason says, when the one that matters was only ended with it.
func judgeOthers(t run.Task, main run.Container) (verdict, bool) {
	for _, c := range t.Containers {
		if c.Name == main.Name || c.Reason == "" {
			continue
		}
		if cause, ok := find(startCauses(), t.StopCode, c.Reason); ok {
			return verdict{cause.Class, cause, c}, true
		}
	}
	if other, found := endedFirst(t, main); found && main.ExitCode == nil {
		return verdict{"application-error", Cause{}, other}, true
	}
	return verdict{}, false
}

// mute is the cause of a task that did not start and does not say why.
func mute(t run.Task) Cause {
	if len(t.Containers) > 0 {
		return Cause{}
	}
	return Cause{
		Name: "mute", Words: "The task never started, and ECS does not say why. After half an hour of waiting that is missing capacity or a missing network interface.",
		Remedy: "Check the capacity provider and the free addresses of the subnets; the events of the service may say more.",
	}
}

// pick is the container that matters: the one named, else the one that made the task stop.
func pick(t run.Task, name string) run.Container {
	var best run.Container
	for i, c := range t.Containers {
		if c.Name == name {
			return c
		}
		if i == 0 || weight(c) > weight(best) {
			best = c
		}
	}
	return best
}

// weight says how likely a container made its task stop: a failure of its own more than a clean end, and that more
// than being ended with the others.
func weight(c run.Container) int {
	switch {
	case c.ExitCode == nil && c.Reason != "":
		return 3
	case c.ExitCode == nil:
		return 0
	case *c.ExitCode == 0:
		return 2
	case wasEnded(c):
		return 1
	}
	return 3
}

// wasEnded reports whether a container ended only because it was told to.
func wasEnded(c run.Container) bool {
	return c.ExitCode != nil && c.Reason == "" && (*c.ExitCode == exitTerminated || *c.ExitCode == exitKilled)
}

// endedFirst is another container that failed by itself, when this one was ended or never ran.
func endedFirst(t run.Task, c run.Container) (run.Container, bool) {
	if c.ExitCode != nil && !wasEnded(c) {
		return run.Container{}, false
	}
	for _, other := range t.Containers {
		if other.Name != c.Name && other.ExitCode != nil && *other.ExitCode != 0 && !wasEnded(other) {
			return other, true
		}
	}
	return run.Container{}, false
}

// reasonOf is what ECS says, the container's words before the task's, which are often empty of meaning.
func reasonOf(t run.Task, c run.Container) string {
	var parts []string
	for _, text := range []string{c.Reason, t.StoppedReason} {
		if text != "" && (len(parts) == 0 || parts[0] != text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

// tidy makes a reason safe to keep and to show: one line, bounded, without characters that hide or reorder text.
func tidy(s string) string {
	if len(s) > 4*maxReason {
		s = s[:4*maxReason]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > maxReason {
		return string(runes[:maxReason]) + " (cut)"
	}
	return s
}
