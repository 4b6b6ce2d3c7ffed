package pages

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Mark says who runs a block of commands. It stands in the block's first line, behind its language: ```sh needs-aws.
type Mark string

// The marks.
const (
	Run        Mark = ""            // a test of cmd/slipway, on the emulator
	LocalStack Mark = "local-stack" // the end-to-end test, on a local stack of the page's own
	NeedsAWS   Mark = "needs-aws"   // nobody: it needs an AWS account
)

// Block is one block of commands.
type Block struct {
	Mark Mark
	Line int // of its first line in the page
	Text string
	// Config is the last whole slipway.yaml that stands above the block.
	Config string
}

// Page is one file. Path is relative to the repository.
type Page struct {
	Path   string
	blocks []Block
}

// All reads every page that tells people what to type: those of docs, and the README files.
func All(root string) ([]Page, error) {
	paths := []string{"README.md", "ARCHITECTURE.md", "events/README.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		relative, err := filepath.Rel(root, path)
		paths = append(paths, filepath.ToSlash(relative))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the pages: %w", err)
	}
	var all []Page
	for _, path := range paths {
		text, err := os.ReadFile(filepath.Join(root, path)) //nolint:gosec // our own pages
		if err != nil {
			return nil, fmt.Errorf("read a page: %w", err)
		}
		p, err := Parse(path, string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

var (
	fence = regexp.MustCompile("^(\\s*)(```+)\\s*(.*?)\\s*$")
	// otherShells are languages under which commands would pass unseen.
	otherShells = []string{"bash", "shell", "console", "zsh", "fish", "shell-session", "cmd", "bat", "powershell", "terminal"}
	// plain are languages that say nothing of what is in a block.
	plain = []string{"", "text", "txt", "plain", "plaintext"}
	// typed is a line that a person is to type.
	typed = regexp.MustCompile(`^\s*(\$ |(\$ )?(slipway|make|aws|sam|docker|git|go|curl|export|cp|mkdir|cat) +\S)`)
	// others are fences that fence does not see.
	others = regexp.MustCompile(`^\s*~~~`)
)

// Parse reads one page. A block of commands that is neither to be run nor marked is an error, and so is one that has no
// end.
func Parse(path, text string) (Page, error) {
	p := Page{Path: path}
	blocks, err := fences(text)
	if err != nil {
		return p, fmt.Errorf("%s, %w", path, err)
	}
	config := "" // the last whole slipway.yaml so far
	for _, f := range blocks {
		b, err := f.block(config)
		if err != nil {
			return p, fmt.Errorf("%s, line %d: %w", path, f.line, err)
		}
		if b != nil {
			p.blocks = append(p.blocks, *b)
		} else if whole := f.text(); strings.HasPrefix(f.info, "yaml") && strings.HasPrefix(whole, "version:") {
			config = whole
		}
	}
	return p, nil
}

// fences are all fenced blocks of a page.
func fences(text string) ([]fenced, error) {
	var out []fenced
	var open *fenced
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case open == nil && m != nil:
			open = &fenced{indent: m[1], ticks: m[2], info: m[3], line: i + 1}
		case open == nil:
			if unseen(line) {
				return nil, fmt.Errorf("line %d: commands outside of ``` pass unseen: put them into a block of sh", i+1) //nolint:err113 // for a person
			}
		case m != nil && m[3] == "" && len(m[2]) >= len(open.ticks):
			out, open = append(out, *open), nil
		default:
			open.body = append(open.body, strings.TrimPrefix(line, open.indent))
		}
	}
	if open != nil {
		return nil, fmt.Errorf("line %d: the block has no end", open.line) //nolint:err113 // for a person
	}
	return out, nil
}

// unseen reports whether a line outside of the blocks begins one of another kind, or is a command that is only indented.
func unseen(line string) bool {
	return others.MatchString(line) || strings.HasPrefix(line, "    ") && typed.MatchString(line)
}

// fenced is a block of whatever language.
type fenced struct {
	indent, ticks, info string
	line                int
	body                []string
}

func (f *fenced) text() string { return strings.Join(f.body, "\n") + "\n" }

// block is the block as one of commands, or nil when it is something else.
func (f *fenced) block(config string) (*Block, error) {
	language, mark, _ := strings.Cut(f.info, " ")
	shell := strings.ToLower(strings.Trim(language, "{}."))
	switch {
	case slices.Contains(plain, language) && slices.ContainsFunc(f.body, typed.MatchString):
		return nil, errors.New("a block of commands without a language: call it sh, so that a test runs it") //nolint:err113 // for a person
	case language != "sh" && (shell == "sh" || slices.Contains(otherShells, shell)):
		return nil, fmt.Errorf("a block of %s: call it sh, so that a test runs it", language) //nolint:err113 // for a person
	case language != "sh":
		return nil, nil
	case !slices.Contains([]Mark{Run, LocalStack, NeedsAWS}, Mark(mark)):
		return nil, fmt.Errorf("nobody knows the mark %q: write sh, sh %s or sh %s", mark, LocalStack, NeedsAWS) //nolint:err113 // for a person
	}
	return &Block{Mark(mark), f.line, f.text(), config}, nil
}

// Every are all blocks of commands of the page.
func (p Page) Every() []Block { return p.blocks }

// Blocks are those with a mark, in the order of the page.
func (p Page) Blocks(m Mark) []Block {
	var out []Block
	for _, b := range p.blocks {
		if b.Mark == m {
			out = append(out, b)
		}
	}
	return out
}

// Commands are the lines of a block that are not empty or comments. A line that ends with a backslash goes on in the
// next.
func (b Block) Commands() []string {
	var out []string
	joined := ""
	for _, line := range strings.Split(b.Text, "\n") {
		if before, more := strings.CutSuffix(line, "\\"); more {
			joined += before
			continue
		}
		line, joined = strings.TrimSpace(joined+line), ""
		if line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
