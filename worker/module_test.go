package worker_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const program = `package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/worker"
)

func main() {
	w, err := worker.New(worker.Options{
		Queue:  sqs.New(sqs.Options{Region: "us-east-1"}),
		URL:    "https://sqs.us-east-1.amazonaws.com/123456789012/work",
		Handle: func(context.Context, worker.Message) error { return nil },
		Protection: worker.Unprotected,
	})
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Run(ctx); err != nil {
		panic(err)
	}
}
`

// Another module can import the package, and gets nothing of this one with it but the package.
func TestAnotherModuleImportsIt(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.com/resizer\n\ngo 1.26\n\nrequire slipway v0.0.0\n\nreplace slipway => " + root + "\n",
		"go.sum":  string(sums),
		"main.go": program,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golang(t, dir, "run", ".")
	for line := range strings.Lines(golang(t, dir, "list", "-deps", ".")) {
		if p := strings.TrimSpace(line); strings.HasPrefix(p, "slipway/") && p != "slipway/worker" {
			t.Errorf("the package brings %s along", p)
		}
	}
}

func golang(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...) //nolint:gosec // our own arguments
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v: %s", strings.Join(args, " "), err, problems.String())
	}
	return string(out)
}
