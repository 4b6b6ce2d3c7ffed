package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/pflag"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/cloudformation"
	"slipway/internal/cloud/identity"
	"slipway/internal/cloud/sqs"
	"slipway/internal/config"
	"slipway/internal/event"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

func (o *options) stackFlags(f *pflag.FlagSet) {
	f.StringVar(&o.stack, "stack", "", "the stack that was deployed (default SLIPWAY_STACK, or stack_name of samconfig.toml)")
	f.StringVar(&o.configEnv, "config-env", "", "the environment of samconfig.toml that names the stack (default \"default\")")
	f.StringVar(&o.region, "region", "", "the region of AWS (default that of AWS's configuration, or of samconfig.toml)")
	f.StringVar(&o.profile, "profile", "", "the profile of AWS's configuration")
}

// deployed is a stack as it is on AWS, with what reaches it.
type deployed struct {
	*options
	name   string
	output func(name string) string // of the stack; empty when there is none of that name
	local  bool                     // the outputs come from the environment
	cfg    aws.Config
	ledger *ledger.Ledger
	queues *sqs.SQS
}

// stackName is the stack that a command is about, and what samconfig.toml says beside it.
func (o *options) stackName() (string, map[string]string, error) {
	file, err := o.samconfig()
	if err != nil {
		return "", nil, err
	}
	name := o.stack
	if name == "" && o.configEnv == "" {
		name = o.getenv("SLIPWAY_STACK")
	}
	if name == "" {
		name = file["stack_name"]
	}
	if name == "" {
		return "", nil, fmt.Errorf("no stack is named: use --stack or SLIPWAY_STACK, or stack_name in %s", o.beside(samconfigFile))
	}
	return name, file, run.ValidStackName(name)
}

// deployed finds the stack and connects to it.
func (o *options) deployed(ctx context.Context) (*deployed, error) {
	d, err := o.reach(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.readOutputs(ctx); err != nil {
		return nil, err
	}
	table, err := d.need("RunsTableName")
	if err != nil {
		return nil, err
	}
	d.ledger = ledger.New(d.cfg, d.endpoint("DYNAMODB"), table)
	return d, nil
}

// reach connects to where the stack is, and asks nothing of it yet.
func (o *options) reach(ctx context.Context) (*deployed, error) {
	name, file, err := o.stackName()
	if err != nil {
		return nil, err
	}
	profile := o.profile
	if profile == "" && o.getenv("AWS_PROFILE") == "" && o.getenv("AWS_ACCESS_KEY_ID") == "" {
		profile = file["profile"]
	}
	cfg, err := o.connect(ctx, o.region, profile)
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		cfg.Region = file["region"]
	}
	if err := usable(ctx, cfg); err != nil {
		return nil, err
	}
	d := &deployed{options: o, name: name, cfg: cfg, output: func(string) string { return "" }}
	d.queues = sqs.New(cfg, d.endpoint("SQS"))
	return d, nil
}

// endpoint is where a service is: AWS's own for nil.
func (d *deployed) endpoint(service string) *string {
	if url := awsconf.Endpoint(d.getenv, service); url != nil {
		return url
	}
	return d.cfg.BaseEndpoint
}

// maxCaller is how long a command waits to learn who runs it.
const maxCaller = 3 * time.Second

// readOutputs takes the outputs from the environment when it has those of this stack, else from CloudFormation.
func (d *deployed) readOutputs(ctx context.Context) error {
	d.local = d.getenv("SLIPWAY_STACK") == d.name && d.getenv("SLIPWAY_RunsTableName") != ""
	if d.local {
		d.output = func(name string) string { return d.getenv("SLIPWAY_" + name) }
		return nil
	}
	outputs, err := cloudformation.New(d.cfg, d.endpoint("CLOUDFORMATION")).Outputs(ctx, d.name)
	d.output = func(name string) string { return outputs[name] }
	return err
}

// need is an output that the stack must have.
func (d *deployed) need(name string) (string, error) {
	value := d.output(name)
	if value == "" {
		return "", refusal{
			fmt.Errorf("stack %s has no output %s", d.name, name),
			"Look whether --stack names a stack of Slipway, and whether this release of it is deployed.",
		}
	}
	return value, nil
}

// configured are the jobs of slipway.yaml, with the values of the stack and those given filled in.
func (d *deployed) configured(given []string) ([]run.Job, error) {
	c, err := d.valid()
	if err != nil {
		return nil, err
	}
	values, err := d.values(given, d.output, d.local)
	if err != nil {
		return nil, err
	}
	c, err = c.Fill(values)
	return c.Jobs, err
}

// configuredIfAny is configured for a command that can do without the file.
func (d *deployed) configuredIfAny() ([]run.Job, error) {
	if _, err := os.Stat(d.file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return d.configured(nil)
}

// runs is the orchestrator without ECS: what it admits is stored as queued, and the functions go on from there.
func (d *deployed) runs(jobs []run.Job) *orchestrator.Orchestrator {
	return orchestrator.New(orchestrator.Options{Stack: d.name, Jobs: jobs, Ledger: d.ledger, Now: d.now})
}

// nudge has the queued runs of a job launched now. Without it the next tick launches them, so that an error is only
// told.
func (d *deployed) nudge(ctx context.Context, job string) {
	body, err := event.EncodeNudge(job)
	if err == nil {
		var url string
		if url, err = d.need("LaunchQueueUrl"); err == nil {
			err = d.queues.Send(ctx, url, string(body), nil)
		}
	}
	if err != nil {
		say(d.err, "note: %s; the next tick launches what is queued, within a minute\n", err)
	}
}

// caller is who runs the command, for the history of a run: the ARN that AWS knows, where it answers quickly.
func (d *deployed) caller(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, maxCaller)
	defer cancel()
	arn, err := identity.Caller(ctx, d.cfg, d.endpoint("STS"))
	if err != nil || arn == "" {
		return d.user()
	}
	return arn
}

// jobNames are the jobs of slipway.yaml and those that the ledger knows from before.
func (d *deployed) jobNames(ctx context.Context) ([]string, error) {
	var names []string
	c, problems, err := d.read()
	for _, j := range c.Jobs {
		names = append(names, j.Name)
	}
	if err == nil && len(problems) > 0 {
		say(d.err, "note: %s has mistakes, so that only jobs are looked at that the ledger knows; see \"slipway check\"\n", d.file)
	}
	known, err := d.ledger.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range known {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// valuesOf are the deploy-time values that outputs give.
func valuesOf(output func(string) string) map[string]string {
	values := map[string]string{}
	for _, v := range config.Values() {
		name := v.Name
		if other, ok := outputs[name]; ok {
			name = other
		}
		if text := output(name); text != "" {
			values[v.Name] = text
		}
	}
	return values
}
