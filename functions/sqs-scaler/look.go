package main

import (
	"context"
	"fmt"

	"slipway/internal/config"
	"slipway/internal/run"
	"slipway/internal/scaling"
	"slipway/internal/telemetry"
)

// look reads the queues and the service, decides, and changes the service when the decision differs from what it has.
// It reports whether there is nothing left to do: no messages, and the service at its minimum.
func (h *handler) look(ctx context.Context, s config.Scaler, f *followed) (rest bool, err error) {
	sample, err := h.sample(ctx, s)
	if err != nil {
		return false, err
	}
	policy := scaling.Policy{Min: s.Min, Max: s.Max, MessagesPerTask: s.MessagesPerTask}
	d := scaling.Decide(policy, sample)
	f.Desired, f.Reason, f.Looks = d.Desired, string(d.Reason), f.Looks+1
	if d.Desired != sample.Desired {
		if err := h.services.SetDesired(ctx, s.Cluster, s.Service, d.Desired); err != nil {
			return false, fmt.Errorf("scale service %s: %w", s.Service, err)
		}
		f.Changes++
	}
	h.report(ctx, s, sample, d)
	return sample.Visible+sample.InFlight == 0 && d.Desired <= s.Min, nil
}

// sample reads all that a decision needs. A reading that fails fails the sample.
func (h *handler) sample(ctx context.Context, s config.Scaler) (scaling.Sample, error) {
	var out scaling.Sample
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
	return out, nil
}

func (h *handler) report(ctx context.Context, s config.Scaler, sample scaling.Sample, d scaling.Decision) {
	h.log.InfoContext(ctx, "scaling decided", "scaler", s.Name, "service", s.Service, "from", sample.Desired, "to", d.Desired,
		"reason", d.Reason, "visible", sample.Visible, "inFlight", sample.InFlight, "delayed", sample.Delayed,
		"running", sample.Running, "pending", sample.Pending)
	h.metrics.Emit("Scaler", s.Name, map[telemetry.Metric]int{
		telemetry.MessagesVisible: sample.Visible, telemetry.MessagesInFlight: sample.InFlight,
		telemetry.TasksDesired: d.Desired, telemetry.TasksRunning: sample.Running,
	})
}
