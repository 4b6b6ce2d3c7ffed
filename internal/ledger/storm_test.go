package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway/internal/emulator"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// counter is told, and counts.
type counter struct{ mails, told atomic.Int64 }

func (*counter) Publish(context.Context, run.Run, run.Effect) error          { return nil }
func (*counter) Announce(context.Context, run.Incident, run.Notice) error    { return nil }
func (*counter) Bury(context.Context, run.Incident, run.Notice, error) error { return nil }
func (*counter) Nudge(context.Context, string) error                         { return nil }
func (c *counter) Mail(_ context.Context, _ run.Incident, n run.Notice) ([]string, error) {
	c.mails.Add(1)
	c.told.Add(int64(n.New))
	return nil, nil
}

// TestManyWritersCountEveryCase is a storm of one kind on the real table: four functions, each with batches of ten.
func TestManyWritersCountEveryCase(t *testing.T) {
	cfg, url := emulator.Config(t)
	table := emulator.Table(t.Context(), t)
	var seconds atomic.Int64
	effects := &counter{}
	var functions []*orchestrator.Orchestrator
	for range 4 {
		functions = append(functions, orchestrator.New(orchestrator.Options{
			Stack: "s", Ledger: ledger.New(cfg, url, table), Effects: effects, Watched: []orchestrator.Service{{Cluster: "work", Name: "web"}},
			Now: func() time.Time { return noon.Add(time.Duration(seconds.Load()) * time.Second) },
		}))
	}
	const batches, size = 5, 10
	var wait sync.WaitGroup
	for f, o := range functions {
		wait.Go(func() {
			for b := range batches {
				var batch sync.WaitGroup
				for n := range size {
					batch.Go(func() {
						if err := delivered(t.Context(), o, failedTask(fmt.Sprintf("%d-%d-%d", f, b, n))); err != nil {
							t.Error(err)
						}
					})
				}
				batch.Wait()
			}
		})
	}
	wait.Wait()
	seconds.Store(301)
	if err := functions[0].Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if mails, told := effects.mails.Load(), effects.told.Load(); mails != 2 || told != int64(len(functions)*batches*size) {
		t.Errorf("%d mails tell of %d failures, want 2 of %d", mails, told, len(functions)*batches*size)
	}
}

// delivered lets a function see a task as often as its queue would: where others were faster each time, the message comes
// again.
func delivered(ctx context.Context, o *orchestrator.Orchestrator, task run.Task) error {
	const maxReceives = 5
	var err error
	for range maxReceives {
		if err = o.Observe(ctx, task); err == nil || !run.Retryable(err) {
			return err
		}
	}
	return err
}

func failedTask(id string) run.Task {
	one := 1
	return run.Task{
		ARN: "arn:aws:ecs:r:1:task/work/" + id, Cluster: "arn:aws:ecs:r:1:cluster/work", Group: "service:web", LastStatus: run.StatusStopped,
		StopCode: "EssentialContainerExited", StoppedAt: noon, Containers: []run.Container{{Name: "main", ExitCode: &one}},
	}
}
