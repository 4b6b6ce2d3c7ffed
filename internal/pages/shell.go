package pages

import (
	"regexp"
	"strings"
)

// quotedOrNot is a part of a line that quotes make one, or one character.
var quotedOrNot = regexp.MustCompile(`'[^']*'|"[^"]*"|.`)

// Split takes a line apart at an operator of the shell that stands outside of quotes, between blanks.
func Split(line, operator string) []string {
	var out []string
	var part strings.Builder
	rest := line
	for rest != "" {
		if after, ok := strings.CutPrefix(rest, " "+operator+" "); ok {
			out, rest = append(out, strings.TrimSpace(part.String())), after
			part.Reset()
			continue
		}
		piece := quotedOrNot.FindString(rest)
		if piece == "" { // a line break, which no line has
			break
		}
		part.WriteString(piece)
		rest = rest[len(piece):]
	}
	return append(out, strings.TrimSpace(part.String()))
}

// WithoutComment is the line up to a # that begins a word outside of quotes.
func WithoutComment(line string) string {
	at := 0
	for at < len(line) {
		if line[at] == '#' && (at == 0 || line[at-1] == ' ') {
			return strings.TrimSpace(line[:at])
		}
		at += len(quotedOrNot.FindString(line[at:]))
	}
	return strings.TrimSpace(line)
}

var (
	word     = regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`)
	piece    = regexp.MustCompile(`'[^']*'|"[^"]*"|[^'"]+`)
	variable = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)
)

// Words are the words of a command as the shell gives them to a program, with variables filled in by expand.
func Words(command string, expand func(name string) string) []string {
	var out []string
	for _, w := range word.FindAllString(command, -1) {
		out = append(out, piece.ReplaceAllStringFunc(w, func(p string) string {
			if p[0] == '\'' {
				return p[1 : len(p)-1]
			}
			if p[0] == '"' {
				p = p[1 : len(p)-1]
			}
			return variable.ReplaceAllStringFunc(p, func(v string) string { return expand(strings.Trim(v, "${}")) })
		}))
	}
	return out
}
