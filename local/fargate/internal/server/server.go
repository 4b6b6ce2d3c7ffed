package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"slipway/internal/fake"
	"slipway/local/fargate/internal/agent"
	"slipway/local/fargate/internal/balance"
	"slipway/local/fargate/internal/deliver"
	"slipway/local/fargate/internal/runner"
	"slipway/local/fargate/internal/upstream"
)

// Options say where everything is.
type Options struct {
	Listen   string // address of the server
	Upstream string // URL of the emulator
	Engine   string // auto, docker or process
	Bin      string // programs for host processes
	Region   string
	Key      string // access key ID that tasks and calls use; the emulator takes any
	Secret   string
	Start    time.Duration // from RunTask to RUNNING, for tasks whose containers start at once
	Log      *slog.Logger
}

// Server is a running local/fargate.
type Server struct {
	opts     Options
	ecs      *fake.ECS
	upstream *upstream.Client
	runner   *runner.Runner
	engine   string

	mu    sync.Mutex // protects following field: one look at the services at a time
	known map[[2]string]bool
}

const (
	tick         = 50 * time.Millisecond
	lookEvery    = time.Second
	stopWithin   = 6 * time.Second
	readTimeout  = 10 * time.Second
	startTimeout = 30 * time.Second
)

// Run serves until the context ends, and then stops every task.
func Run(ctx context.Context, o Options) error {
	s, err := New(ctx, o)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.Listen, err)
	}
	web := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: readTimeout}
	go s.advance(ctx)
	go s.watch(ctx)
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	o.Log.Info("serving", "listen", o.Listen, "upstream", o.Upstream, "engine", s.engine)
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = nil
	}
	s.runner.StopAll(stopWithin)
	return errors.Join(err, web.Close())
}

// New returns a server that does not run yet.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{opts: o, upstream: upstream.New(o.Upstream, o.Region, o.Key), known: map[[2]string]bool{}}
	account, err := s.account(ctx)
	if err != nil {
		return nil, err
	}
	engine, err := s.chooseEngine(ctx)
	if err != nil {
		return nil, err
	}
	targets := &balance.Balancer{Groups: s.upstream, Balanced: s.balanced, Log: o.Log}
	s.runner = &runner.Runner{
		Engine: engine, Logs: runner.AWSLogs{Groups: s.upstream}, Environment: s.environment, Ports: targets.Ports, Log: o.Log,
	}
	s.ecs = &fake.ECS{
		Region: o.Region, Account: account, Now: time.Now, Definition: s.definition, Cluster: s.providers, Runner: s.runner,
		Pace: fake.Pace{
			Provisioning: o.Start / 2, Pending: o.Start / 2, Activating: o.Start / 10,
			Deactivating: o.Start / 10, Deprovisioning: o.Start / 4,
		},
		Emit: deliver.New(ctx, s.upstream, o.Log).Put, Changed: targets.Changed,
	}
	return s, nil
}

// account asks the emulator, which may still be starting, for the account.
func (s *Server) account(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		account, err := s.upstream.Account(ctx)
		if err == nil {
			return account, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("ask the emulator at %s who we are: %w", s.opts.Upstream, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *Server) chooseEngine(ctx context.Context) (runner.Engine, error) {
	s.engine = s.opts.Engine
	if s.engine == "auto" {
		s.engine = "process"
		if runner.DockerAnswers(ctx) {
			s.engine = "docker"
		}
	}
	switch s.engine {
	case "process":
		return runner.Processes{Bin: s.opts.Bin}, nil
	case "docker":
		d := runner.Docker{Owner: s.opts.Listen}
		return d, d.Clean(ctx)
	}
	return nil, fmt.Errorf("engine %q: use auto, docker or process", s.opts.Engine)
}

// environment is what a container finds besides what its definition and the overrides say: what AWS puts there, and
// where the local stack is.
func (s *Server) environment(t fake.Task, container int) map[string]string {
	env := map[string]string{
		"AWS_ENDPOINT_URL": s.opts.Upstream, "AWS_ENDPOINT_URL_ECS": s.base(),
		"AWS_REGION": s.opts.Region, "AWS_DEFAULT_REGION": s.opts.Region,
		"AWS_ACCESS_KEY_ID": s.opts.Key, "AWS_SECRET_ACCESS_KEY": s.opts.Secret,
		"AWS_EXECUTION_ENV": "AWS_ECS_" + t.LaunchType, "AWS_EC2_METADATA_DISABLED": "true",
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/",
	}
	maps.Copy(env, agent.Environment(s.base(), t, container))
	return env
}

func (s *Server) base() string { return "http://" + s.opts.Listen }

// advance lets tasks go on in real time.
func (s *Server) advance(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.ecs.Advance()
		}
	}
}

// watch looks at the services now and then: CloudFormation creates them without passing here.
func (s *Server) watch(ctx context.Context) {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := s.look(ctx); err != nil && ctx.Err() == nil {
				s.opts.Log.Warn("services not read", "error", err)
			}
		}
	}
}
