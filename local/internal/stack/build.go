package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// TaskNames are the reference tasks: folders below tasks, host programs below bin, and images slipway/NAME:local.
func TaskNames() []string { return []string{"object-processor", "hourly-batch", "queue-worker"} }

// tool is a program of the pinned tools.
func (o Options) tool(name string) string {
	return filepath.Join(o.Root, ".tools", name, "bin", name)
}

// sam is a person's own SAM CLI where there is one, since it is the one they deploy with; else the pinned one.
func (o Options) sam() string {
	if own, err := exec.LookPath("sam"); err == nil {
		return own
	}
	return o.tool("sam")
}

// tools makes the pinned tools unless they are there.
func (o Options) tools(ctx context.Context) error {
	_, errEmulator := os.Stat(o.tool("ministack"))
	_, errSAM := os.Stat(o.sam())
	if errEmulator == nil && errSAM == nil {
		return nil
	}
	return o.Screen.Step("install the tools (make tools)", func() error {
		return o.command(ctx, "tools", builderEnv(), "make", "tools")
	})
}

// warm compiles every package once. The builds that follow run at once, and on a new machine each of them would compile
// all of AWS's SDK for itself.
func (o Options) warm(ctx context.Context) error {
	return o.command(ctx, "compile", builderEnv("CGO_ENABLED=0"), "go", "build", "-tags", "lambda.norpc", "-trimpath",
		"./functions/...", "./tasks/...", "./local/fargate", "./cmd/slipway")
}

// compile builds a program for this machine.
func (o Options) compile(ctx context.Context, log, out, pkg string, env ...string) error {
	return o.command(ctx, log, builderEnv(append(env, "CGO_ENABLED=0")...), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
}

// buildTasks builds the reference tasks as host programs, and as images where they are needed.
func (o Options) buildTasks(ctx context.Context) error {
	for _, name := range TaskNames() {
		if err := o.BuildTask(ctx, name, "./tasks/"+name); err != nil {
			return err
		}
	}
	return nil
}

// BuildTask makes a package the program of a reference task, and its image where tasks run as containers.
func (o Options) BuildTask(ctx context.Context, name, pkg string) error {
	system := runtime.GOOS
	if o.Engine == "docker" {
		system = "linux"
	}
	out := o.in("bin", name)
	if err := o.compile(ctx, "build-"+name, out+".new", pkg, "GOOS="+system); err != nil {
		return err
	}
	if err := os.Rename(out+".new", out); err != nil { // a program that runs cannot be written
		return fmt.Errorf("install task %s: %w", name, err)
	}
	if o.Engine != "docker" {
		return nil
	}
	return o.command(ctx, "image-"+name, builderEnv("DOCKER_BUILDKIT=0"), "docker", "build", "--quiet",
		"--file", filepath.Join("tasks", name, "Dockerfile"), "--tag", "slipway/"+name+":local", o.in("bin"))
}

// engine is how tasks run: as was asked for, else as containers where a Docker engine answers, else as host processes.
// Only on Linux is the network of Docker's host the network of this machine.
func (o Options) engine(ctx context.Context) string {
	if o.Engine != "auto" {
		return o.Engine
	}
	if runtime.GOOS != "linux" {
		return "process"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil {
		return "docker"
	}
	return "process"
}

// buildFunctions builds the functions and both templates.
func (o Options) buildFunctions(ctx context.Context) error {
	if err := o.stage(); err != nil {
		return err
	}
	env := builderEnv("FUNCTION_GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "CONFIG="+o.Config, "SAM_CLI_TELEMETRY=0")
	return o.command(ctx, "sam-build", env, o.sam(), "build", "--template-file", o.in("source", "template.yaml"), "--base-dir", o.Root,
		"--build-dir", o.in("build"), "--build-in-source", "--parallel", "--parameter-overrides", "Architecture="+architecture())
}

// stage puts template.yaml, and what else it names by a path, beside the wiring.yaml of the configuration: the one beside
// slipway.yaml, or the one that ships.
func (o Options) stage() error {
	wiring := filepath.Join(o.Config, "wiring.yaml")
	if _, err := os.Stat(wiring); err != nil {
		wiring = filepath.Join(o.Root, "wiring.yaml")
	}
	for _, file := range []string{filepath.Join(o.Root, "template.yaml"), filepath.Join(o.Root, "LICENSE"), filepath.Join(o.Root, "README.md"), wiring} {
		text, err := os.ReadFile(file) //nolint:gosec // of the repository, or of the folder that a person names
		if err == nil {
			err = os.MkdirAll(o.in("source"), 0o750)
		}
		if err == nil {
			err = os.WriteFile(o.in("source", filepath.Base(file)), text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("gather the templates: %w", err)
		}
	}
	return nil
}

// together does things at once. The first error ends the others, and is the one that is returned: theirs only say that
// they were ended.
func together(ctx context.Context, todo ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, do := range todo {
		wg.Go(func() {
			if err := do(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
