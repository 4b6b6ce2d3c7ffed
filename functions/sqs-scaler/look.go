package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"slipway/internal/cloud/ecs"
	"slipway/internal/config"
	"slipway/internal/run"
	"slipway/internal/scaling"
	"slipway/internal/telemetry"
)

// policy is a scaler's configuration in the words of the policy.
func policy(s config.Scaler) scaling.Policy {
	p := scaling.Policy{
		Min: s.Min, Max: s.Max, MessagesPerTask: s.MessagesPerTask, Latency: s.Latency,
		ServiceTime: s.ServiceTime, StartupTime: s.StartupTime, ScaleIn: scaling.ScaleIn(s.ScaleIn), MaxGroups: s.MaxGroups,
	}
	for _, url := range s.Queues {
		p.FIFO = p.FIFO || strings.HasSuffix(url, ".fifo")
	}
	return p
}

// look reads the queues and the service, decides, and changes the service when the decision differs from what it has.
// It reports whether nothing was to do for a while.
func (h *handler) look(ctx context.Context, s config.Scaler, f *followed, m *memory) (rest bool, err error) {
	sample, err := h.sample(ctx, s)
	if err != nil {
		return false, err
	}
	d, state := scaling.Decide(policy(s), m.state, sample, time.Now())
	m.state = state
	f.Desired, f.Reason, f.Looks = d.Desired, string(d.Reason), f.Looks+1
	if d.Desired != sample.Desired {
		if err := h.services.SetDesired(ctx, s.Cluster, s.Service, d.Desired); err != nil {
			return false, fmt.Errorf("scale service %s: %w", s.Service, err)
		}
		f.Changes++
	}
	h.report(ctx, s, sample, d)
	return d.Rest, nil
}

// sample reads all that a decision needs. A reading that fails fails the sample.
func (h *handler) sample(ctx context.Context, s config.Scaler) (scaling.Sample, error) {
	out := scaling.Sample{At: time.Now()}
	for _, url := range s.Queues {
		d, err := h.queues.Depth(ctx, url)
		if err != nil {
			return out, fmt.Errorf("read a queue of scaler %s: %w", s.Name, err)
		}
		out.Visible, out.InFlight, out.Delayed = out.Visible+d.Visible, out.InFlight+d.InFlight, out.Delayed+d.Delayed
	}
	service, err := h.services.Service(ctx, s.Cluster, s.Service)
	if err != nil {
		return out, fmt.Errorf("read the service of scaler %s: %w", s.Name, err)
	}
	if !service.Active {
		return out, run.Never("service-inactive", fmt.Errorf("read the service of scaler %s: it is not ACTIVE", s.Name))
	}
	out.Desired, out.Running, out.Pending = service.Desired, service.Running, service.Pending
	out.Deploying, out.StartFailures = deployment(service)
	return out, nil
}

// deployment reports whether tasks of an older deployment are still there, and how many of the newest failed to start.
func deployment(s ecs.Service) (replacing bool, failed int) {
	for _, d := range s.Deployments {
		switch {
		case d.Status != "PRIMARY":
			replacing = replacing || d.Running+d.Pending > 0
		case d.Rollout != "COMPLETED":
			failed = d.Failed
		}
	}
	return replacing, failed
}

// report tells of a decision: a log line, and metrics.
func (h *handler) report(ctx context.Context, s config.Scaler, sample scaling.Sample, d scaling.Decision) {
	h.log.InfoContext(ctx, "scaling decided", "scaler", s.Name, "service", s.Service, "from", sample.Desired, "to", d.Desired,
		"reason", d.Reason, "visible", sample.Visible, "inFlight", sample.InFlight, "delayed", sample.Delayed,
		"running", sample.Running, "pending", sample.Pending, "waitSeconds", d.Wait.Seconds())
	h.metrics.Emit(s.Name, map[telemetry.Metric]int{
		telemetry.MessagesVisible: sample.Visible, telemetry.MessagesInFlight: sample.InFlight,
		telemetry.MessagesDelayed: sample.Delayed, telemetry.WaitSeconds: int(d.Wait.Seconds()),
		telemetry.TasksDesired: d.Desired, telemetry.TasksRunning: sample.Running,
	})
	h.metrics.Emit(s.Name+"/"+string(d.Reason), map[telemetry.Metric]int{telemetry.ScalingDecisions: 1})
}
