package pages

import (
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
	otherShells = []string{"bash", "shell", "console", "zsh", "shell-session", "cmd", "terminal"}
)

// Parse reads one page. A block of commands that is neither to be run nor marked is an error, and so is one that has no
// end.
func Parse(path, text string) (Page, error) {
	p := Page{Path: path}
	config, info, indent, ticks, start := "", "", "", "", 0
	var body []string
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case ticks == "" && m != nil:
			indent, ticks, info, start, body = m[1], m[2], m[3], i+1, nil
		case ticks == "":
		case m != nil && m[3] == "" && len(m[2]) >= len(ticks):
			ticks = ""
			content := strings.Join(body, "\n") + "\n"
			language, mark, _ := strings.Cut(info, " ")
			switch {
			case slices.Contains(otherShells, language):
				return p, fmt.Errorf("%s, line %d: a block of %s: call it sh, so that a test runs it", path, start, language) //nolint:err113 // for a person
			case language == "yaml" && strings.HasPrefix(content, "version:"):
				config = content
			case language == "sh" && !slices.Contains([]Mark{Run, LocalStack, NeedsAWS}, Mark(mark)):
				return p, fmt.Errorf("%s, line %d: nobody knows the mark %q: write sh, sh %s or sh %s", path, start, mark, LocalStack, NeedsAWS) //nolint:err113 // for a person
			case language == "sh":
				p.blocks = append(p.blocks, Block{Mark(mark), start, content, config})
			}
		default:
			body = append(body, strings.TrimPrefix(line, indent))
		}
	}
	if ticks != "" {
		return p, fmt.Errorf("%s, line %d: the block has no end", path, start) //nolint:err113 // for a person
	}
	return p, nil
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
