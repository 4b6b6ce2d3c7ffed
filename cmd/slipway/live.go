package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"slipway/internal/cloud/autoscaling"
	"slipway/internal/cloud/awsconf"
	"slipway/internal/config"
)

// checkLive reports what only AWS can tell.
func (o *options) checkLive(ctx context.Context, c config.Config, values []string) error {
	found, err := o.managed(ctx, c, values)
	if err != nil {
		return err
	}
	for _, p := range found {
		say(o.err, "%s: %s\n", o.file, p)
	}
	if len(found) > 0 {
		return errFound
	}
	return nil
}

// managed asks AWS which of the services under scalers Application Auto Scaling manages too, and returns a problem for
// each: the two would undo each other.
func (o *options) managed(ctx context.Context, c config.Config, values []string) ([]string, error) {
	known, err := o.deployTime(values)
	if err != nil {
		return nil, err
	}
	byTarget := map[string]string{}
	var targets []string
	for _, s := range c.Scalers {
		target, err := o.fillIn(ctx, "service/"+clusterOf(s.Cluster)+"/"+s.Service, known)
		if err != nil {
			return nil, fmt.Errorf("scaler %s: %w", s.Name, err)
		}
		byTarget[target] = s.Name
		targets = append(targets, target)
	}
	cfg, err := o.connect(ctx, o.region, o.profile)
	if err != nil {
		return nil, err
	}
	found, err := autoscaling.New(cfg, awsconf.Endpoint(o.getenv, "APPLICATION_AUTO_SCALING"), o.now).Managed(ctx, targets)
	if err != nil {
		return nil, refusal{err, "Look whether the credentials may call application-autoscaling:DescribeScalableTargets."}
	}
	var out []string
	for _, target := range found {
		out = append(out, fmt.Sprintf("scalers.%s: Application Auto Scaling manages %s too, and the two would undo each other; "+
			"run aws application-autoscaling deregister-scalable-target --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id %s, or remove the scaler",
			byTarget[target], target, target))
	}
	slices.Sort(out)
	return out, nil
}

// fillIn fills in deploy-time values: those that are known, else the outputs of the stack.
func (o *options) fillIn(ctx context.Context, text string, known map[string]string) (string, error) {
	lookup := func(name string) (string, bool) { v, ok := known[name]; return v, ok }
	filled, unknown := config.Expand(text, lookup)
	if len(unknown) == 0 {
		return filled, nil
	}
	d, err := o.deployed(ctx)
	if err != nil {
		return "", fmt.Errorf("fill in ${%s} (or give --value %s=…): %w", unknown[0], unknown[0], err)
	}
	for _, name := range unknown {
		if known[name] = d.output(name); known[name] == "" {
			known[name] = d.output(name + "Name")
		}
		if known[name] == "" {
			return "", fmt.Errorf("${%s} is no output of stack %s; give it as --value %s=…", name, d.name, name)
		}
	}
	filled, _ = config.Expand(text, lookup)
	return filled, nil
}

// deployTime are the deploy-time values of the environment, as a function has them, and NAME=VALUE of the flags.
func (o *options) deployTime(flags []string) (map[string]string, error) {
	out := map[string]string{}
	if text := o.getenv("SLIPWAY_VALUES"); text != "" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return nil, fmt.Errorf("read SLIPWAY_VALUES: %w", err)
		}
	}
	for _, f := range flags {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			return nil, fmt.Errorf("read --value: %q is not NAME=VALUE", f)
		}
		out[name] = value
	}
	return out, nil
}

// clusterOf is the name in the ARN of a cluster.
func clusterOf(cluster string) string {
	return cluster[strings.LastIndexByte(cluster, '/')+1:]
}
