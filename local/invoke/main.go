package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"slipway/internal/samlocal"
	"slipway/local/internal/stack"
)

// functions are the logical IDs by the names that people use.
var functions = map[string]string{
	"s3-trigger": "S3TriggerFunction", "scheduler": "SchedulerFunction", "sqs-scaler": "SqsScalerFunction", "lifecycle-notifier": "LifecycleNotifierFunction",
}

func main() {
	if len(os.Args) != 3 || functions[os.Args[1]] == "" {
		fmt.Fprintf(os.Stderr, "usage: go run ./local/invoke FUNCTION FILE\nFUNCTION is one of %s\n", strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, functions[os.Args[1]], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context, id, file string) error {
	event, err := os.ReadFile(file) //nolint:gosec // the file that the user names
	if err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	record, err := stack.Load(filepath.Join(root, ".local"))
	if err != nil {
		return err
	}
	if !record.Running() {
		return errors.New("the local stack does not run; start it with make up")
	}
	if exec.CommandContext(ctx, "docker", "version").Run() != nil {
		fmt.Fprintln(os.Stderr, "No container engine answers, so the function of the local stack is called.")
		answer, err := record.Invoke(ctx, id, event)
		fmt.Println(string(answer))
		return err
	}
	result, err := inContainer(ctx, root, record, id, event)
	fmt.Fprintln(os.Stderr, result.Log)
	fmt.Println(result.Answer)
	return err
}

func inContainer(ctx context.Context, root string, record stack.Record, id string, event []byte) (samlocal.Result, error) {
	env, err := environment(ctx, record, id)
	if err != nil {
		return samlocal.Result{}, err
	}
	maps.Copy(env, map[string]string{"AWS_ENDPOINT_URL": record.Endpoint(), "AWS_ENDPOINT_URL_ECS": record.ECSEndpoint()})
	r := samlocal.Runner{
		SAM: os.Getenv("SAM"), Template: filepath.Join(root, ".local", "build", "template.yaml"), Architecture: runtime.GOARCH,
		Image: os.Getenv("SLIPWAY_LAMBDA_IMAGE"),
	}
	if r.SAM == "" {
		r.SAM = filepath.Join(root, ".tools", "sam", "bin", "sam")
	}
	if r.Architecture == "amd64" {
		r.Architecture = "x86_64"
	}
	return r.Invoke(ctx, id, event, env)
}

// environment is what the deployed function has in its environment.
func environment(ctx context.Context, record stack.Record, id string) (map[string]string, error) {
	name, err := record.Physical(ctx, id)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, record.Endpoint()+"/2015-03-31/functions/"+name+"/configuration", nil)
	if err != nil {
		return nil, fmt.Errorf("read the environment of %s: %w", id, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read the environment of %s: %w", id, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read the environment of %s: %s: %w", id, resp.Status, errors.Join(err, errors.New(string(text))))
	}
	var configuration struct {
		Environment struct{ Variables map[string]string }
	}
	if err := json.Unmarshal(text, &configuration); err != nil {
		return nil, fmt.Errorf("read the environment of %s: %w", id, err)
	}
	return configuration.Environment.Variables, nil
}
