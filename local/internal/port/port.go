package port

import (
	"fmt"
	"net"
	"strconv"
)

// Local is the only address that anything of the local stack listens on.
const Local = "127.0.0.1"

// Check returns an error that names the program which has the port, unless it is free.
func Check(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(Local, strconv.Itoa(port))) //nolint:noctx // closed at once
	if err == nil {
		return l.Close()
	}
	if owner := Owner(port); owner != "" {
		return fmt.Errorf("port %d is taken by %s", port, owner)
	}
	return fmt.Errorf("port %d is taken: %w", port, err)
}

// Free returns as many ports as asked for, which were free a moment ago.
func Free(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp", net.JoinHostPort(Local, "0")) //nolint:noctx // closed when all are found
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert // a TCP listener has no other
	}
	return ports, nil
}
