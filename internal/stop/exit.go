package stop

import (
	"fmt"
	"slices"

	"slipway/internal/run"
)

// The exit codes that a shell gives for signals.
const (
	exitKilled     = 137 // 128 + SIGKILL
	exitTerminated = 143 // 128 + SIGTERM
)

// Meaning is what an exit code says by convention, and what to do about it.
type Meaning struct {
	Code   int
	Words  string
	Remedy string
}

// Meanings lists the exit codes that mean the same for most programs.
// https://tldp.org/LDP/abs/html/exitcodes.html
func Meanings() []Meaning {
	return []Meaning{
		{1, "a general error", ""},
		{2, "wrong usage, a shell built-in's error, or a panic of a Go program", ""},
		{75, "a failure that may pass", "Let the job retry it: exitCodes: [75] under retry in slipway.yaml."},
		{125, "the container could not be run", "Check the container's options in the task definition."},
		{126, "the command was found and is not executable", "Make it executable in the image (chmod +x), and check its first line."},
		{127, "the command was not found", "Correct the command, or PATH in the image."},
		{134, "it aborted, SIGABRT", "Read the last log lines: an assertion or a runtime gave up."},
		{exitKilled, "it was killed, SIGKILL; nothing says that memory was the cause", "Compare its memory with its limit; check that it ends within stopTimeout after SIGTERM."},
		{139, "it crashed, SIGSEGV", "Look for native code built for another system, and for a core dump."},
		{exitTerminated, "it was asked to end, SIGTERM", "Find what ended first: another container of the task, or who stopped it."},
		{255, "an exit code out of range, or an entry point that failed", "Read its last log lines."},
	}
}

// meaningOf looks a code up. The table is small, and read only when a task stops: a map would be built at each cold start.
func meaningOf(code int) (Meaning, bool) {
	list := Meanings()
	i := slices.IndexFunc(list, func(m Meaning) bool { return m.Code == code })
	if i < 0 {
		return Meaning{}, false
	}
	return list[i], true
}

// lastSignal is the highest signal that an exit code of 128 and more tells of.
const lastSignal = 64

// explain fills in what an exit code says.
func explain(out run.Outcome, main run.Container) run.Outcome {
	if main.ExitCode == nil {
		return out
	}
	code := *main.ExitCode
	m, known := meaningOf(code)
	switch {
	case known:
		out.Summary += fmt.Sprintf(" Exit code %d (%s).", code, m.Words)
		if m.Remedy != "" {
			out.Remedy = m.Remedy
		}
	case code > 128 && code <= 128+lastSignal:
		out.Summary += fmt.Sprintf(" Exit code %d (it was ended by signal %d).", code, code-128)
	default:
		out.Summary += fmt.Sprintf(" Exit code %d.", code)
	}
	return out
}
