package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"slipway/internal/emulator"
	"slipway/internal/pages"
)

// parsed are pages whose commands are not run here but only read, each with the reason. One that is not there yet is no
// mistake.
var parsed = map[string]string{
	"docs/reference/command-line.md":   "each example is of the help of a command, whose own tests run it",
	"docs/benchmarks.md":               "the recordings are not part of the project, and each table takes minutes",
	"docs/guide/tasks-and-services.md": "it deploys a stack of its own: the tests of the folder templates run it",
	"docs/guide/anywhere.md":           "it deploys a companion stack: the tests of the folder templates run it",
	"docs/guide/network.md":            "it deploys a companion stack: the tests of the folder templates run it",
	"docs/reference/container.md":      "its scripts are run by internal/project, as a container runs them",
}

// TestCommandsOfThePages runs the commands of every page, in the order of the page, with the last whole slipway.yaml
// that stands above them there. What needs an AWS account is marked as such and left out; what needs the local stack is
// run by local/e2e.
func TestCommandsOfThePages(t *testing.T) {
	all, err := pages.All(emulator.Root())
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, page := range all {
		total += len(page.Blocks(pages.Run))
		if len(page.Blocks(pages.Run)) == 0 || parsed[page.Path] != "" {
			continue
		}
		t.Run(page.Path, func(t *testing.T) { runPage(t, page) })
	}
	if total < 10 {
		t.Errorf("%d blocks of commands in all pages, want more: nothing was tested", total)
	}
}

// person is somebody who follows a page: a stack on the emulator in which things have happened.
type person struct {
	*stackSession
	vars map[string]string
}

func runPage(t *testing.T, page pages.Page) {
	s := newStack(t)
	t.Chdir(s.folder) // where somebody who types has their files
	s.now = time.Date(2027, 4, 1, 12, 30, 0, 0, time.UTC)
	s.world.sleep = func(ctx context.Context, _ time.Duration) error { s.succeed("hourly-report"); return ctx.Err() }
	bucket := s.uploads(true)
	broken := s.failed(s.object(s.put(bucket, "incoming/broken.png", "x")))
	s.put(bucket, "incoming/new.png", "x") // nobody has told of it yet
	s.now = s.now.Add(time.Minute)
	r := &person{s, map[string]string{"RUN": string(broken.ID), "TASK": "arn:aws:ecs:us-east-1:0:task/cluster/1"}}
	r.file("event.json", "events/ecs-task-state-change-stopped-exit1.json")
	for _, b := range page.Blocks(pages.Run) {
		if b.Config != "" {
			s.write(b.Config)
		}
		for _, line := range b.Commands() {
			r.line(page, line)
		}
	}
}

func (r *person) file(name, from string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(emulator.Root(), from)) //nolint:gosec // our own files
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), text, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

var (
	assignment = regexp.MustCompile(`^export ([A-Za-z_]+)=(.*)$`)
	// said is how a page says that a command ends with something else than 0.
	said = regexp.MustCompile(`# .*\bexit(?: code|s with)? ([1-3])\b`)
)

// line runs one line: commands joined by &&, each of which may be a pipe.
func (r *person) line(page pages.Page, line string) {
	r.t.Helper()
	want := 0
	if m := said.FindStringSubmatch(line); m != nil {
		want = int(m[1][0] - '0')
	}
	for _, command := range pages.Split(pages.WithoutComment(line), "&&") {
		if m := assignment.FindStringSubmatch(command); m != nil {
			r.env[m[1]] = m[2]
			continue
		}
		var through []byte
		for _, stage := range pages.Split(command, "|") {
			through = r.stage(page, stage, through, want)
		}
	}
}

// stage runs one command of a pipe. Slipway's own runs in this process; anything else is a small tool of the shell.
func (r *person) stage(page pages.Page, stage string, in []byte, want int) []byte {
	r.t.Helper()
	stage, out, isFile := strings.Cut(stage, " > ")
	words := pages.Words(stage, r.expand)
	if len(words) > 3 && strings.Join(words[:3], " ") == "go run ./cmd/slipway" {
		words = append([]string{"slipway"}, words[3:]...)
	}
	var answer []byte
	if words[0] == "slipway" {
		r.world.in = bytes.NewReader(in)
		text, _ := r.run(want, words[1:]...)
		answer = []byte(text)
	} else {
		answer = r.shell(page, stage, words[0], in)
	}
	if isFile {
		if err := os.WriteFile(r.path(strings.TrimSpace(out)), answer, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	return answer
}

func (r *person) shell(page pages.Page, stage, program string, in []byte) []byte {
	r.t.Helper()
	switch program {
	case "cat", "cp", "mkdir", "jq", "ls":
	default:
		r.t.Fatalf("%s: nobody runs %q: mark its block `sh local-stack` or `sh needs-aws`, or let this test run it", page.Path, stage)
	}
	cmd := exec.CommandContext(r.t.Context(), "sh", "-euc", stage) //nolint:gosec // of our own page
	cmd.Dir, cmd.Stdin = r.folder, bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		r.t.Errorf("%s: %s: %v", page.Path, stage, err)
	}
	return out
}

// expand is a variable of the shell.
func (r *person) expand(name string) string {
	if v, ok := r.vars[name]; ok {
		return v
	}
	if v, ok := r.env[name]; ok {
		return v
	}
	r.t.Errorf("the page uses $%s, which nothing has set", name)
	return ""
}

// TestCommandsOfTheReferenceAreAccepted reads the commands that are not run: each names a command, flags and a number of
// arguments that are there.
func TestCommandsOfTheReferenceAreAccepted(t *testing.T) {
	all, err := pages.All(emulator.Root())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, page := range all {
		for _, b := range page.Every() {
			for _, line := range b.Commands() {
				for _, stage := range pages.Split(pages.WithoutComment(line), "|") {
					if err := accepted(stage); err != nil {
						t.Errorf("%s: %s: %v", page.Path, line, err)
					}
					n++
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("%d commands were read, want more", n)
	}
}

// trailing is what an example of the help says of itself, and what the shell does with the output.
var trailing = regexp.MustCompile(`\s{4,}.*$|\s+[<>].*$`)

func accepted(stage string) error {
	stage = strings.TrimPrefix(strings.TrimPrefix(stage, "./"), "go run ./cmd/")
	if !strings.HasPrefix(stage, "slipway ") {
		return nil
	}
	words := pages.Words(trailing.ReplaceAllString(stage, ""), func(name string) string { return "1" })
	c, rest, err := newRoot(world{}).Find(words[1:])
	if err != nil {
		return err
	}
	if c.HasSubCommands() && c.Run == nil && c.RunE == nil {
		return fmt.Errorf("%s needs a command of its own", c.CommandPath()) //nolint:err113 // for a person
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}
