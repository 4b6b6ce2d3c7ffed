package runner

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Docker runs containers on the host's network, by the docker command. One that a load balancer reaches has a network of its
// own, since each listens to the same port; from there it does not reach this machine.
type Docker struct {
	// Owner labels the containers, so that those of an earlier life can be removed.
	Owner string
}

const label = "slipway.fargate"

// DockerAnswers reports whether a Docker engine answers.
func DockerAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil
}

// Clean removes containers that an earlier life of the same owner has left behind.
func (d Docker) Clean(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "docker", "ps", "-aq", "--filter", "label="+label+"="+d.Owner).Output() //nolint:gosec // our own label
	if err != nil {
		return fmt.Errorf("list containers: %w", err)
	}
	ids := strings.Fields(string(out))
	if len(ids) == 0 {
		return nil
	}
	if err := exec.CommandContext(ctx, "docker", append([]string{"rm", "-f"}, ids...)...).Run(); err != nil { //nolint:gosec // IDs from docker
		return fmt.Errorf("remove containers: %w", err)
	}
	return nil
}

// Pull looks for the image here, and then in its registry unless it is one of ours.
func (d Docker) Pull(ctx context.Context, image string) error {
	if exec.CommandContext(ctx, "docker", "image", "inspect", image).Run() == nil { //nolint:gosec // running what a task definition says is what this is for
		return nil
	}
	if strings.HasPrefix(image, "slipway/") {
		return cannotPull(image)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "docker", "pull", image).CombinedOutput(); err != nil { //nolint:gosec // as above
		return &StartError{"CannotPullContainerError: " + strings.TrimSpace(string(out))}
	}
	return nil
}

// Start runs the container in the foreground of a docker command, which brings its output and its exit code.
func (d Docker) Start(c Container) (Running, error) {
	name := "slipway-" + c.Task + "-" + c.Name
	cmd := exec.CommandContext(context.Background(), "docker", d.arguments(name, c)...) //nolint:gosec // running what a task definition says is what this is for
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	if err := cmd.Start(); err != nil {
		return nil, cannotCreate(err)
	}
	return &container{cmd: cmd, name: name, timeout: c.StopTimeout, done: make(chan struct{})}, nil
}

func (d Docker) arguments(name string, c Container) []string {
	args := []string{"run", "--name", name, "--label", label + "=" + d.Owner, "--pull", "never"}
	if len(c.Ports) == 0 {
		args = append(args, "--network", "host")
	}
	for _, p := range c.Ports {
		args = append(args, "--publish", fmt.Sprintf("%s:%d:%d", p.Address, p.Host, p.Container))
	}
	for variable, value := range c.Environment {
		args = append(args, "--env", variable+"="+value)
	}
	if c.MemoryMiB > 0 {
		args = append(args, "--memory", strconv.Itoa(c.MemoryMiB)+"m")
	}
	command := c.Command
	if len(c.EntryPoint) > 0 {
		args = append(args, "--entrypoint", c.EntryPoint[0])
		command = append(c.EntryPoint[1:len(c.EntryPoint):len(c.EntryPoint)], command...)
	}
	return append(append(args, c.Image), command...)
}

type container struct {
	cmd     *exec.Cmd
	name    string
	timeout time.Duration
	done    chan struct{} // closed when it has ended
}

// Wait returns the exit code, and the reason of a container that had too little memory.
func (c *container) Wait() Exit {
	err := c.cmd.Wait()
	close(c.done)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	defer func() { _ = exec.CommandContext(ctx, "docker", "rm", "-f", c.name).Run() }()                                  //nolint:gosec // the next start removes what is left
	out, inspected := exec.CommandContext(ctx, "docker", "inspect", "--format", "{{.State.OOMKilled}}", c.name).Output() //nolint:gosec // our own name
	exit := Exit{Code: c.cmd.ProcessState.ExitCode()}
	var exited *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exited):
		exit.Reason = err.Error()
	case inspected == nil && strings.TrimSpace(string(out)) == "true":
		exit.Reason = "OutOfMemoryError: Container killed due to memory usage"
	}
	return exit
}

// Stop lets Docker send SIGTERM, and SIGKILL after the stop timeout. It asks again until the container has ended: Docker
// answers well, and does nothing, where a container is made but not started yet.
func (c *container) Stop() {
	go func() {
		for {
			_ = exec.CommandContext(context.Background(), "docker", "stop", "--time", strconv.Itoa(int(c.timeout.Seconds())), c.name).Run() //nolint:gosec // our own name; an error is asked again
			select {
			case <-c.done:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
}
