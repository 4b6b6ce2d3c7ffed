package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/local/internal/port"
)

func TestExports(t *testing.T) {
	t.Parallel()
	got := exports(map[string]string{"B": "it's", "A": "http://127.0.0.1:4566"})
	if want := "export A='http://127.0.0.1:4566'\nexport B='it'\\''s'\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env      map[string]string
		port     int
		problems []string
	}{
		"takes a port from the environment": {env: map[string]string{"SLIPWAY_PORT": "5000"}, port: 5000},
		"leaves the default alone":          {},
		"names every bad value": {
			env:      map[string]string{"SLIPWAY_PORT": "many", "SLIPWAY_ECS_PORT": "70000"},
			problems: []string{`SLIPWAY_PORT is "many"`, `SLIPWAY_ECS_PORT is "70000"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := Options{}.FromEnvironment(func(name string) string { return tc.env[name] })
			for _, want := range tc.problems {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want it to say %q", err, want)
				}
			}
			if len(tc.problems) == 0 && (err != nil || o.Port != tc.port) {
				t.Errorf("got port %d and %v, want %d", o.Port, err, tc.port)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	take := func() string {
		t.Helper()
		got, err := Options{Root: root, Config: root}.fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	write("slipway.yaml", "version: 1")
	write("functions/a/main.go", "package main")
	first := take()
	write("functions/a/main_test.go", "package main")
	write("README.md", "words")
	write(".local/log/x.go", "package x")
	if take() != first {
		t.Error("a test, a text or the state changes the fingerprint")
	}
	write("functions/a/main.go", "package main // changed")
	second := take()
	if second == first {
		t.Error("a changed program does not change the fingerprint")
	}
	write("slipway.yaml", "version: 1 # changed")
	if take() == second {
		t.Error("a changed configuration does not change the fingerprint")
	}
}

func TestUpSaysWhoHasThePort(t *testing.T) {
	t.Parallel()
	root, listen := t.TempDir(), listener(t)
	if err := os.WriteFile(filepath.Join(root, "slipway.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := port.Free(1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Up(t.Context(), Options{Root: root, Port: listen, ECSPort: free[0]})
	if err == nil || !strings.Contains(err.Error(), "is taken by process") || !strings.Contains(err.Error(), "SLIPWAY_PORT") {
		t.Errorf("got %v, want the program named, and what to do", err)
	}
	ran, err := Down(t.Context(), filepath.Join(root, ".local"))
	if ran || err != nil {
		t.Errorf("got %v and %v from Down, want nothing to stop", ran, err)
	}
}

func TestUpThatFailsShowsTheLogAndLeavesNothing(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil { //nolint:gosec // programs
			t.Fatal(err)
		}
	}
	const tool = "#!/bin/sh\necho the reason why; "
	write("slipway.yaml", "version: 1")
	write("template.yaml", "Resources: {}")
	write("wiring.yaml", "Resources: {}")
	write("LICENSE", "")
	write("README.md", "")
	write("go.mod", "module broken")
	write(".tools/ministack/bin/ministack", tool+"exec sleep 60")
	write(".tools/sam/bin/sam", tool+"sleep 1; exit 1")
	write("local/fargate/main.go", "package main; func main() {}")
	write("cmd/slipway/main.go", "package main; func main() {}")
	write("functions/f/main.go", "package main; func main() {}")
	for _, name := range TaskNames() {
		write("tasks/"+name+"/main.go", "package main; func main() {}")
	}
	t.Setenv("PATH", filepath.Join(root, ".tools", "sam", "bin")+":"+os.Getenv("PATH"))
	ports, err := port.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Up(t.Context(), Options{Root: root, Engine: "process", Port: ports[0], ECSPort: ports[1]})
	if err == nil || !strings.Contains(err.Error(), "sam-build.log") || !strings.Contains(err.Error(), "the reason why") {
		t.Errorf("got %v, want the log named, and how it ends", err)
	}
	ran, err := Down(t.Context(), filepath.Join(root, ".local"))
	if ran || err != nil {
		t.Errorf("got %v and %v from Down, want nothing left to stop", ran, err)
	}
}

func TestOneCommandAtATime(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	unlock, err := lock(state)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock(state); err == nil {
		t.Error("two commands hold the lock")
	}
	unlock()
	if _, err := lock(state); err != nil {
		t.Errorf("got %v after the first has ended", err)
	}
}

func TestRecordIsKept(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	want := Record{Port: 1, ECSPort: 2, Name: "slipway", Broken: "mail"}
	if err := want.Save(state); err != nil {
		t.Fatal(err)
	}
	got, err := Load(state)
	if err != nil || got.Port != want.Port || got.Broken != want.Broken {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
}
