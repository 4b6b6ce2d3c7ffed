package balance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/balance"
)

// groups are target groups that remember what is registered.
type groups struct {
	broken bool

	mu         sync.Mutex // protects following field
	registered []string
}

func (g *groups) RegisterTarget(_ context.Context, group, address string, port int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.broken {
		return errors.New("no such target group")
	}
	g.registered = append(g.registered, fmt.Sprintf("%s %s:%d", group, address, port))
	return nil
}

func (g *groups) DeregisterTarget(_ context.Context, group, address string, port int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.registered = slices.DeleteFunc(g.registered, func(t string) bool { return t == fmt.Sprintf("%s %s:%d", group, address, port) })
	return nil
}

func (g *groups) now() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.registered)
}

func balancer(g *groups) *balance.Balancer {
	return &balance.Balancer{Groups: g, Log: slog.New(slog.DiscardHandler), Balanced: func(t fake.Task) []fake.LoadBalancer {
		if t.Group != "service:web" {
			return nil
		}
		return []fake.LoadBalancer{{TargetGroupARN: "group", ContainerName: "web", ContainerPort: 18091}}
	}}
}

func task(id, status, wanted string) fake.Task {
	return fake.Task{TaskArn: id, Group: "service:web", LastStatus: status, DesiredStatus: wanted}
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) { // sockets: there is no clock to pass
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// TestATaskIsRegisteredWhileItAnswers: not before it listens, and not after it was asked to stop.
func TestATaskIsRegisteredWhileItAnswers(t *testing.T) {
	g := &groups{}
	b := balancer(g)
	if got := b.Ports(task("a", "PENDING", "RUNNING"), "side"); len(got) > 0 {
		t.Errorf("a container that no load balancer names has %v", got)
	}
	if got := b.Ports(fake.Task{TaskArn: "job", Group: "family:job"}, "web"); len(got) > 0 {
		t.Errorf("a task of no service has %v", got)
	}
	port := b.Ports(task("a", "PENDING", "RUNNING"), "web")[0]
	other := b.Ports(task("b", "PENDING", "RUNNING"), "web")[0]
	if port == other || port.Host == other.Host || port.Container != 18091 {
		t.Errorf("two tasks have %v and %v", port, other)
	}
	b.Changed(task("a", "RUNNING", "RUNNING"))
	if got := g.now(); len(got) > 0 {
		t.Errorf("before anybody listens there is %v", got)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(port.Address, strconv.Itoa(port.Host)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	meet(t, l, "HTTP/1.1 200 OK\r\n\r\n")
	until(t, "it is registered", func() bool { return len(g.now()) == 1 })
	b.Changed(task("a", "DEACTIVATING", "STOPPED"))
	if got := g.now(); len(got) > 0 {
		t.Errorf("a task that was asked to stop is among %v", got)
	}
	b.Changed(task("b", "RUNNING", "RUNNING"))
	b.Changed(task("b", "STOPPED", "STOPPED")) // it never answered
	b.Changed(task("b", "STOPPED", "STOPPED"))
	if again := b.Ports(task("c", "PENDING", "RUNNING"), "web")[0]; again.Address == port.Address && again.Address != "127.0.0.1" {
		t.Errorf("a new task has the address %s of an old one", again.Address)
	}
}

// meet takes one connection, and says something on it, or nothing.
func meet(t *testing.T, l net.Listener, words string) {
	t.Helper()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if words != "" {
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, words)
	}
	_ = conn.Close()
}

// listen is a listener at the port of task a.
func listen(t *testing.T, b *balance.Balancer) net.Listener {
	t.Helper()
	port := b.Ports(task("a", "PENDING", "RUNNING"), "web")[0]
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(port.Address, strconv.Itoa(port.Host)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestAProxyThatHangsUpIsNoAnswer: a container engine takes connections before anybody listens in the container.
func TestAProxyThatHangsUpIsNoAnswer(t *testing.T) {
	g := &groups{}
	b := balancer(g)
	l := listen(t, b)
	b.Changed(task("a", "RUNNING", "RUNNING"))
	for range 3 {
		meet(t, l, "")
		if got := g.now(); len(got) > 0 {
			t.Fatalf("a connection that is cut is an answer: %v", got)
		}
	}
	meet(t, l, "HTTP/1.1 404 Not Found\r\n\r\n")
	until(t, "it is registered", func() bool { return len(g.now()) == 1 })
	b.Changed(task("a", "STOPPED", "STOPPED"))
}

// TestAGroupThatIsNotThereStopsNoTask.
func TestAGroupThatIsNotThereStopsNoTask(t *testing.T) {
	g := &groups{broken: true}
	b := balancer(g)
	l := listen(t, b)
	b.Changed(task("a", "RUNNING", "RUNNING"))
	meet(t, l, "HTTP/1.1 200 OK\r\n\r\n")
	b.Changed(task("a", "STOPPED", "STOPPED"))
	if got := g.now(); len(got) > 0 {
		t.Errorf("there is %v", got)
	}
}
