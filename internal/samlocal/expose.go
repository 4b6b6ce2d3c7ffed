package samlocal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
)

// endpoint is how the variables begin that name endpoints of AWS.
const endpoint = "AWS_ENDPOINT_URL"

// exposed is an environment whose endpoints a container reaches.
type exposed struct {
	env       map[string]string
	listeners []net.Listener
}

func (e *exposed) close() {
	for _, l := range e.listeners {
		_ = l.Close()
	}
}

// exposeEndpoints makes the endpoints of env on 127.0.0.1 reachable from containers until the result is closed. Docker
// Desktop reaches them by itself; elsewhere they are forwarded from the address that the bridge network has here.
func exposeEndpoints(ctx context.Context, env map[string]string) (*exposed, error) {
	e := &exposed{env: map[string]string{}}
	for name, value := range env {
		e.env[name] = value
		if !strings.HasPrefix(name, endpoint) {
			continue
		}
		u, err := url.Parse(value)
		if err != nil {
			return e, errors.Join(fmt.Errorf("read %s: %w", name, err), ctx.Err())
		}
		if u.Hostname() != "127.0.0.1" {
			continue
		}
		if u.Host, err = e.expose(ctx, u.Host); err != nil {
			e.close()
			return nil, fmt.Errorf("expose %s to containers: %w", name, err)
		}
		e.env[name] = u.String()
	}
	return e, nil
}

// expose returns the address under which a container reaches one of this machine.
func (e *exposed) expose(ctx context.Context, address string) (string, error) {
	if runtime.GOOS != "linux" {
		_, port, err := net.SplitHostPort(address)
		return net.JoinHostPort("host.docker.internal", port), err
	}
	host, err := bridge(ctx)
	if err != nil {
		return "", fmt.Errorf("find the bridge network: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("listen on the bridge network: %w", err)
	}
	e.listeners = append(e.listeners, l)
	go forward(ctx, l, address)
	return l.Addr().String(), nil
}

// bridge is the address that this machine has in Docker's bridge network: its gateway. An engine that has just made the
// network does not name it yet; it is the first address of the subnet then.
func bridge(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}").Output()
	if err != nil {
		return "", err
	}
	return gateway(out)
}

// gateway reads the address from what Docker says of a network.
func gateway(config []byte) (string, error) {
	var network struct{ Gateway, Subnet string }
	if err := json.Unmarshal(config, &network); err != nil {
		return "", err
	}
	if network.Gateway != "" {
		return network.Gateway, nil
	}
	subnet, err := netip.ParsePrefix(network.Subnet)
	if err != nil {
		return "", err
	}
	return subnet.Masked().Addr().Next().String(), nil
}

// forward connects whoever connects to the address, until the listener is closed.
func forward(ctx context.Context, l net.Listener, address string) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = in.Close() }()
			out, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return
			}
			defer func() { _ = out.Close() }()
			done := make(chan struct{}, 2)
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() { _, _ = io.Copy(way[0], way[1]); done <- struct{}{} }()
			}
			<-done
		}()
	}
}
