package program

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// cpuOf reads the CPU clock of another process, to the nanosecond: clock_getcpuclockid(3).
func cpuOf(pid int) (time.Duration, error) {
	var at syscall.Timespec
	const whole = 2                                                                                                           // CPUCLOCK_SCHED, of all threads
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(int32(^pid<<3|whole)), uintptr(unsafe.Pointer(&at)), 0) //nolint:gosec // the kernel's interface
	if errno != 0 {
		return 0, fmt.Errorf("read the CPU clock of process %d: %w", pid, errno)
	}
	return time.Duration(at.Nano()), nil
}

// peakOf reads VmHWM, the peak resident set, in KiB.
func peakOf(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			return strconv.Atoi(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))))
		}
	}
	return 0, fmt.Errorf("read the memory of process %d: no VmHWM", pid) //nolint:err113 // for a person
}
