package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a program that was started, as it is stored.
type Process struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// Started is when the system says that the program began. Together with the PID it names one program for good.
	Started string `json:"started"`
	Log     string `json:"log"`
}

// Spec says what to start. Env is the whole environment, nothing is inherited.
type Spec struct {
	Name string
	Args []string
	Env  []string
	Dir  string
	Log  string // appended to
}

// Start starts a program in a session of its own, so that neither the terminal's signals nor the end of this program
// reach it.
func Start(s Spec) (Process, error) {
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return Process{}, fmt.Errorf("open the log of %s: %w", s.Name, err)
	}
	defer func() { _ = log.Close() }()            // the program has its own
	cmd := exec.Command(s.Args[0], s.Args[1:]...) //nolint:gosec,noctx // our own programs, which outlive us
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = s.Env, s.Dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Process{}, fmt.Errorf("start %s: %w", s.Name, err)
	}
	p := Process{Name: s.Name, PID: cmd.Process.Pid, Log: s.Log}
	p.Started, _ = startOf(p.PID)
	go func() { _ = cmd.Wait() }() // a program that ends must not look alive as a zombie
	return p, nil
}

// Alive reports whether the very program that was started still runs.
func (p Process) Alive() bool {
	if p.PID <= 1 || p.Started == "" {
		return false
	}
	started, running := startOf(p.PID)
	return running && started == p.Started
}

// Stop ends the program and what it started in its session: it asks, and after the grace it insists. A program that
// does not run any more is no error.
func (p Process) Stop(grace time.Duration) error {
	if !p.Alive() {
		return nil
	}
	if err := signal(p.PID, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s (process %d): %w", p.Name, p.PID, err)
	}
	if !p.gone(grace) {
		if err := signal(p.PID, syscall.SIGKILL); err != nil {
			return fmt.Errorf("kill %s (process %d): %w", p.Name, p.PID, err)
		}
		p.gone(grace)
	}
	return p.sweep()
}

// gone waits until the program has ended.
func (p Process) gone(within time.Duration) bool {
	for end := time.Now().Add(within); p.Alive(); {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(50 * time.Millisecond) // another program's end: there is no clock to pass
	}
	return true
}

// sweeps bounds how often what is left is looked for: a child may have begun another while it was ended.
const sweeps = 5

// sweep ends what the program has left behind in its session. The number of a session is not given out again while
// anybody is left in it; a program that has the number now, and is not ours, began a session of its own.
func (p Process) sweep() error {
	for range sweeps {
		left := session(p.PID)
		if _, reused := startOf(p.PID); reused || len(left) == 0 {
			return nil
		}
		for _, c := range left {
			if err := signal(c.PID, syscall.SIGKILL); err != nil {
				return fmt.Errorf("end what %s has left behind (process %d): %w", p.Name, c.PID, err)
			}
			c.gone(time.Second)
		}
	}
	return nil
}

func signal(pid int, s syscall.Signal) error {
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
