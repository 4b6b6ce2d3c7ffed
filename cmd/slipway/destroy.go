package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"slipway/internal/cloud/bucket"
	"slipway/internal/cloud/cloudformation"
	"slipway/internal/cloud/dynamodb"
	"slipway/internal/deploy"
)

func destroyCommand(o *options) *cobra.Command {
	e := &environment{options: o}
	var all bool
	c := &cobra.Command{
		Use:   "destroy",
		Short: "Remove a deployed stack and everything of it that costs money",
		Long: `Destroy shows what goes and what stays, asks, and removes stack slipway-ENV, the image repositories, and the buckets
that the stack made, with everything in them. Buckets, clusters, task definitions, queues and services of your own are
not touched. The ledger stays, with the history of every run, unless --all is given.`,
		Example: `  slipway destroy --env dev --dry-run      what would go
  slipway destroy --env dev --all          the ledger too`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.destroy(c.Context(), all) },
	}
	e.flags(c)
	c.Flags().BoolVar(&all, "all", false, "delete the ledger too: the history of every run is gone then")
	return c
}

func (e *environment) destroy(ctx context.Context, all bool) error {
	if err := e.load(); err != nil {
		return err
	}
	if err := e.account(ctx); err != nil {
		return err
	}
	if err := usable(ctx, e.cfg); err != nil {
		return err
	}
	formation := cloudformation.New(e.cfg, e.endpoint("CLOUDFORMATION"))
	resources, err := formation.Resources(ctx, e.stackID())
	if err != nil {
		return err
	}
	images, err := formation.Resources(ctx, e.imagesStack())
	if err != nil && !errors.Is(err, cloudformation.ErrNoStack) {
		return err
	}
	r := deploy.Removal(e.stackID(), ofStack(resources), ofStack(images), all)
	if e.dryRun {
		return e.answer(r, func(w io.Writer) { printRemoval(w, r, e.cfg.Region) })
	}
	printRemoval(e.err, r, e.cfg.Region)
	if err := e.agreed("This cannot be taken back", e.yes); err != nil {
		return err
	}
	if err := e.remove(ctx, formation, r, len(images) > 0); err != nil {
		return err
	}
	return e.answer(r, func(w io.Writer) {
		say(w, "Stack %s is gone.\n", r.Stack)
		for _, kept := range r.Kept {
			say(w, "The ledger is kept: aws dynamodb delete-table --table-name %s --region %s deletes it.\n", kept, e.cfg.Region)
		}
	})
}

func printRemoval(w io.Writer, r deploy.Removed, region string) {
	say(w, "In %s, these go:\n  stack %s with %s\n", region, r.Stack, count(r.Resources, "resource"))
	for _, b := range r.Buckets {
		say(w, "  bucket %s, with everything in it\n", b)
	}
	for _, name := range r.Repositories {
		say(w, "  image repository %s, with every image\n", name)
	}
	for _, t := range r.Tables {
		say(w, "  ledger %s, with the history of every run\n", t)
	}
	for _, t := range r.Kept {
		say(w, "This stays:\n  ledger %s (--all deletes it too)\n", t)
	}
}

// remove takes the stack first: while its functions run, they would write into what is emptied. A bucket and the ledger
// are kept by CloudFormation, so that they are removed by name afterwards.
func (e *environment) remove(ctx context.Context, formation *cloudformation.CloudFormation, r deploy.Removed, images bool) error {
	say(e.err, "Deleting stack %s; this takes some minutes.\n", r.Stack)
	if err := formation.Delete(ctx, r.Stack); err != nil {
		return err
	}
	for _, name := range r.Buckets {
		if err := bucket.New(e.cfg, e.endpoint("S3"), name).Remove(ctx); err != nil {
			return e.left(r, err)
		}
	}
	for _, name := range r.Tables {
		if err := dynamodb.DeleteTable(ctx, e.cfg, e.endpoint("DYNAMODB"), name); err != nil {
			return e.left(r, err)
		}
	}
	if !images {
		return nil
	}
	return formation.Delete(ctx, e.imagesStack())
}

// left names what is still there: the stack is gone, and cannot be asked for it any more.
func (e *environment) left(r deploy.Removed, err error) error {
	return fmt.Errorf("%w; the stack is gone, but not all of %v is: remove these by hand", err, slices.Concat(r.Buckets, r.Tables, r.Repositories))
}

// ofStack are resources in the words of package deploy.
func ofStack(resources []cloudformation.Resource) []deploy.Resource {
	var out []deploy.Resource
	for _, r := range resources {
		out = append(out, deploy.Resource(r))
	}
	return out
}
