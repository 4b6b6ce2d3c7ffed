package stack

import (
	"context"
	"errors"
	"fmt"
	"os"

	"slipway/local/internal/port"
)

// Result says what Up found and did.
type Result struct {
	Record
	Ran      bool // it ran already
	Deployed bool // something was deployed
}

// Up starts the stack unless it runs, deploys unless nothing has changed, and returns when it is ready. When a step
// fails, it stops what it has started, and the error says which log to read.
func Up(ctx context.Context, o Options) (Result, error) {
	o, err := o.complete()
	if err != nil {
		return Result{}, err
	}
	unlock, err := lock(o.State)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	r, err := Load(o.State)
	if err != nil {
		return Result{}, err
	}
	if r.Running() {
		return o.again(ctx, r)
	}
	if err := stop(o.State, r); err != nil { // what is left of it
		return Result{}, err
	}
	return o.fresh(ctx)
}

// again brings a stack that runs up to date. It keeps the ports, the name and the engine that it was started with.
func (o Options) again(ctx context.Context, r Record) (Result, error) {
	o = o.Like(r)
	inputs, err := o.fingerprint()
	if err != nil {
		return Result{}, err
	}
	if r.Fingerprint == inputs {
		return Result{Record: r, Ran: true}, r.writeEnvironment(o.State)
	}
	err = together(ctx, o.step("build the tasks", o.buildTasks), o.step("build the functions (sam build)", o.buildFunctions))
	if err != nil {
		return Result{}, err
	}
	if r, err = o.release(ctx, r, inputs); err != nil {
		return Result{}, fmt.Errorf("%w\nThe stack goes on running; make down and make up start it anew", err)
	}
	return Result{Record: r, Ran: true, Deployed: true}, nil
}

// fresh starts everything from nothing.
func (o Options) fresh(ctx context.Context) (Result, error) {
	if err := errors.Join(port.Check(o.Port), port.Check(o.ECSPort)); err != nil {
		return Result{}, fmt.Errorf("%w\nStop it, or choose other ports with SLIPWAY_PORT and SLIPWAY_ECS_PORT", err)
	}
	if err := o.folders(); err != nil {
		return Result{}, err
	}
	o.Engine = o.engine(ctx)
	inputs, err := o.fingerprint()
	if err != nil {
		return Result{}, err
	}
	r := Record{Port: o.Port, ECSPort: o.ECSPort, Name: o.Name, Engine: o.Engine}
	if err = o.startAndBuild(ctx, &r); err == nil {
		r, err = o.release(ctx, r, inputs)
	}
	if err != nil {
		return Result{}, errors.Join(err, stop(o.State, r))
	}
	return Result{Record: r, Deployed: true}, nil
}

// startAndBuild starts the emulator and builds meanwhile; the tasks' side of ECS follows when it is built.
func (o Options) startAndBuild(ctx context.Context, r *Record) error {
	if err := together(ctx, o.tools, o.step("compile (go build)", o.warm)); err != nil {
		return err
	}
	err := together(ctx,
		o.step("start the emulator", func(ctx context.Context) error { return o.startEmulator(ctx, r) }),
		o.step("build the tasks and their ECS", o.buildServers),
		o.step("build the functions (sam build)", o.buildFunctions),
	)
	if err != nil {
		return err
	}
	return o.step("start ECS", func(ctx context.Context) error { return o.startTasks(ctx, r) })(ctx)
}

// step shows what is done.
func (o Options) step(name string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error { return o.Screen.Step(name, func() error { return do(ctx) }) }
}

func (o Options) buildServers(ctx context.Context) error {
	if err := o.compile(ctx, "build-fargate", o.in("fargate"), "./local/fargate"); err != nil {
		return err
	}
	return o.buildTasks(ctx)
}

// release deploys what was built, waits until it is ready, and writes the record and the environment.
func (o Options) release(ctx context.Context, r Record, inputs string) (Record, error) {
	first := r.Outputs == nil
	r.Fingerprint, r.Config = "", o.Config // until it is known to be there
	if err := r.Save(o.State); err != nil {
		return r, err
	}
	err := o.Screen.Step("deploy (sam deploy)", func() error {
		return errors.Join(o.prepare(ctx, r), o.deploy(ctx, r))
	})
	if err != nil {
		return r, err
	}
	err = o.Screen.Step("wait until it is ready", func() error { return r.settle(ctx, first) })
	if err != nil {
		return r, err
	}
	r.Fingerprint = inputs
	return r, errors.Join(r.Save(o.State), r.writeEnvironment(o.State))
}

// settle reads what was deployed and waits until it is ready.
func (r *Record) settle(ctx context.Context, first bool) error {
	outputs, err := r.outputs(ctx)
	if err != nil {
		return err
	}
	r.Outputs = outputs
	if err := r.complete(); err != nil {
		return err
	}
	if first {
		if err := r.rest(ctx); err != nil {
			return err
		}
	}
	return r.ready(ctx)
}

func (o Options) folders() error {
	for _, dir := range []string{"log", "bin", "tmp"} {
		if err := os.MkdirAll(o.in(dir), 0o750); err != nil {
			return fmt.Errorf("make the folders of the state: %w", err)
		}
	}
	return nil
}

// Down stops what Up has started and nothing else. A stack that does not run is no error; the answer says whether it
// ran.
func Down(_ context.Context, state string) (ran bool, err error) {
	unlock, err := lock(state)
	if err != nil {
		return false, err
	}
	defer unlock()
	r, err := Load(state)
	if err != nil {
		return false, err
	}
	for _, p := range r.Processes {
		ran = ran || p.Alive()
	}
	return ran, stop(state, r)
}

// stop ends the programs of a record, the tasks' side first so that no task outlives it, and forgets them.
func stop(state string, r Record) error {
	var problems []error
	for i := len(r.Processes) - 1; i >= 0; i-- {
		problems = append(problems, r.Processes[i].Stop(grace))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	for _, name := range []string{recordFile, "env"} {
		if err := os.RemoveAll(state + string(os.PathSeparator) + name); err != nil {
			return fmt.Errorf("forget the stack: %w", err)
		}
	}
	return nil
}
