package stack

import (
	"net"
	"testing"
)

// listener takes a port until the test ends.
func listener(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed below
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP listener has no other
}
