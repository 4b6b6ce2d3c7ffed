package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"slipway/internal/cloud/bucket"
	"slipway/internal/cloud/cluster"
	"slipway/internal/cloud/ecr"
	"slipway/internal/cloud/iam"
	"slipway/internal/cloud/identity"
	"slipway/internal/cloud/sqs"
	"slipway/internal/cloud/vpc"
	"slipway/internal/config"
	"slipway/internal/deploy"
)

// look reads from the account what the files name, and refuses what cannot work, all of it at once, before anything is
// changed.
func (e *environment) look(ctx context.Context, c config.Config) error {
	if err := usable(ctx, e.cfg); err != nil {
		return err
	}
	facts, err := e.facts(ctx, c)
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
		say(e.err, "%s. Nothing was changed.\n", count(len(findings), "problem"))
		return errFound
	}
	return nil
}

func (e *environment) facts(ctx context.Context, c config.Config) (deploy.Facts, error) {
	named, err := deploy.Names(c, e.settings)
	if err != nil {
		return deploy.Facts{}, err
	}
	arn, err := identity.Caller(ctx, e.cfg, e.endpoint("STS"))
	if err != nil {
		return deploy.Facts{}, err
	}
	f := deploy.Facts{
		Region: e.cfg.Region, Subnets: map[string]string{}, Buckets: map[string]string{}, Providers: map[string][]string{},
		Tasks: map[string]deploy.Definition{}, Services: map[string]bool{}, Queues: map[string]bool{}, Roles: map[string]string{},
		Images: map[string]bool{},
	}
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		f.Account = parts[4]
	}
	for _, read := range []func(context.Context, deploy.Named, *deploy.Facts) error{e.readSubnets, e.readBuckets, e.readCluster, e.readQueues, e.readRoles, e.readImages} {
		if err := read(ctx, named, &f); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (e *environment) readSubnets(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	if len(n.Subnets) == 0 {
		return nil
	}
	found, err := vpc.New(e.cfg, e.endpoint("EC2")).Subnets(ctx, n.Subnets)
	for _, s := range found {
		f.Subnets[s.ID] = s.VPC
	}
	return err
}

func (e *environment) readBuckets(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	for _, name := range n.Buckets {
		standing, err := bucket.New(e.cfg, e.endpoint("S3"), name).Standing(ctx, f.Account)
		if err != nil {
			return err
		}
		f.Buckets[name] = map[bucket.Standing]string{
			bucket.Missing:   "does not exist",
			bucket.Forbidden: "is of another account, or these credentials may not see it",
			bucket.Elsewhere: "is in another region; its events do not come here",
		}[standing]
	}
	return nil
}

func (e *environment) readCluster(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	ecs := cluster.New(e.cfg, e.endpoint("ECS"))
	if n.Spot {
		has, err := ecs.Has(ctx)
		if err != nil {
			return err
		}
		f.Spot = has["FARGATE_SPOT"]
	}
	for _, name := range n.Clusters {
		o, found, err := ecs.Offer(ctx, name)
		if err != nil {
			return err
		}
		if found {
			f.Providers[name] = o.Providers
		}
	}
	return readTasks(ctx, ecs, n, f)
}

func readTasks(ctx context.Context, ecs *cluster.ECS, n deploy.Named, f *deploy.Facts) error {
	for _, name := range n.Definitions {
		t, found, err := ecs.Task(ctx, name)
		if err != nil {
			return err
		}
		if found && t.Active {
			f.Tasks[name] = deploy.Definition{Containers: t.Declared.ContainerNames(), Roles: t.Roles}
		}
	}
	for _, at := range n.Services {
		on, name, _ := strings.Cut(at, "/")
		_, found, err := ecs.Service(ctx, on, name)
		if err != nil {
			return err
		}
		f.Services[at] = found
	}
	return nil
}

func (e *environment) readQueues(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
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

// readImages looks for the images that are in the registry of the account. Others may need credentials of their own.
func (e *environment) readImages(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	for _, image := range n.Images {
		name, ok := ecr.Parse(image)
		if !ok || name.Account != f.Account || name.Region != f.Region {
			continue
		}
		digest, err := ecr.New(e.cfg, e.endpoint("ECR")).Digest(ctx, name)
		if err != nil {
			return err
		}
		f.Images[image] = digest != ""
	}
	return nil
}

func (e *environment) readRoles(ctx context.Context, n deploy.Named, f *deploy.Facts) error {
	roles := iam.New(e.cfg, e.endpoint("IAM"))
	for _, arn := range n.Roles {
		if parts := strings.Split(arn, ":"); len(parts) > 4 && parts[4] != f.Account {
			f.Roles[arn] = "it belongs to account " + parts[4]
			continue
		}
		trusted, err := roles.Trusted(ctx, arn)
		switch {
		case errors.Is(err, iam.ErrNoRole):
			f.Roles[arn] = "there is no such role"
		case err != nil:
			return err
		case !slices.Contains(trusted, "ecs-tasks.amazonaws.com"):
			f.Roles[arn] = "its trust policy does not name ecs-tasks.amazonaws.com"
		default:
			f.Roles[arn] = ""
		}
	}
	return nil
}
