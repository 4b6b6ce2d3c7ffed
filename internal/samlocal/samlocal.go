package samlocal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Runner says how functions are run. SAM, Template and Architecture are required.
type Runner struct {
	SAM          string        // the program of the SAM CLI
	Template     string        // the template that `sam build` has written
	Architecture string        // arm64 or x86_64, as it was built
	Image        string        // the base image; empty: the one of AWS, which is pulled
	Timeout      time.Duration // of the function, in whole seconds; zero: as the template says
}

// Result is what a function answered, and what it and the SAM CLI logged.
type Result struct {
	Answer string
	Log    string
}

// region is the one of the local stack.
const region = "us-east-1"

// Invoke runs the function with that logical ID once. Of env, the function gets the variables that the template gives
// it, and those that name endpoints. An error of the function itself is an answer.
func (r Runner) Invoke(ctx context.Context, id string, event []byte, env map[string]string) (Result, error) {
	exposed, err := exposeEndpoints(ctx, env)
	if err != nil {
		return Result{}, err
	}
	defer exposed.close()
	template, err := r.template(id, exposed.env)
	if err != nil {
		return Result{}, fmt.Errorf("adapt the template: %w", err)
	}
	defer func() { _ = os.Remove(template) }()
	variables, err := variables(id, exposed.env)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = os.Remove(variables) }()
	return r.run(ctx, id, event, template, variables)
}

func (r Runner) run(ctx context.Context, id string, event []byte, template, variables string) (Result, error) {
	args := []string{
		"local", "invoke", id, "--template", template, "--event", "-", "--env-vars", variables, "--region", region,
		"--parameter-overrides", "Architecture=" + r.Architecture,
	}
	if r.Image != "" {
		args = append(args, "--skip-pull-image", "--invoke-image", r.Image)
	}
	cmd := exec.CommandContext(ctx, r.SAM, args...) //nolint:gosec // the user's own SAM CLI
	cmd.Env = append(without(os.Environ(), "AWS_", "SAM_"), "SAM_CLI_TELEMETRY=0", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
	cmd.Stdin = bytes.NewReader(event)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	result := Result{compact(out.Bytes()), strings.TrimSpace(log.String())}
	var exit *exec.ExitError
	if err != nil && (result.Answer == "" || !errors.As(err, &exit)) {
		return result, fmt.Errorf("invoke %s: %w: %s", id, err, result.Log)
	}
	return result, nil
}

// variables writes the file of --env-vars, and returns its name.
func variables(id string, env map[string]string) (string, error) {
	body, err := json.Marshal(map[string]map[string]string{id: env})
	if err != nil {
		return "", fmt.Errorf("encode the environment: %w", err)
	}
	name, err := write(os.TempDir(), "slipway-*.json", body)
	if err != nil {
		return "", fmt.Errorf("write the environment: %w", err)
	}
	return name, nil
}

// write writes a file whose name is its own, and returns the name.
func write(dir, pattern string, text []byte) (string, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	return f.Name(), errors.Join(err, f.Close())
}

// compact is JSON without the spaces that the SAM CLI adds.
func compact(text []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, bytes.TrimSpace(text)); err != nil {
		return strings.TrimSpace(string(text))
	}
	return b.String()
}

// without leaves out the variables whose names begin so.
func without(env []string, prefixes ...string) []string {
	var out []string
next:
	for _, v := range env {
		for _, p := range prefixes {
			if strings.HasPrefix(v, p) {
				continue next
			}
		}
		out = append(out, v)
	}
	return out
}
