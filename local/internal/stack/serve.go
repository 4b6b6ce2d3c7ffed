package stack

import (
	"context"
	"errors"
	"fmt"

	"slipway/local/internal/port"
)

// Serve starts the emulator and the tasks' side of ECS, and deploys nothing: an account as it is before anybody has
// heard of Slipway. Down stops it.
func Serve(ctx context.Context, o Options) (Record, error) {
	o, err := o.complete()
	if err != nil {
		return Record{}, err
	}
	unlock, err := lock(o.State)
	if err != nil {
		return Record{}, err
	}
	defer unlock()
	if err := errors.Join(port.Check(o.Port), port.Check(o.ECSPort)); err != nil {
		return Record{}, fmt.Errorf("serve an empty account: %w", err)
	}
	if err := o.folders(); err != nil {
		return Record{}, err
	}
	o.Engine = o.engine(ctx)
	r := Record{Port: o.Port, ECSPort: o.ECSPort, Name: o.Name, Engine: o.Engine}
	for _, step := range []func(context.Context) error{
		o.tools, o.warm, func(ctx context.Context) error { return o.startEmulator(ctx, &r) }, o.buildServers,
		func(ctx context.Context) error { return o.startTasks(ctx, &r) },
	} {
		if err := step(ctx); err != nil {
			return Record{}, errors.Join(err, stop(o.State, r))
		}
	}
	return r, nil
}

// Reach is the environment in which a program reaches the stack and nothing of a person's own.
func (o Options) Reach(r Record) []string {
	return builderEnv(append(o.Like(r).awsEnv(), "SAM_CLI_TELEMETRY=0")...)
}

// SAM is the program that builds and deploys.
func (o Options) SAM() string { return o.sam() }
