package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"slipway/internal/fake"
)

// Container is one container to be run.
type Container struct {
	Task        string // ID
	Name        string
	Image       string
	EntryPoint  []string // nil: the image's
	Command     []string // nil: the image's
	Environment map[string]string
	MemoryMiB   int // zero: no limit
	StopTimeout time.Duration
	Output      io.Writer // standard output and standard error, line by line
	Ports       []Port    // that load balancers reach
}

// Port is where a port of a container is reached: at an address that only its task has.
type Port struct {
	Address         string
	Host, Container int // the number there, and in the container
}

// Engine runs single containers.
type Engine interface {
	// Pull makes sure that the image is there. Its error is a *StartError.
	Pull(ctx context.Context, image string) error
	// Start starts a container. Its error is a *StartError.
	Start(c Container) (Running, error)
}

// Running is a container that was started.
type Running interface {
	// Wait returns when the container has ended.
	Wait() Exit
	// Stop asks it to end, and kills it after its stop timeout. It returns at once.
	Stop()
}

// Exit is how a container ended.
type Exit struct {
	Code   int
	Reason string // set by ECS for some ends, as for too little memory
}

// StartError says, in the words of ECS, why a container cannot be started.
type StartError struct{ Reason string }

// Error is the reason.
func (e *StartError) Error() string { return e.Reason }

// Logs takes the output of containers.
type Logs interface {
	// Open returns where a container's output goes. Closing it returns when everything has arrived. Its error is a
	// *StartError.
	Open(ctx context.Context, task fake.Task, c fake.ContainerDefinition) (io.WriteCloser, error)
}

// Runner runs tasks on an engine. It is a fake.Runner.
type Runner struct {
	Engine Engine
	Logs   Logs
	// Environment is what every container of the task finds besides its definition's and the overrides'.
	Environment func(task fake.Task, container int) map[string]string
	// Ports are those of a container that load balancers reach. Nil: none are.
	Ports func(task fake.Task, container string) []Port
	Log   *slog.Logger

	mu    sync.Mutex // protects following fields
	tasks map[string]*task
	busy  sync.WaitGroup
}

// task is a task whose containers were started, or are about to be.
type task struct {
	fake.Task

	mu       sync.Mutex // protects following fields
	running  map[string]Running
	stopping bool
}

// Start starts the containers of a task in the background.
func (r *Runner) Start(t fake.Task, started func(), ended func(fake.Ended)) {
	own := &task{Task: t, running: map[string]Running{}}
	r.mu.Lock()
	if r.tasks == nil {
		r.tasks = map[string]*task{}
	}
	r.tasks[t.TaskArn] = own
	r.mu.Unlock()
	r.busy.Add(1)
	go func() {
		defer r.busy.Done()
		how := r.live(own, started)
		r.mu.Lock()
		delete(r.tasks, t.TaskArn)
		r.mu.Unlock()
		ended(how)
	}()
}

// Stop asks the containers of a task to end.
func (r *Runner) Stop(t fake.Task) {
	r.mu.Lock()
	own := r.tasks[t.TaskArn]
	r.mu.Unlock()
	if own != nil {
		own.stop()
	}
}

// StopAll asks every container to end, and waits until all have, but no longer than the given time.
func (r *Runner) StopAll(within time.Duration) {
	r.mu.Lock()
	for _, t := range r.tasks {
		t.stop()
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() { r.busy.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(within):
	}
}

func (t *task) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopping = true
	for _, c := range t.running {
		c.Stop()
	}
}

// live runs a task from its first container's start to its last one's end.
func (r *Runner) live(t *task, started func()) fake.Ended {
	how := fake.Ended{Exits: map[string]int{}, Reasons: map[string]string{}}
	exits := make(chan named)
	n := 0
	var failed error
	for i, c := range t.Definition().ContainerDefinitions {
		if failed = r.startOne(t, i, c, exits); failed != nil {
			how.StopCode, how.Reason, how.Reasons[c.Name] = "TaskFailedToStart", failed.Error(), failed.Error()
			t.stop()
			break
		}
		n++
	}
	if failed == nil {
		started()
	}
	for ; n > 0; n-- {
		e := <-exits
		how.Exits[e.name] = e.Code
		if e.Reason != "" {
			how.Reasons[e.name] = e.Reason
		}
		if e.essential && failed == nil && how.StopCode == "" {
			how.StopCode, how.Reason = "EssentialContainerExited", "Essential container in task exited"
			t.stop()
		}
	}
	return how
}

// named is the exit of one container of a task.
type named struct {
	Exit
	name      string
	essential bool
}

func (r *Runner) startOne(t *task, i int, c fake.ContainerDefinition, exits chan<- named) error {
	ctx := context.Background() // the start of a task is not given up half way
	if err := r.Engine.Pull(ctx, c.Image); err != nil {
		return err
	}
	output, err := r.Logs.Open(ctx, t.Task, c)
	if err != nil {
		return err
	}
	var ports []Port
	if r.Ports != nil {
		ports = r.Ports(t.Task, c.Name)
	}
	running, err := r.Engine.Start(Container{
		Task: t.ID(), Name: c.Name, Image: c.Image, EntryPoint: c.EntryPoint, Command: t.CommandOf(c),
		Environment: r.environment(t.Task, i, c), MemoryMiB: t.MemoryMiB(), StopTimeout: stopTimeout(c), Output: output, Ports: ports,
	})
	if err != nil {
		return errors.Join(err, output.Close())
	}
	t.mu.Lock()
	t.running[c.Name] = running
	if t.stopping {
		running.Stop()
	}
	t.mu.Unlock()
	go func() {
		exit := running.Wait()
		if err := output.Close(); err != nil {
			r.Log.Warn("container output not shipped", "task", t.ID(), "container", c.Name, "error", err)
		}
		exits <- named{exit, c.Name, c.Essential == nil || *c.Essential}
	}()
	return nil
}

// environment is what a container finds: the defaults, its definition's variables, and the overrides'.
func (r *Runner) environment(t fake.Task, i int, c fake.ContainerDefinition) map[string]string {
	env := map[string]string{}
	if r.Environment != nil {
		env = r.Environment(t, i)
	}
	for name, value := range t.EnvironmentOf(c) {
		env[name] = value
	}
	return env
}

// The stop timeout of a container: what ECS takes when nothing is given, and the most that Fargate allows.
const (
	usualStopTimeout = 30 * time.Second
	maxStopTimeout   = 120 * time.Second
)

func stopTimeout(c fake.ContainerDefinition) time.Duration {
	if c.StopTimeout <= 0 {
		return usualStopTimeout
	}
	return min(time.Duration(c.StopTimeout)*time.Second, maxStopTimeout)
}

// cannotPull is what ECS says of an image that is not there.
func cannotPull(image string) *StartError {
	return &StartError{fmt.Sprintf("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref %s: %s: not found", image, image)}
}
