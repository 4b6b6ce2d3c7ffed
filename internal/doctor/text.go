package doctor

import (
	"net/netip"
	"regexp"
	"strings"
)

var plain = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// line is a text of one line, without what would move the cursor of a terminal: names and descriptions come from
// elsewhere.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}

// shell is a command line of which every part reaches the program as it is, whatever a shell would make of it.
func shell(args ...string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if quoted[i] = line(a); !plain.MatchString(a) {
			quoted[i] = "'" + strings.ReplaceAll(line(a), "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// nameOf is the name at the end of an ARN, a URL, or a path.
func nameOf(text string) string {
	text = text[strings.LastIndexByte(text, '/')+1:]
	return text[strings.LastIndexByte(text, ':')+1:]
}

// family is the family of a task definition that is given as family, family:revision or ARN.
func family(definition string) string {
	name, _, _ := strings.Cut(definition[strings.LastIndexByte(definition, '/')+1:], ":")
	return name
}

// untagged is an image without its digest, which nobody can push to.
func untagged(uri string) string {
	name, _, _ := strings.Cut(uri, "@")
	return name
}

// covers reports whether a block of addresses contains another. What is no block covers nothing.
func covers(outer, inner string) bool {
	o, err := netip.ParsePrefix(outer)
	if err != nil {
		return false
	}
	i, err := netip.ParsePrefix(inner)
	return err == nil && o.Bits() <= i.Bits() && o.Contains(i.Addr())
}
