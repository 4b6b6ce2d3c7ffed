package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Failure is a step that did not work, with the log that says why.
type Failure struct {
	Step string
	Log  string
	Err  error
}

// Error names the log and shows how it ends.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %v\nThe log is %s; it ends with:\n%s", f.Step, f.Err, f.Log, lastLines(f.Log, 15))
}

// Unwrap returns what went wrong.
func (f *Failure) Unwrap() error { return f.Err }

func lastLines(file string, n int) string {
	text, err := os.ReadFile(file) //nolint:gosec // our own log
	if err != nil {
		return "  (" + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	lines = lines[max(0, len(lines)-n):]
	return "  " + strings.Join(lines, "\n  ")
}

// command runs a program to its end, with its output in a log of its own.
func (o Options) command(ctx context.Context, log string, env []string, args ...string) error {
	f, err := os.Create(o.log(log))
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", log, err)
	}
	defer func() { _ = f.Close() }()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // our own programs
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = o.Root, env, f, f
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return &Failure{Step: "run " + filepath.Base(args[0]) + " " + strings.Join(args[1:min(2, len(args))], " "), Log: f.Name(), Err: err}
	}
	return nil
}

// builderEnv is a person's environment without what would change a build or reach a person's AWS account.
func builderEnv(extra ...string) []string {
	return append(without(os.Environ(), "AWS_", "SAM_", "SLIPWAY_", "GOOS=", "GOARCH=", "CONFIG=", "MAKEFLAGS=", "MAKELEVEL=", "MFLAGS=", "BREAK="), extra...)
}

// serverEnv is all that a server inherits.
func serverEnv(extra ...string) []string {
	var env []string
	for _, name := range []string{"PATH", "LANG", "LC_ALL", "HOME"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, extra...)
}

// awsEnv points every AWS tool at the local stack, and away from a person's files.
func (o Options) awsEnv() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + o.endpoint(), "AWS_ENDPOINT_URL_ECS=" + o.ecsEndpoint(),
		"AWS_REGION=" + Region, "AWS_DEFAULT_REGION=" + Region, "AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + key,
		"AWS_CONFIG_FILE=" + o.in("none"), "AWS_SHARED_CREDENTIALS_FILE=" + o.in("none"), "AWS_EC2_METADATA_DISABLED=true",
	}
}

func without(env []string, prefixes ...string) []string {
	var kept []string
	for _, e := range env {
		if !hasPrefix(e, prefixes) {
			kept = append(kept, e)
		}
	}
	return kept
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
