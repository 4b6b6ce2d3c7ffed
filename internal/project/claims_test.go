package project_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// claim is a row of docs/claims.md.
type claim struct {
	page, says, proof, where string
}

var (
	claimsPage = regexp.MustCompile(`^## \[[^\]]+\]\(([^)]+)\)$`)
	claimsTest = regexp.MustCompile("`([a-z0-9/-]+): (Test\\w+)`")
	claimsLink = regexp.MustCompile(`\]\(https://[^)]+\)`)
)

// proofs are the kinds of proof, with what the tests of a kind must use. Empty: whatever they like.
var proofs = map[string][]string{
	"emulator":  {"internal/emulator", "local/internal/stack"},
	"template":  {"internal/template"},
	"test":      {},
	"needs AWS": nil,
}

// claims reads the rows of the page.
func claims(t testing.TB) []claim {
	t.Helper()
	var out []claim
	page := ""
	for _, line := range strings.Split(read(t, "docs", "claims.md"), "\n") {
		if m := claimsPage.FindStringSubmatch(line); m != nil {
			page = filepath.Join("docs", filepath.FromSlash(m[1]))
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if page == "" || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Claim |") || strings.HasPrefix(line, "| --- |") {
			continue
		}
		if len(cells) != 3 {
			t.Errorf("%q has %d cells, want three", line, len(cells))
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, claim{page, cells[0], cells[1], cells[2]})
	}
	return out
}

func TestEveryPageHasItsClaims(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "guide", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"README.md", filepath.Join("docs", "benchmarks.md")}
	for _, page := range pages {
		want = append(want, filepath.Join("docs", "guide", filepath.Base(page)))
	}
	rows := map[string]int{}
	for _, c := range claims(t) {
		rows[c.page]++
	}
	for _, page := range want {
		if rows[page] == 0 {
			t.Errorf("docs/claims.md has no claim of %s: add a section with what the page says, and how it is proven", page)
		}
		delete(rows, page)
	}
	for page := range rows {
		if _, err := os.Stat(filepath.Join(root, page)); err != nil {
			t.Errorf("docs/claims.md has claims of %s: %v", page, err)
		}
	}
}

func TestEveryClaimNamesATestThatExists(t *testing.T) {
	known := map[string]map[string]bool{}
	for _, c := range claims(t) {
		uses, ok := proofs[c.proof]
		tests := claimsTest.FindAllStringSubmatch(c.where, -1)
		switch {
		case !ok:
			t.Errorf("%s: %q: %q is no kind of proof", c.page, c.says, c.proof)
		case c.proof == "needs AWS" && (len(tests) > 0 || !claimsLink.MatchString(c.where)):
			t.Errorf("%s: %q needs AWS: name the page that says so, and no test", c.page, c.says)
		case c.proof != "needs AWS" && len(tests) == 0:
			t.Errorf("%s: %q names no test, as in `folder: TestName`", c.page, c.says)
		}
		for _, m := range tests {
			folder, name := m[1], m[2]
			if known[folder] == nil {
				known[folder] = declaredTests(t, folder)
			}
			if !known[folder][name] {
				t.Errorf("%s: %q: %s has no %s", c.page, c.says, folder, name)
			}
			if len(uses) > 0 && !slices.ContainsFunc(uses, func(u string) bool { return known[folder]["slipway/"+u] }) {
				t.Errorf("%s: %q: no test of %s uses %v", c.page, c.says, folder, uses)
			}
		}
	}
}

// declaredTests are the tests of a folder, and what its tests import.
func declaredTests(t testing.TB, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			out[strings.Trim(i.Path.Value, `"`)] = true
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				out[fn.Name.Name] = true
			}
		}
	}
	return out
}
