package stack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fingerprint is a hash of everything that a deployment is made from, so that one that would change nothing can be
// left out. It rather takes in too much than too little.
func (o Options) fingerprint() (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, architecture(), o.Engine, o.Name)
	err := filepath.WalkDir(o.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(o.Root, path, d.Name())
		}
		if !input(d.Name()) {
			return nil
		}
		return add(h, path)
	})
	if err == nil {
		err = add(h, filepath.Join(o.Config, "slipway.yaml"))
	}
	if err != nil {
		return "", fmt.Errorf("take the fingerprint of what is deployed: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func skipFolder(root, path, name string) error {
	if path == root {
		return nil
	}
	rel, _ := filepath.Rel(root, path)
	hidden := strings.HasPrefix(name, ".") || name == "testdata" || name == "bench"
	if hidden || rel == "docs" || rel == "dist" || rel == "local" {
		return fs.SkipDir
	}
	return nil
}

// input reports whether a file may have a part in what is deployed.
func input(name string) bool {
	switch filepath.Ext(name) {
	case ".go":
		return !strings.HasSuffix(name, "_test.go")
	case ".mod", ".sum", ".yaml", ".json", ".toml":
		return true
	}
	return name == "Makefile" || name == "Dockerfile"
}

func add(h io.Writer, path string) error {
	text, err := os.ReadFile(path) //nolint:gosec // below the repository
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(h, "%s %d\n%s", path, len(text), text)
	return err
}
