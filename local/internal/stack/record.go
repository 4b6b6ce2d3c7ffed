package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"slipway/local/internal/process"
)

// Record is what is kept of a stack between two commands.
type Record struct {
	Processes   []process.Process `json:"processes"`
	Port        int               `json:"port"`
	ECSPort     int               `json:"ecsPort"`
	Name        string            `json:"name"`
	Config      string            `json:"config"`
	Engine      string            `json:"engine"`
	Fingerprint string            `json:"fingerprint,omitempty"` // of what was deployed; empty until it was
	Outputs     map[string]string `json:"outputs,omitempty"`
	// Broken names the link that a demonstration has broken and not repaired yet.
	Broken string `json:"broken,omitempty"`
}

const recordFile = "stack.json"

// Load reads the record in the folder of a state. A stack that was never started has an empty one.
func Load(state string) (Record, error) {
	var r Record
	text, err := os.ReadFile(filepath.Join(state, recordFile)) //nolint:gosec // our own file
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read the record: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read the record %s: %w", filepath.Join(state, recordFile), err)
	}
	return r, nil
}

// Save replaces the record, whole.
func (r Record) Save(state string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("save the record: %w", err)
	}
	name := filepath.Join(state, recordFile)
	if err := os.WriteFile(name+".new", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("save the record: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("save the record: %w", err)
	}
	return nil
}

// Running reports whether every program of the stack runs.
func (r Record) Running() bool {
	for _, p := range r.Processes {
		if !p.Alive() {
			return false
		}
	}
	return len(r.Processes) > 0
}

// lock keeps two commands from changing one stack at a time. It is free again when the command has ended, however.
func lock(state string) (unlock func(), err error) {
	if err := os.MkdirAll(state, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the state: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(state, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // our own file
	if err != nil {
		return nil, fmt.Errorf("lock the state: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the state in %s: another command is at it: %w", state, err)
	}
	return func() { _ = f.Close() }, nil
}
