package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"slipway/local/internal/port"
	"slipway/local/internal/process"
)

const grace = 10 * time.Second

// startEmulator starts the emulator of AWS. Its DOCKER_HOST points nowhere, so that its ECS keeps clusters, task
// definitions and services but starts nothing; its environment reaches the functions, which find ECS by it.
func (o Options) startEmulator(ctx context.Context, r *Record) error {
	env := append(serverEnv(), o.awsEnv()...)
	env = append(env,
		"BIND_HOST="+port.Local, "GATEWAY_PORT="+strconv.Itoa(o.Port), "MINISTACK_HOST="+port.Local,
		"MINISTACK_REGION="+Region, "MINISTACK_ACCOUNT_ID="+Account, "DOCKER_HOST=unix://"+o.in("none"),
		"TMPDIR="+o.in("tmp"), "STATE_DIR="+o.in("tmp", "state"), "S3_DATA_DIR="+o.in("tmp", "s3"),
		"PERSIST_STATE=0", "S3_PERSIST=0", "SFTP_ENABLED=0", "IOT_MTLS_ENABLED=0",
		"AWS_LAMBDA_LOG_FORMAT=JSON", // what Lambda sets for the template's LoggingConfig, and the emulator does not
	)
	return o.start(ctx, r, "emulator", o.Port, env, o.tool("ministack"))
}

// startTasks starts the tasks' side of ECS.
func (o Options) startTasks(ctx context.Context, r *Record) error {
	env := append(serverEnv("TMPDIR="+o.in("tmp")), o.awsEnv()...)
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		env = append(env, "DOCKER_HOST="+host)
	}
	return o.start(ctx, r, "fargate", o.ECSPort, env, o.in("fargate"),
		"-listen", net.JoinHostPort(port.Local, strconv.Itoa(o.ECSPort)), "-upstream", o.endpoint(),
		"-engine", o.Engine, "-bin", o.in("bin"))
}

// start starts a server, writes it down before anything else happens, so that Down finds it in any case, and waits
// until its port answers.
func (o Options) start(ctx context.Context, r *Record, name string, listens int, env []string, args ...string) error {
	_ = os.Remove(o.log(name)) // a log is of one start
	p, err := process.Start(process.Spec{Name: name, Args: args, Env: env, Dir: o.State, Log: o.log(name)})
	if err != nil {
		return err
	}
	r.Processes = append(r.Processes, p)
	if err := r.Save(o.State); err != nil {
		return err
	}
	if err := answers(ctx, p, listens); err != nil {
		return &Failure{Step: "start " + filepath.Base(args[0]), Log: p.Log, Err: err}
	}
	return nil
}

var errEnded = errors.New("it has ended")

// answers waits until a program listens on its port.
func answers(ctx context.Context, p process.Process, listens int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return poll(ctx, 100*time.Millisecond, func() (bool, error) {
		if !p.Alive() {
			return false, errEnded
		}
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(port.Local, strconv.Itoa(listens)))
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return true, conn.Close()
	})
}

// poll asks again and again until it is done, fails, or the time is over.
func poll(ctx context.Context, every time.Duration, done func() (bool, error)) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait: %w", context.Cause(ctx))
		case <-t.C:
		}
	}
}
