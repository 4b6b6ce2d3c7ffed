package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Processes runs the images slipway/NAME:TAG as host programs NAME. It has no other images, and no limits.
type Processes struct {
	Bin string // the folder of the programs
}

// program is the host program of an image, or "".
func (p Processes) program(image string) string {
	name, ours := strings.CutPrefix(image, "slipway/")
	name, _, _ = strings.Cut(name, ":")
	if !ours || name == "" || strings.Contains(name, "/") {
		return ""
	}
	return filepath.Join(p.Bin, name)
}

// Pull looks whether the program is there.
func (p Processes) Pull(_ context.Context, image string) error {
	if info, err := os.Stat(p.program(image)); err != nil || info.IsDir() {
		return cannotPull(image)
	}
	return nil
}

// Start starts the program in an empty folder of its own, with the container's environment and nothing else. An entry
// point names another program of the folder. The variable PORT says where to listen to what a load balancer sends: tasks
// share the ports of this machine.
func (p Processes) Start(c Container) (Running, error) {
	program, args := p.program(c.Image), c.Command
	if len(c.EntryPoint) > 0 {
		program = filepath.Join(p.Bin, path.Base(c.EntryPoint[0]))
		args = append(c.EntryPoint[1:len(c.EntryPoint):len(c.EntryPoint)], args...)
	}
	dir, err := os.MkdirTemp("", "task-")
	if err != nil {
		return nil, cannotCreate(err)
	}
	cmd := exec.CommandContext(context.Background(), program, args...) //nolint:gosec // running what a task definition says is what this is for
	cmd.Dir = dir
	cmd.Env = append(pairs(c.Environment), "TMPDIR="+dir)
	if len(c.Ports) > 0 {
		cmd.Env = append(cmd.Env, "PORT="+strconv.Itoa(c.Ports[0].Host))
	}
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // signals reach its children too
	cmd.WaitDelay = time.Second                           // children that outlive it keep its output open
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(cannotCreate(err), os.RemoveAll(dir))
	}
	return &process{cmd: cmd, dir: dir, timeout: c.StopTimeout, done: make(chan struct{})}, nil
}

func cannotCreate(err error) *StartError {
	return &StartError{fmt.Sprintf("CannotStartContainerError: Error response from daemon: %v", err)}
}

func pairs(env map[string]string) []string {
	var out []string
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	return out
}

type process struct {
	cmd     *exec.Cmd
	dir     string
	timeout time.Duration
	done    chan struct{} // closed when it has ended
}

// Wait returns the exit code; one that a signal ended has 128 and the signal's number, as a container has.
func (p *process) Wait() Exit {
	err := p.cmd.Wait()
	close(p.done)
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // children that it has left behind, if any
	_ = os.RemoveAll(p.dir)                               // a folder for temporary files
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		if status, ok := exited.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return Exit{Code: 128 + int(status.Signal())}
		}
		return Exit{Code: exited.ExitCode()}
	}
	return Exit{Code: p.cmd.ProcessState.ExitCode()}
}

// Stop sends SIGTERM, and SIGKILL after the stop timeout.
func (p *process) Stop() {
	p.signal(syscall.SIGTERM)
	go func() {
		select {
		case <-p.done:
		case <-time.After(p.timeout):
			p.signal(syscall.SIGKILL)
		}
	}()
}

func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.done: // its number may be another's by now
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s) // one that has just ended is no matter
	}
}
