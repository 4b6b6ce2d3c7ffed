package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// startOf returns when the system says that the process began, and whether it runs; a zombie does not.
func startOf(pid int) (string, bool) {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		s, ok := readStat(pid)
		return s.started, ok
	}
	return startFromPS(pid)
}

type stat struct {
	session int
	started string
}

// readStat reads /proc/PID/stat, see proc(5): the name in brackets may hold anything, so fields are counted behind it.
func readStat(pid int) (stat, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, false
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
	fields := strings.Fields(rest)
	const state, session, starttime = 0, 3, 19 // the manual's numbers less three: two are cut off, and it counts from one
	if len(fields) <= starttime || fields[state] == "Z" || fields[state] == "X" {
		return stat{}, false
	}
	sid, err := strconv.Atoi(fields[session])
	return stat{session: sid, started: boot() + "/" + fields[starttime]}, err == nil
}

// boot tells one start of the machine from another, since a process's start time counts from there.
func boot() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// startFromPS is for systems without /proc.
func startFromPS(pid int) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec // a number
	state, started, found := strings.Cut(strings.TrimSpace(string(out)), " ")
	return strings.TrimSpace(started), err == nil && found && !strings.HasPrefix(state, "Z")
}

// session returns the other processes of a session. Systems without /proc have none to show: there, programs end
// their children themselves.
func session(leader int) []Process {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var members []Process
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == leader {
			continue
		}
		if s, ok := readStat(pid); ok && s.session == leader {
			members = append(members, Process{PID: pid, Started: s.started})
		}
	}
	return members
}
