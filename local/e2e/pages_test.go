package e2e

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/internal/pages"
	"slipway/local/internal/port"
	"slipway/local/internal/stack"
)

// TestThePagesOnTheLocalStack follows each page whose commands want the local stack: all of them in one shell, in a copy of
// the repository with ports of its own, as somebody does who has just cloned it. What is printed is not compared; a
// command that fails ends it.
func TestThePagesOnTheLocalStack(t *testing.T) {
	if testing.Short() {
		t.Skip("the local stack is not started with -short")
	}
	t.Parallel()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	all, err := pages.All(root)
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, page := range all {
		if blocks := page.Blocks(pages.LocalStack); len(blocks) > 0 {
			followed++
			t.Run(page.Path, func(t *testing.T) { t.Parallel(); follow(t, root, blocks) }) // most of it is waiting
		}
	}
	if followed < 2 {
		t.Errorf("%d pages were followed, want the README and getting started at least", followed)
	}
}

// patience is for a page as a whole: it builds everything, in a place that is new to the compiler.
const patience = 12 * time.Minute

func follow(t *testing.T, root string, blocks []pages.Block) {
	clone := t.TempDir()
	if err := copyTree(root, clone); err != nil {
		t.Fatal(err)
	}
	ports, err := port.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, b := range blocks {
		script += b.Text
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	env := append(os.Environ(),
		fmt.Sprintf("SLIPWAY_PORT=%d", ports[0]), fmt.Sprintf("SLIPWAY_ECS_PORT=%d", ports[1]), "SLIPWAY_ENGINE=process", "GOBIN=", "GOFLAGS=-buildvcs=false")
	t.Cleanup(func() { // a page may leave it running
		down := exec.Command("make", "down") //nolint:noctx // the test's context has ended
		down.Dir, down.Env = clone, env
		if out, err := down.CombinedOutput(); err != nil {
			t.Errorf("make down: %v\n%s", err, out)
		}
	})
	cmd := exec.CommandContext(ctx, "sh", "-x")
	cmd.Dir, cmd.Env, cmd.Stdin = clone, env, strings.NewReader(script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	// A file, and not a pipe, which a program that is left running would hold open.
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		t.Errorf("%v\n%s", err, text)
	}
}

// copyTree copies what git would have cloned, near enough; the tools are the repository's own.
func copyTree(from, to string) error {
	if err := os.Symlink(filepath.Join(from, ".tools"), filepath.Join(to, ".tools")); err != nil {
		return err
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch name {
		case ".git", ".tools", ".local", ".aws-sam", ".cache", "site", "dist", "build":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil // .git of a worktree is a file
		}
		if d.IsDir() {
			return os.Mkdir(filepath.Join(to, name), 0o750)
		}
		return copyFile(path, filepath.Join(to, name), d)
	})
}

func copyFile(from, to string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	in, err := os.Open(from) //nolint:gosec // of the repository
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, info.Mode().Perm()) //nolint:gosec // in the test's folder
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
