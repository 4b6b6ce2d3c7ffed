package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const good = `version: 1
jobs:
  images:
    trigger: {s3: {bucket: "${UploadsBucket}", key: ["incoming/**", "!**/tmp/**"], size: {min: 10B, max: 1MiB}}}
    task: {cluster: "${ClusterName}", definition: "${ObjectProcessorTask}", capacity: FARGATE}
  report:
    trigger: {schedule: "cron(30 2 * * ? *)", timezone: Europe/Helsinki}
    task: {cluster: "${ClusterName}", definition: "${HourlyBatchTask}", capacity: FARGATE}
`

// session is a folder with a slipway.yaml, and the world around it.
type session struct {
	t      *testing.T
	folder string
	env    map[string]string
	world  world
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{t: t, folder: t.TempDir(), env: map[string]string{}}
	s.world = world{
		in:     strings.NewReader(""),
		getenv: func(name string) string { return s.env[name] },
		user:   func() string { return "somebody" },
		now:    func() time.Time { return time.Date(2027, 3, 27, 0, 0, 0, 0, time.UTC) },
		sleep:  func(context.Context, time.Duration) error { t.Error("slept"); return context.Canceled },
	}
	s.write(good)
	return s
}

func (s *session) path(name string) string { return filepath.Join(s.folder, name) }

// write replaces slipway.yaml.
func (s *session) write(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path("slipway.yaml"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// run runs a command in the folder, and demands an exit code.
func (s *session) run(want int, args ...string) (out, errs string) {
	s.t.Helper()
	return s.runIn(context.Background(), want, args...)
}

func (s *session) runIn(ctx context.Context, want int, args ...string) (out, errs string) {
	s.t.Helper()
	var o, e bytes.Buffer
	w := s.world
	w.args, w.out, w.err = append(args, "-f", s.path("slipway.yaml")), &o, &e
	if got := execute(ctx, w); got != want {
		s.t.Errorf("slipway %s: got exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("got %q, want it to say %q", text, want)
		}
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("got %q: %v", text, err)
	}
}

func TestCheck(t *testing.T) {
	s := newSession(t)
	out, _ := s.run(0, "check")
	contains(t, out, "is right: 2 jobs, 0 scalers")
	out, _ = s.run(0, "check", "--json")
	contains(t, out, `"problems": []`)

	s.write("version: 1\njobz: {}\nnotifications: 5\n")
	_, errs := s.run(1, "check")
	contains(t, errs, "slipway.yaml:2:1: jobz: ", "did you mean jobs?", "slipway.yaml:3:16: ", "2 mistakes")
	out, _ = s.run(1, "check", "--json")
	var answer struct {
		Problems []struct {
			Line, Column  int
			Path, Message string
		}
	}
	decode(t, out, &answer)
	if len(answer.Problems) != 2 || answer.Problems[0].Line != 2 || answer.Problems[0].Path != "jobz" || answer.Problems[0].Message == "" {
		t.Errorf("got %+v", answer)
	}
}

func TestGenerateAndCompile(t *testing.T) {
	s := newSession(t)
	_, errs := s.run(1, "compile", "-o", s.path("slipway.json"))
	contains(t, errs, "wiring.yaml is stale", "slipway generate")
	_, errs = s.run(1, "generate", "--check")
	contains(t, errs, "is stale")
	out, _ := s.run(0, "generate")
	contains(t, out, "+ ObjectsInUploadsBucket", "wiring.yaml is written")
	out, _ = s.run(0, "generate", "--check")
	contains(t, out, "up to date")
	s.run(0, "compile", "-o", s.path("build/slipway.json"))
	text, err := os.ReadFile(s.path("build/slipway.json"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(text), `"bucket":"${UploadsBucket}"`)

	s.write(strings.Replace(good, "${UploadsBucket}", "my-bucket", 1))
	out, _ = s.run(1, "generate", "--check", "--json")
	var answer generated
	decode(t, out, &answer)
	if !answer.Stale || answer.Written || len(answer.Changes) == 0 {
		t.Errorf("got %+v", answer)
	}
	s.run(1, "compile", "-o", s.path("slipway.json"))
	s.run(0, "compile", "-o", s.path("slipway.json"), "--wiring", "")

	s.write("version: 2\n")
	before, _ := os.ReadFile(s.path("wiring.yaml"))
	s.run(1, "generate")
	s.run(1, "compile", "-o", s.path("slipway.json"))
	if after, _ := os.ReadFile(s.path("wiring.yaml")); !bytes.Equal(before, after) {
		t.Error("generate wrote wiring.yaml from a file with mistakes")
	}
}

func TestMatch(t *testing.T) {
	s := newSession(t)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"a match":                {[]string{"s3://${UploadsBucket}/incoming/a", "--size", "11"}, "yes  images  the key matches incoming/**"},
		"a value that was given": {[]string{"s3://up/incoming/a", "--size", "1KiB", "--value", "UploadsBucket=up"}, "yes  images"},
		"another bucket":         {[]string{"s3://up/incoming/a"}, "no   images  it watches the bucket ${UploadsBucket}"},
		"excluded":               {[]string{"s3://${UploadsBucket}/incoming/tmp/a"}, "excluded by !**/tmp/**"},
		"another key":            {[]string{"s3://${UploadsBucket}/a"}, "matches none of incoming/**, !**/tmp/**"},
		"too small":              {[]string{"s3://${UploadsBucket}/incoming/a"}, "0 bytes are less than size.min, which is 10"},
		"too large":              {[]string{"s3://${UploadsBucket}/incoming/a", "--size", "2MiB"}, "more than size.max"},
		"nobody":                 {[]string{"s3://x/y"}, "No job wants s3://x/y"},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := s.run(0, append([]string{"match"}, tc.args...)...)
			contains(t, out, tc.want)
		})
	}
	s.env["SLIPWAY_UploadsBucketName"] = "from-outputs"
	out, _ := s.run(0, "match", "s3://from-outputs/incoming/a b+%", "--size", "10", "--json")
	var answer matched
	decode(t, out, &answer)
	if answer.Object.Key != "incoming/a b+%" || len(answer.Jobs) != 2 || !answer.Jobs[0].Matched {
		t.Errorf("got %+v", answer)
	}
	for _, args := range [][]string{{"match", "bucket/key"}, {"match", "s3://bucket"}, {"match", "s3://b/k", "--size", "5MB"}, {"match", "s3://b/k", "--value", "x"}} {
		s.run(2, args...)
	}
}

func TestNext(t *testing.T) {
	s := newSession(t)
	out, _ := s.run(0, "next", "report", "-n", "2", "--json")
	var times []string
	decode(t, out, &times)
	if got, want := strings.Join(times, " "), "2027-03-27T00:30:00Z 2027-03-28T00:30:00Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	out, _ = s.run(0, "next", "rate(5 minutes)", "--from", "2027-01-01T00:01:00Z", "-n", "1")
	contains(t, out, "2027-01-01T00:05:00Z")
	out, _ = s.run(0, "next", "at(2020-01-01T00:00:00)", "--json")
	if strings.TrimSpace(out) != "[]" {
		t.Errorf("a schedule that is over gives %q", out)
	}
	_, errs := s.run(2, "next", "cron(61 * * * ? *)")
	contains(t, errs, "position 6")
	_, errs = s.run(2, "next", "images")
	contains(t, errs, "started by objects")
	_, errs = s.run(2, "next", "nobody")
	contains(t, errs, "there is no job nobody")
	s.run(2, "next", "@daily", "--from", "today")
	s.run(2, "next", "@daily", "-n", "0")
	s.run(2, "next", "@daily", "--timezone", "Mars/Olympus")
}

func TestUsage(t *testing.T) {
	s := newSession(t)
	for _, args := range [][]string{{"chek"}, {"check", "--jsn"}, {"check", "now"}, {"match"}} {
		_, errs := s.run(2, args...)
		contains(t, errs, "--help")
	}
	out, _ := s.run(0, "version", "--json")
	contains(t, out, `"configuration": 1`)
	out, _ = s.run(0, "schema")
	contains(t, out, `"$schema"`)
	if err := os.Remove(s.path("slipway.yaml")); err != nil {
		t.Fatal(err)
	}
	_, errs := s.run(2, "check")
	contains(t, errs, "there is no file", "-f")
}

// TestEveryCommandHasExamples is the contract of the command line: help shows how.
func TestEveryCommandHasExamples(t *testing.T) {
	root := newRoot(world{})
	for _, c := range append(commands(root), root) {
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example or no description", c.CommandPath())
		}
	}
}

func TestReferenceIsCurrent(t *testing.T) {
	got, err := os.ReadFile("../../docs/reference/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, reference()) {
		t.Error("docs/reference/command-line.md is stale: run go run ./cmd/slipway docs")
	}
}
