package port

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

func TestCheckNamesTheProgram(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed below
	if err != nil {
		t.Fatal(err)
	}
	taken := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP listener has no other
	err = Check(taken)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("got %v, want an error that names process %d", err, os.Getpid())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Check(taken); err != nil {
		t.Errorf("got %v for a port that is free again", err)
	}
}

func TestFreeReturnsDifferentPorts(t *testing.T) {
	t.Parallel()
	got, err := Free(3)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0] == got[1] || got[1] == got[2] || got[0] == got[2] {
		t.Errorf("got %v, want three different ports", got)
	}
}
