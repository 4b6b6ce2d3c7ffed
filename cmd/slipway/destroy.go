package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"slipway/internal/cloud/bucket"
	"slipway/internal/cloud/cloudformation"
	"slipway/internal/cloud/cluster"
	"slipway/internal/cloud/dynamodb"
)

func destroyCommand(o *options) *cobra.Command {
	e := &environment{options: o}
	var all bool
	c := &cobra.Command{
		Use:   "destroy",
		Short: "Remove a stack from your account, and leave nothing that costs",
		Long: `Destroy shows what goes and what stays, asks, and then stops the tasks that the stack has started, empties and deletes
the buckets of the examples, deletes the stack, its image repositories, and what "sam deploy" has uploaded for it.

The ledger stays, which is the only record of what ran; --all deletes it too, and what is left in the bucket of batches.
Buckets, clusters, task definitions, queues and services of your own are never touched, nor is environments/ENV.env.
Run again after an interruption, or with --all later, it goes on with what is left, for 90 days.`,
		Example: `  slipway destroy --env dev --dry-run     show what would go
  slipway destroy --env dev
  slipway destroy --env dev --all         the ledger too`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.destroy(c.Context(), all) },
	}
	e.flags(c)
	c.Flags().BoolVar(&all, "all", false, "delete the ledger too, and whatever the bucket of batches holds")
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
	d := &destruction{environment: e, all: all, stacks: cloudformation.New(e.cfg, e.endpoint("CLOUDFORMATION"))}
	if err := d.find(ctx); err != nil {
		return err
	}
	p := d.plan()
	if e.dryRun {
		return e.answer(p, p.print)
	}
	p.print(e.err)
	if len(p.Goes) > 0 {
		if err := e.agreed("This cannot be undone", e.yes); err != nil {
			return err
		}
	}
	if err := d.run(ctx); err != nil {
		return err
	}
	return e.answer(p, func(w io.Writer) {
		say(w, "Done. What stays is above, and %s.\n", e.path())
	})
}

// destruction is what there is of a stack, and of what was made for it.
type destruction struct {
	*environment
	all    bool
	stacks *cloudformation.CloudFormation

	id       string // of the stack; empty: there never was one
	deleted  bool
	images   bool // its repositories are there
	cluster  string
	tasks    []string
	examples []string // buckets
	batches  string   // bucket
	holds    bool     // the bucket of batches is not empty
	table    string
	uploads  string // SAM's bucket
}

// find looks at what is there.
func (d *destruction) find(ctx context.Context) error {
	id, status, err := d.stacks.Find(ctx, d.root())
	if err != nil {
		return err
	}
	_, imagesStatus, err := d.stacks.Find(ctx, d.imagesStack())
	if err != nil {
		return err
	}
	d.id, d.deleted, d.images = id, status == deleteComplete, imagesStatus != "" && imagesStatus != deleteComplete
	if id == "" && !d.images {
		return refusal{fmt.Errorf("there is no stack %s in %s", d.root(), d.cfg.Region), "Look whether --env, --region and the credentials name what you mean."}
	}
	if id == "" {
		return nil
	}
	if err := d.findResources(ctx); err != nil {
		return err
	}
	return errors.Join(d.findTasks(ctx), d.findBatches(ctx), d.findUploads(ctx))
}

const deleteComplete = "DELETE_COMPLETE"

// findResources finds what CloudFormation does not delete with the stack, or has not.
func (d *destruction) findResources(ctx context.Context) error {
	list := d.stacks.Resources
	if d.deleted {
		list = d.stacks.Retained
	}
	resources, err := list(ctx, d.id)
	if err != nil {
		return err
	}
	for _, r := range resources {
		there, err := d.there(ctx, r)
		if err != nil {
			return err
		}
		if there {
			d.resource(r)
		}
	}
	return nil
}

// there reports whether what a stack retains is still there: somebody may have deleted it by hand.
func (d *destruction) there(ctx context.Context, r cloudformation.Resource) (bool, error) {
	switch r.Type {
	case "AWS::S3::Bucket":
		account := strings.Split(d.id, ":")[4] // of an ARN
		standing, err := d.bucket(r.PhysicalID).Standing(ctx, account)
		return standing == bucket.Owned, err
	case "AWS::DynamoDB::Table":
		return dynamodb.Exists(ctx, d.cfg, d.endpoint("DYNAMODB"), r.PhysicalID)
	}
	return true, nil
}

func (d *destruction) resource(r cloudformation.Resource) {
	switch r.LogicalID {
	case "Cluster":
		d.cluster = r.PhysicalID
	case "UploadsBucket", "ResultsBucket":
		d.examples = append(d.examples, r.PhysicalID)
	case "BatchBucket":
		d.batches = r.PhysicalID
	case "RunsTable":
		d.table = r.PhysicalID
	}
}

// findTasks finds what runs for the stack: in its own cluster, or in the one that was given.
func (d *destruction) findTasks(ctx context.Context) (err error) {
	on := d.cluster
	if arn, _ := d.settings.Value("ClusterArn"); on == "" {
		on = arn
	}
	if on == "" || d.deleted {
		return nil
	}
	d.cluster = on
	d.tasks, err = cluster.New(d.cfg, d.endpoint("ECS")).StartedBy(ctx, on, "slipway/"+d.root()+"/")
	return err
}

func (d *destruction) findBatches(ctx context.Context) (err error) {
	if d.batches != "" {
		d.holds, err = d.bucket(d.batches).Holds(ctx)
	}
	return err
}

// findUploads finds the bucket that `sam deploy --resolve-s3` uploads to.
func (d *destruction) findUploads(ctx context.Context) error {
	outputs, err := d.stacks.Outputs(ctx, "aws-sam-cli-managed-default")
	if errors.Is(err, cloudformation.ErrNoStack) {
		return nil
	}
	d.uploads = outputs["SourceBucket"]
	return err
}

func (d *destruction) bucket(name string) *bucket.Bucket {
	return bucket.New(d.cfg, d.endpoint("S3"), name)
}

// destroyPlan says what goes and what stays.
type destroyPlan struct {
	Stack  string   `json:"stack"`
	Region string   `json:"region"`
	Goes   []string `json:"goes"`
	Stays  []string `json:"stays"`
}

func (d *destruction) plan() destroyPlan {
	p := destroyPlan{Stack: d.root(), Region: d.cfg.Region, Goes: []string{}, Stays: []string{}}
	goes := func(when bool, what string) {
		if when {
			p.Goes = append(p.Goes, what)
		}
	}
	goes(len(d.tasks) > 0, count(len(d.tasks), "task")+" that it has started, which are stopped")
	for _, name := range d.examples {
		goes(true, "bucket "+name+" of the examples, with everything in it")
	}
	goes(d.id != "" && !d.deleted, "stack "+d.root()+": functions, queues, rules, roles, alarms and logs, and the cluster and the examples if it made them")
	goes(d.images, "stack "+d.imagesStack()+": the image repositories, with every image")
	goes(d.uploads != "", "what sam has uploaded to "+d.uploads+"/"+d.root())
	switch {
	case d.batches != "" && d.holds && !d.all:
		p.Stays = append(p.Stays, "bucket "+d.batches+" of the batches, whose rule empties it within 30 days; --all deletes it")
	case d.batches != "":
		goes(true, "bucket "+d.batches+" of the batches")
	}
	if d.table != "" {
		goes(d.all, "the ledger "+d.table+", which is the only record of what ran")
		if !d.all {
			p.Stays = append(p.Stays, "the ledger "+d.table+"; --all deletes it")
		}
	}
	return p
}

func (p destroyPlan) print(w io.Writer) {
	say(w, "Of stack %s in %s goes\n", p.Stack, p.Region)
	for _, what := range p.Goes {
		say(w, "  - %s\n", what)
	}
	if len(p.Goes) == 0 {
		say(w, "  nothing: all of it is gone\n")
	}
	if len(p.Stays) > 0 {
		say(w, "and stays\n")
	}
	for _, what := range p.Stays {
		say(w, "  - %s\n", what)
	}
}

// run does it. Each step finds done what an earlier try has done. The buckets go after the stack: what fills them is gone
// then.
func (d *destruction) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.deleteStack, d.deleteBuckets, d.deleteImages, d.deleteUploads, d.deleteLedger} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *destruction) deleteBuckets(ctx context.Context) error {
	names := d.examples
	if d.batches != "" && (d.all || !d.holds) {
		names = append(names, d.batches)
	}
	for _, name := range names {
		if err := d.remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (d *destruction) deleteImages(ctx context.Context) error {
	if !d.images {
		return nil
	}
	say(d.err, "deleting stack %s\n", d.imagesStack())
	return d.stacks.Delete(ctx, d.imagesStack())
}

func (d *destruction) deleteUploads(ctx context.Context) error {
	if d.uploads == "" {
		return nil
	}
	return errors.Join(d.bucket(d.uploads).Empty(ctx, d.root()+"/"), d.bucket(d.uploads).Empty(ctx, d.imagesStack()+"/"))
}

func (d *destruction) deleteLedger(ctx context.Context) error {
	if !d.all || d.table == "" {
		return nil
	}
	say(d.err, "deleting table %s\n", d.table)
	return dynamodb.DeleteTable(ctx, d.cfg, d.endpoint("DYNAMODB"), d.table)
}

func (d *destruction) remove(ctx context.Context, name string) error {
	say(d.err, "deleting bucket %s\n", name)
	if err := d.bucket(name).Empty(ctx, ""); err != nil {
		return err
	}
	return d.bucket(name).Remove(ctx)
}

// deleteStack deletes the stack. A run that waited may have started a task meanwhile, and CloudFormation cannot delete a
// cluster that has one: then it is stopped, and the rest of the stack deleted.
func (d *destruction) deleteStack(ctx context.Context) error {
	if d.id == "" || d.deleted {
		return nil
	}
	if err := d.stop(ctx); err != nil {
		return err
	}
	say(d.err, "deleting stack %s\n", d.root())
	err := d.stacks.Delete(ctx, d.root())
	if err == nil || ctx.Err() != nil {
		return err
	}
	if again := d.findTasks(ctx); again != nil || len(d.tasks) == 0 {
		return err
	}
	if err := d.stop(ctx); err != nil {
		return err
	}
	return d.stacks.Delete(ctx, d.root())
}

func (d *destruction) stop(ctx context.Context) error {
	for _, arn := range d.tasks {
		say(d.err, "stopping task %s\n", arn[strings.LastIndexByte(arn, '/')+1:])
		if err := cluster.New(d.cfg, d.endpoint("ECS")).Stop(ctx, d.cluster, arn, "Slipway is removed"); err != nil {
			return err
		}
	}
	return nil
}
