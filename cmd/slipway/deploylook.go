package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"slipway/internal/cloud/bucket"
	"slipway/internal/cloud/cluster"
	"slipway/internal/cloud/iam"
	"slipway/internal/cloud/identity"
	"slipway/internal/cloud/sqs"
	"slipway/internal/cloud/vpc"
	"slipway/internal/config"
	"slipway/internal/deploy"
)

// look reads from the account what the files name, and refuses to go on when something stands against it.
func (e *environment) look(ctx context.Context, c config.Config) error {
	named, err := deploy.Names(c, e.settings)
	if err != nil {
		return err
	}
	facts, err := e.facts(ctx, named)
	if err != nil {
		return err
	}
	findings, err := deploy.Findings(c, e.settings, facts)
	if err != nil {
		return err
	}
	for _, f := range findings {
		say(e.err, "%s\n", f)
	}
	if len(findings) > 0 {
		say(e.err, "Nothing was changed.\n")
		return errFound
	}
	return nil
}

func (e *environment) facts(ctx context.Context, n deploy.Named) (deploy.Facts, error) {
	f := deploy.Facts{
		Region: e.cfg.Region, Subnets: map[string]string{}, Buckets: map[string]string{}, Providers: map[string][]string{},
		Tasks: map[string]deploy.Definition{}, Services: map[string]bool{}, Queues: map[string]bool{}, Roles: map[string]string{},
	}
	arn, err := identity.Caller(ctx, e.cfg, e.endpoint("STS"))
	if err != nil {
		return f, err
	}
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		f.Account = parts[4]
	}
	for _, read := range []func(context.Context, deploy.Named, *deploy.Facts) error{e.network, e.buckets, e.clusters, e.definitions, e.queuesOf, e.roles} {
		if err := read(ctx, n, &f); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (e *environment) network(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	if len(n.Subnets) == 0 {
		return nil
	}
	found, err := vpc.New(e.cfg, e.endpoint("EC2")).Subnets(ctx, n.Subnets)
	for _, s := range found {
		f.Subnets[s.ID] = s.VPC
	}
	return err
}

func (e *environment) buckets(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	words := map[bucket.Standing]string{
		bucket.Missing: "does not exist", bucket.Elsewhere: "is in another region, and its events stay there",
		bucket.Forbidden: "belongs to another account, or these credentials may not read it",
	}
	for _, name := range n.Buckets {
		standing, err := bucket.New(e.cfg, e.endpoint("S3"), name).Standing(ctx, f.Account)
		if err != nil {
			return err
		}
		f.Buckets[name] = words[standing]
	}
	return nil
}

func (e *environment) clusters(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	ecs := cluster.New(e.cfg, e.endpoint("ECS"))
	for _, name := range n.Clusters {
		providers, found, err := ecs.Providers(ctx, name)
		if err != nil {
			return err
		}
		if found {
			f.Providers[name] = providers
		}
	}
	for _, at := range n.Services {
		i := strings.LastIndexByte(at, '/')
		found, err := ecs.HasService(ctx, at[:i], at[i+1:])
		if err != nil {
			return err
		}
		f.Services[at] = found
	}
	if !n.Spot {
		return nil
	}
	var err error
	f.Spot, err = ecs.Available(ctx, "FARGATE_SPOT")
	return err
}

func (e *environment) definitions(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	ecs := cluster.New(e.cfg, e.endpoint("ECS"))
	for _, name := range n.Definitions {
		d, found, err := ecs.Definition(ctx, name)
		if err != nil {
			return err
		}
		if found {
			f.Tasks[name] = deploy.Definition(d)
		}
	}
	return nil
}

func (e *environment) queuesOf(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	queues := sqs.New(e.cfg, e.endpoint("SQS"))
	for _, url := range n.Queues {
		_, err := queues.Depth(ctx, url)
		if _, refused := afterRefusal(err); err != nil && !refused {
			return err
		}
		f.Queues[url] = err == nil
	}
	return nil
}

// roles finds out whether tasks may be given the roles. Who may not read a role learns nothing about it, which is no
// reason against deploying.
func (e *environment) roles(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	for _, arn := range n.Roles {
		f.Roles[arn] = ""
		if parts := strings.Split(arn, ":"); len(parts) > 4 && parts[4] != f.Account {
			f.Roles[arn] = fmt.Sprintf("it belongs to account %s, and tasks run in %s", parts[4], f.Account)
			continue
		}
		services, err := iam.New(e.cfg, e.endpoint("IAM")).Trusted(ctx, arn)
		switch {
		case errors.Is(err, iam.ErrNoRole):
			f.Roles[arn] = "there is no such role"
		case err != nil:
			say(e.err, "note: %s\n", err)
		case !slices.Contains(services, "ecs-tasks.amazonaws.com"):
			f.Roles[arn] = "its trust policy does not let ecs-tasks.amazonaws.com take it"
		}
	}
	return nil
}
