package alert

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// text is the page as plain text.
func (p page) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n", p.badge, p.title, p.lead)
	if p.remedy != "" {
		fmt.Fprintf(&b, "\n%-16s %s\n", "What to do:", p.remedy)
	}
	if p.more != "" {
		fmt.Fprintf(&b, "%-16s %s\n", "Read more:", p.more)
	}
	b.WriteString("\n")
	writeFacts(&b, p.facts)
	if len(p.list) > 0 {
		b.WriteString("\n" + p.listed + ":\n")
		for _, f := range p.list {
			fmt.Fprintf(&b, "- %s: %s\n", f.label, f.value)
		}
	}
	if len(p.log) > 0 {
		b.WriteString("\nThe last lines of its log:\n")
		for _, line := range p.log {
			b.WriteString("  " + line + "\n")
		}
	}
	if len(p.commands) > 0 {
		b.WriteString("\n")
		writeFacts(&b, p.commands)
	}
	b.WriteString("\n-- \n" + p.footer + "\n")
	return b.String()
}

func writeFacts(b *strings.Builder, facts []fact) {
	for _, f := range facts {
		fmt.Fprintf(b, "%-16s %s\n", f.label+":", f.value)
	}
}

// clean makes text from an event safe for a line: control characters, line breaks and the characters that reorder or
// hide text become spaces or go, and it is cut to n characters.
func clean(s string, n int) string {
	if len(s) > 8*n {
		s = s[:8*n] // no character has more than four bytes
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar, unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, s)
	return clip(s, n)
}

// ascii replaces every character that a mail subject of SNS does not take.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// clip cuts a text to at most n characters and shows that it was cut.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(n-3, 0)]) + "..."
}

// consoles are the hosts of the AWS console for each partition.
var consoles = map[string]string{
	"aws":        "console.aws.amazon.com",
	"aws-cn":     "console.amazonaws.cn",
	"aws-us-gov": "console.amazonaws-us-gov.com",
}

// links are the page of an ECS task in the console and of its logs, or empty when the text is not the ARN of a task.
// Every part of them is escaped: the ARN comes from an event.
func links(arn string) (task, logs string) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "ecs" {
		return "", ""
	}
	host, known := consoles[parts[1]]
	path := strings.Split(parts[5], "/")
	if !known || len(path) != 3 || path[0] != "task" || !plain(parts[3]) {
		return "", ""
	}
	page := "https://" + parts[3] + "." + host + "/ecs/v2/clusters/" + url.PathEscape(path[1]) +
		"/tasks/" + url.PathEscape(path[2])
	return page + "?region=" + parts[3], page + "/logs?region=" + parts[3]
}

// plain reports whether s is a region's name and nothing else.
func plain(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
