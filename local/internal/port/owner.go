package port

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Owner describes the program that listens on a port, or is empty when the system does not tell.
func Owner(port int) string {
	if socket := listening(port); socket != "" {
		return holder(socket)
	}
	return ownerFromLsof(port)
}

// listening returns the inode of the socket that listens on the port, from the table that proc(5) describes.
func listening(port int) string {
	const local, state, inode, listen = 1, 3, 9, "0A"
	suffix := fmt.Sprintf(":%04X", port)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table) //nolint:gosec // a constant
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > inode && f[state] == listen && strings.HasSuffix(f[local], suffix) {
				return f[inode]
			}
		}
	}
	return ""
}

// holder describes the process that has a socket open, if we may see it.
func holder(socket string) string {
	want := "socket:[" + socket + "]"
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && target == want {
			pid := strings.Split(file, "/")[2]
			return fmt.Sprintf("process %s (%s)", pid, commandOf(pid))
		}
	}
	return ""
}

func commandOf(pid string) string {
	text, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline")) //nolint:gosec // a number
	line := strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
	const enough = 80
	if len(line) > enough {
		return line[:enough] + " …"
	}
	return line
}

// ownerFromLsof is for systems without /proc.
func ownerFromLsof(port int) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "lsof", "-nP", fmt.Sprintf("-iTCP:%d", port), "-sTCP:LISTEN", "-Fpc").Output() //nolint:gosec // a number
	if err != nil {
		return ""
	}
	var pid, name string
	for line := range strings.Lines(string(out)) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "p"):
			pid = line[1:]
		case strings.HasPrefix(line, "c"):
			name = line[1:]
		}
	}
	return fmt.Sprintf("process %s (%s)", pid, name)
}
