package alert

import (
	"regexp"
	"sync"
)

// What is taken out of the lines of a log: what looks like a secret, by its name or by its form. It cannot know every
// secret; the configuration decides which logs are shown at all. They are compiled when the first log is shown, and not
// at each cold start.
var secretForms = sync.OnceValue(func() []secretForm {
	return []secretForm{
		{regexp.MustCompile(`(?i)\b((?:[a-z0-9_.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|session|cookie|authorization)[a-z0-9_.-]*)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|(?:bearer|basic)\s+\S+|[^\s,;&}]+)`), "${1}[redacted]"},
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}`), "${1} [redacted]"},
		{regexp.MustCompile(`\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{16}\b`), "[redacted]"},
		{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`), "[redacted]"},
		{regexp.MustCompile(`\b([a-z][a-z0-9+.-]*://[^\s/:@]+):[^\s/@]+@`), "${1}:[redacted]@"},
		{regexp.MustCompile(`(?i)([?&](?:x-amz-signature|x-amz-credential|x-amz-security-token|signature|sig)=)[^&\s]+`), "${1}[redacted]"},
		{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----.*`), "[redacted]"},
		{regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,})`), "[redacted]"},
	}
})

type secretForm struct {
	form *regexp.Regexp
	with string
}

// maxLog bounds all the lines of a log in a mail together, in characters.
const maxLog = 8000

// Tail makes the last lines of a log fit to be shown: the newest that fit, each bounded, and without what looks like a
// secret.
func Tail(lines []string, most int) []string {
	cut := false
	if len(lines) > most {
		lines, cut = lines[len(lines)-most:], true
	}
	var out []string
	size := 0
	for k := len(lines) - 1; k >= 0; k-- {
		line := redact(clean(lines[k], 2*maxLine))
		line = clip(line, maxLine)
		if size += len(line); size > maxLog {
			cut = true
			break
		}
		out = append([]string{line}, out...)
	}
	if cut {
		out = append([]string{"(earlier lines are left out)"}, out...)
	}
	return out
}

func redact(line string) string {
	for _, s := range secretForms() {
		line = s.form.ReplaceAllString(line, s.with)
	}
	return line
}
