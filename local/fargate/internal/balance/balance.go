package balance

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strconv"
	"sync"
	"time"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/runner"
)

// Groups are the target groups of Elastic Load Balancing.
type Groups interface {
	RegisterTarget(ctx context.Context, group, address string, port int) error
	DeregisterTarget(ctx context.Context, group, address string, port int) error
}

// Balancer keeps target groups. It may be used by several goroutines at once.
type Balancer struct {
	Groups Groups
	// Balanced is what load balancers reach of the service of a task.
	Balanced func(task fake.Task) []fake.LoadBalancer
	Log      *slog.Logger

	mu     sync.Mutex // protects following fields
	tasks  map[string]*member
	taken  map[int]bool // ports of this machine that tasks have
	serial int
}

// member is a task that load balancers reach.
type member struct {
	address string
	targets []target
	gone    chan struct{} // closed when the task is asked to stop
}

// target is a port of a task in a target group.
type target struct {
	group      string
	port       runner.Port
	registered bool
}

// Ports are where a container of a task is reached by load balancers; none when there are none.
func (b *Balancer) Ports(task fake.Task, container string) []runner.Port {
	all := b.Balanced(task)
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []runner.Port
	for _, lb := range all {
		if lb.ContainerName != container {
			continue
		}
		m := b.member(task.TaskArn)
		port := runner.Port{Address: m.address, Host: b.free(lb.ContainerPort), Container: lb.ContainerPort}
		m.targets = append(m.targets, target{group: lb.TargetGroupARN, port: port})
		out = append(out, port)
	}
	return out
}

// member is the task of an ARN. Each has an address of its own, as each has with awsvpc: Linux answers at all of
// 127.0.0.0/8.
func (b *Balancer) member(arn string) *member {
	if b.tasks == nil {
		b.tasks, b.taken = map[string]*member{}, map[int]bool{}
	}
	m, ok := b.tasks[arn]
	if !ok {
		b.serial++
		m = &member{address: "127.0.0.1", gone: make(chan struct{})}
		if runtime.GOOS == "linux" {
			m.address = fmt.Sprintf("127.77.%d.%d", b.serial>>8&255, b.serial&255)
		}
		b.tasks[arn] = m
	}
	return m
}

// free is a port of this machine that nobody has: the wanted one, if that is so.
func (b *Balancer) free(wanted int) int {
	for _, try := range []int{wanted, 0, 0, 0} {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(try)))
		if err != nil {
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of tcp
		_ = l.Close()
		if !b.taken[port] {
			b.taken[port] = true
			return port
		}
	}
	return wanted // the container fails to listen, and says so
}

// Changed follows a task.
func (b *Balancer) Changed(task fake.Task) {
	switch {
	case task.DesiredStatus == "STOPPED":
		b.leave(task.TaskArn)
	case task.LastStatus == "RUNNING":
		b.mu.Lock()
		m := b.tasks[task.TaskArn]
		b.mu.Unlock()
		if m != nil {
			go b.join(m)
		}
	}
}

// join registers the targets of a task, each when it answers.
func (b *Balancer) join(m *member) {
	for i := range m.targets {
		if !answers(m, m.targets[i].port) {
			return
		}
		if err := b.register(m, &m.targets[i]); err != nil {
			b.Log.Warn("task not registered in its target group", "group", m.targets[i].group, "error", err)
		}
	}
}

func (b *Balancer) register(m *member, t *target) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-m.gone:
		return nil
	default:
	}
	if err := b.Groups.RegisterTarget(context.Background(), t.group, t.port.Address, t.port.Host); err != nil {
		return err
	}
	t.registered = true
	return nil
}

// leave deregisters the targets of a task.
func (b *Balancer) leave(arn string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.tasks[arn]
	if !ok {
		return
	}
	delete(b.tasks, arn)
	close(m.gone)
	for _, t := range m.targets {
		delete(b.taken, t.port.Host)
		if !t.registered {
			continue
		}
		if err := b.Groups.DeregisterTarget(context.Background(), t.group, t.port.Address, t.port.Host); err != nil {
			b.Log.Warn("task not deregistered from its target group", "group", t.group, "error", err)
		}
	}
}

const (
	askEvery  = 50 * time.Millisecond
	askWithin = time.Second
)

// answers waits until somebody answers at a port. It reports false when the task is gone before.
func answers(m *member, port runner.Port) bool {
	for !asked(net.JoinHostPort(port.Address, strconv.Itoa(port.Host))) {
		select {
		case <-m.gone:
			return false
		case <-time.After(askEvery):
		}
	}
	return true
}

// asked asks for a page, as a health check does, and wants an answer. To be let in is not enough: the proxy of a container
// engine lets everybody in, and hangs up or says nothing while nobody listens in the container.
func asked(address string) bool {
	conn, err := net.DialTimeout("tcp", address, askWithin) //nolint:noctx // it has a time limit
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }() // only asked
	_ = conn.SetDeadline(time.Now().Add(askWithin))
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n"); err != nil {
		return false
	}
	n, _ := conn.Read(make([]byte, 1)) // an error is no answer
	return n > 0
}
