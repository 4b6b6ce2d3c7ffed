package project_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// navigated are the pages that mkdocs.yml lists, whatever they are called there.
var navigated = regexp.MustCompile(`(?m)^ +- (?:.*: )?(\S+\.md)$`)

// TestEveryPageIsInTheNavigation: a page that nobody can find from the front page is as good as none.
func TestEveryPageIsInTheNavigation(t *testing.T) {
	_, nav, _ := strings.Cut(read(t, "mkdocs.yml"), "\nnav:\n")
	var listed []string
	for _, m := range navigated.FindAllStringSubmatch(nav, -1) {
		if slices.Contains(listed, m[1]) {
			t.Errorf("mkdocs.yml lists %s twice", m[1])
		}
		listed = append(listed, m[1])
	}
	docs := filepath.Join(root, "docs")
	err := filepath.WalkDir(docs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		relative, err := filepath.Rel(docs, path)
		if i := slices.Index(listed, filepath.ToSlash(relative)); i >= 0 {
			listed = slices.Delete(listed, i, i+1)
		} else {
			t.Errorf("mkdocs.yml does not list %s: add it to nav", relative)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range listed {
		t.Errorf("mkdocs.yml lists %s, which is not there", page)
	}
}

var relativeLink = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)

// TestLinksOutsideOfTheSite checks the pages that the builder of the site does not see.
func TestLinksOutsideOfTheSite(t *testing.T) {
	for _, page := range []string{"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "events/README.md"} {
		for _, m := range relativeLink.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}
