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
}

// maxReason is how many characters of ECS's reason an outcome keeps.
const maxReason = 1000

// The exit codes that a shell gives for signals.
const (
	exitKilled     = 137 // 128 + SIGKILL
	exitTerminated = 143 // 128 + SIGTERM
)

// Classify says how the attempt of a stopped task ended.
func Classify(t run.Task, o Options) run.Outcome {
	main := pick(t, o.Main)
	reason := reasonOf(t, main)
	name := classOf(t, main, reason)
	c := classes[name]
	out := run.Outcome{
		Class: c.name, Severity: c.severity, Expected: c.expected, Retryable: c.retryable,
		Container: main.Name, ExitCode: main.ExitCode, Reason: tidy(reason),
		Summary: c.words, Remedy: c.remedy, Link: c.link,
	}
	if name == "application-error" {
		out.Summary = c.words + meaning(main)
	}
	return out
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
	case *c.ExitCode == exitTerminated || *c.ExitCode == exitKilled && c.Reason == "":
		return 1
	}
	return 3
}

// reasonOf is what ECS says, the container's words before the task's, which are often empty of meaning.
func reasonOf(t run.Task, main run.Container) string {
	var parts []string
	for _, text := range []string{main.Reason, t.StoppedReason} {
		if text != "" && (len(parts) == 0 || parts[0] != text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

func classOf(t run.Task, main run.Container, reason string) string {
	if name, ok := match(stopRules, t.StopCode, t.StoppedReason); ok {
		return name
	}
	if main.ExitCode != nil && *main.ExitCode == 0 {
		return "succeeded"
	}
	if name, ok := match(startRules, t.StopCode, reason); ok {
		return name
	}
	if name, ok := match(startRules, t.StopCode, allReasons(t)); ok && main.ExitCode == nil {
		return name
	}
	switch {
	case main.ExitCode != nil:
		return "application-error"
	case t.StopCode == "TaskFailedToStart" || strings.Contains(reason, "failed to start"):
		return "start-failed"
	}
	return "unknown"
}

func allReasons(t run.Task) string {
	var b strings.Builder
	for _, c := range t.Containers {
		b.WriteString(c.Reason + "\n")
	}
	return b.String()
}

// meanings are what an exit code says by convention.
// https://tldp.org/LDP/abs/html/exitcodes.html
var meanings = map[int]string{
	1:              " (1: a general error)",
	2:              " (2: wrong usage, or a shell built-in's error)",
	75:             " (75: a failure that may pass)",
	125:            " (125: the container could not be created)",
	126:            " (126: the command is not executable)",
	127:            " (127: the command was not found)",
	134:            " (134: it aborted, SIGABRT)",
	exitKilled:     " (137: it was killed, SIGKILL; nothing says that memory was the cause)",
	139:            " (139: it crashed, SIGSEGV)",
	exitTerminated: " (143: it was asked to end, SIGTERM)",
	255:            " (255: an exit code out of range)",
}

func meaning(c run.Container) string {
	switch {
	case strings.Contains(c.Reason, "exec format error"):
		return " The image is built for another architecture than the task's."
	case c.ExitCode == nil:
		return ""
	}
	if m, ok := meanings[*c.ExitCode]; ok {
		return fmt.Sprintf(" Exit code %d%s.", *c.ExitCode, m)
	}
	return fmt.Sprintf(" Exit code %d.", *c.ExitCode)
}

// tidy makes a reason safe to keep and to show: one line, bounded, without characters that hide or reorder text.
func tidy(s string) string {
	if len(s) > 4*maxReason {
		s = s[:4*maxReason]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
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
