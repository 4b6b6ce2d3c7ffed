package project_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	claimSection = regexp.MustCompile(`(?m)^## guide/(\S+)\.md$`)
	claimRow     = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]+) \| ([^|]*)\|$`)
	namedTest    = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	testFunction = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
)

// TestEveryClaimHasItsProof holds docs/reference/claims.md to the guides and to the tests.
func TestEveryClaimHasItsProof(t *testing.T) {
	page := read(t, "docs", "reference", "claims.md")
	var sections []string
	for _, m := range claimSection.FindAllStringSubmatch(page, -1) {
		sections = append(sections, m[1])
	}
	guides, err := filepath.Glob(filepath.Join(root, "docs", "guide", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, guide := range guides {
		if name := strings.TrimSuffix(filepath.Base(guide), ".md"); !slices.Contains(sections, name) {
			t.Errorf("guide/%s.md has no section of claims", name)
		}
	}
	tests := testNames(t)
	rows := 0
	for _, m := range claimRow.FindAllStringSubmatch(page, -1) {
		claim, how, by := strings.TrimSpace(m[1]), strings.TrimSpace(m[2]), strings.TrimSpace(m[3])
		if claim == "Claim" || strings.HasPrefix(claim, "---") {
			continue
		}
		rows++
		if !slices.Contains([]string{"this machine", "emulator", "expanded template", "needs AWS"}, how) {
			t.Errorf("%s: proven by %q, which is no way", claim, how)
		}
		if (how == "needs AWS") != (by == "") {
			t.Errorf("%s: %s, by %q", claim, how, by)
		}
		for _, name := range namedTest.FindAllStringSubmatch(by, -1) {
			if !slices.Contains(tests, name[1]) {
				t.Errorf("%s: there is no %s", claim, name[1])
			}
		}
	}
	if rows < 50 {
		t.Errorf("%d claims are read: that cannot be all", rows)
	}
}

// testNames are the test functions of the project.
func testNames(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, p := range list(t) {
		files, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file) //nolint:gosec // our own
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range testFunction.FindAllStringSubmatch(string(text), -1) {
				out = append(out, m[1])
			}
		}
	}
	return out
}
