package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, script string) Process {
	t.Helper()
	p, err := Start(Spec{
		Name: "sleeper", Args: []string{"/bin/sh", "-c", script}, Env: os.Environ(), Dir: t.TempDir(),
		Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(time.Second) })
	return p
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"ends a program that listens":              "sleep 60",
		"ends a program that does not listen":      "trap '' TERM; while :; do sleep 0.1; done",
		"ends what the program has left behind":    "sleep 60 & sleep 60",
		"takes a program that has ended for ended": "true",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, script)
			if err := p.Stop(500 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if p.Alive() {
				t.Error("the program still runs")
			}
			if left := session(p.PID); len(left) > 0 {
				t.Errorf("%d processes of its session still run", len(left))
			}
		})
	}
}

func TestStopLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	other := start(t, "sleep 60")
	reused := other
	reused.Started = "another time" // the number was given out again
	if reused.Alive() {
		t.Error("a process with the same number is taken for ours")
	}
	if err := reused.Stop(time.Second); err != nil {
		t.Fatal(err)
	}
	if !other.Alive() {
		t.Error("somebody else's process was stopped")
	}
}

func TestStartKeepsTheLog(t *testing.T) {
	t.Parallel()
	p := start(t, "echo hello; echo world >&2")
	if !p.gone(5 * time.Second) {
		t.Fatal("the program does not end")
	}
	text, err := os.ReadFile(p.Log)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(text)); got != "hello\nworld" {
		t.Errorf("got %q, want both streams", got)
	}
}
