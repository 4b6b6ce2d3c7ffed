package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"slipway/bench/internal/environment"
	"slipway/bench/internal/program"
)

// function is one of the four, and the services whose clients it and its peers make, by the names of boto3.
type function struct {
	name, id, clients string
	times             float64 // the goal of its cold start over hello
	binary, memory    float64 // the same of its program and its peak memory
}

var functions = []function{
	{"s3-trigger", "S3TriggerFunction", "dynamodb,ecs,sqs", 2.1, 1.7, 2.2},
	{"scheduler", "SchedulerFunction", "dynamodb,ecs", 2.1, 1.7, 2.2},
	{"sqs-scaler", "SqsScalerFunction", "dynamodb,ecs,sqs", 2.1, 1.7, 2.2},
	{"lifecycle-notifier", "LifecycleNotifierFunction", "logs,dynamodb,events,sesv2,sns,sqs", 2.9, 2.4, 2.8},
}

// findPeers looks for what `make bench-peers` installs.
func (b *bench) findPeers() {
	if python := filepath.Join(b.root, ".tools", "bench-python", "bin", "python"); exists(python) {
		b.python = python
	}
	if node, err := exec.LookPath("node"); err == nil && exists(filepath.Join(b.root, ".tools", "bench-node", "node_modules")) {
		b.node = node
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// missing says which peers are left out, and why.
func (b *bench) missing() []string {
	var out []string
	if b.python == "" {
		out = append(out, "Python, because .tools/bench-python is not there (make bench-peers installs it)")
	}
	if b.node == "" {
		out = append(out, "Node, because there is no `node`, or .tools/bench-node is not there (make bench-peers installs it where npm is)")
	}
	return out
}

// spec is a program with the environment of a function. It is built when it is first asked for.
func (b *bench) spec(name string, f function, more map[string]string) (program.Spec, error) {
	template, err := os.ReadFile(filepath.Join(b.root, "template.yaml"))
	if err != nil {
		return program.Spec{}, err
	}
	env, err := environment.Of(template, f.id)
	if err != nil {
		return program.Spec{}, err
	}
	for key, value := range more {
		env[key] = value
	}
	switch name {
	case "python":
		env["CLIENTS"], env["PYTHONPATH"] = f.clients, filepath.Join(b.root, "bench", "peers", "python")
		return program.Spec{Args: []string{b.python, "-m", "awslambdaric", "function.handle"}, Dir: env["PYTHONPATH"], Env: env}, nil
	case "node":
		env["CLIENTS"] = f.clients
		dir := filepath.Join(b.root, ".tools", "bench-node")
		text, err := os.ReadFile(filepath.Join(b.root, "bench", "peers", "node", "function.mjs"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "function.mjs"), text, 0o600) // beside its modules
		}
		return program.Spec{Args: []string{b.node, "function.mjs"}, Dir: dir, Env: env}, err
	}
	path, err := b.build(name)
	return program.Spec{Args: []string{path}, Dir: filepath.Dir(path), Env: env}, err
}

// folders are where programs are that are neither functions nor peers.
var folders = map[string]string{"hot": "./bench/hot", "load": "./local/load", "slipway": "./cmd/slipway"}

// build builds a function as the Makefile does for deployment, or another program in Go with the same flags.
func (b *bench) build(name string) (string, error) {
	if path := b.built[name]; path != "" {
		return path, nil
	}
	say("build %s", name)
	dir := filepath.Join(b.work, name)
	path := filepath.Join(dir, "bootstrap")
	folder, own := folders[name]
	if !own {
		folder = "./bench/peers/" + name
	}
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", "-o", path, folder) //nolint:gosec,noctx // our own folders
	for _, f := range functions {
		if f.name == name {
			cmd = exec.Command("make", "--no-print-directory", "build-"+f.id, "ARTIFACTS_DIR="+dir, "GOARCH="+runtime.GOARCH, "FUNCTION_GOOS="+runtime.GOOS) //nolint:gosec,noctx // our own targets
		}
	}
	cmd.Dir, cmd.Env = b.root, append(os.Environ(), "CGO_ENABLED=0")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	b.built[name] = path
	return path, nil
}

// sizes are the program and what is uploaded: it with its configuration in a zip, in bytes.
func sizes(bootstrap string) (binary, zipped int, err error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, name := range []string{"bootstrap", "slipway.json"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(bootstrap), name)) //nolint:gosec // built above
		if os.IsNotExist(err) {
			continue // a peer has no configuration
		}
		if err != nil {
			return 0, 0, err
		}
		if name == "bootstrap" {
			binary = len(text)
		}
		into, err := archive.Create(name)
		if err != nil {
			return 0, 0, err
		}
		if _, err := io.Copy(into, bytes.NewReader(text)); err != nil {
			return 0, 0, err
		}
	}
	return binary, out.Len(), errorsOf(archive.Close())
}

func errorsOf(err error) error {
	if err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	return nil
}

// peers are the contenders beside a function, with those that are installed here.
func (b *bench) peers(own ...string) []string {
	out := own
	if b.python != "" {
		out = append(out, "python")
	}
	if b.node != "" {
		out = append(out, "node")
	}
	return out
}

func isPeer(name string) bool {
	return strings.HasPrefix(name, "python") || strings.HasPrefix(name, "node")
}
