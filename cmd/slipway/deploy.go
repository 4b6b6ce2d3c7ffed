package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"slipway/internal/cloud/cloudformation"
	"slipway/internal/config"
	"slipway/internal/deploy"
)

func deployCommand(o *options) *cobra.Command {
	e := &environment{options: o}
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Deploy Slipway into your account, asking only for what it cannot know",
		Long: `Deploy brings stack slipway-ENV into the account of your AWS credentials. It reads slipway.yaml, the wiring.yaml beside
it and environments/ENV.env, asks for what is missing (region, mail address, subnets) and keeps the answers in that file.

Before anything is changed it looks at the account: every bucket, cluster, task definition, container, role, queue,
service and subnet that the files name. With the examples it makes their image repositories, builds the images for the
architecture of the stack and pushes them; the stack names them by digest. Then it runs "sam build" and "sam deploy".

A line of environments/ENV.env is NAME=VALUE, where NAME is a parameter of template.yaml, AWS_REGION or AWS_PROFILE.
Without a terminal nothing is asked: what is missing is listed, and the exit code is 2.`,
		Example: `  slipway deploy                                   environments/dev.env, stack slipway-dev
  slipway deploy --env prod --dry-run              look at everything, change nothing
  slipway deploy -f ../ours/slipway.yaml --yes     your files live in another folder`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.deploy(c.Context()) },
	}
	e.flags(c)
	return c
}

func (e *environment) deploy(ctx context.Context) error {
	c, err := e.prepare(ctx)
	if err != nil {
		return err
	}
	plan := e.plan()
	if e.dryRun {
		return e.answer(plan, plan.print)
	}
	plan.print(e.err)
	if e.asked {
		if err := store(e.path(), []byte(e.settings.Text())); err != nil {
			return err
		}
	}
	if err := e.release(ctx); err != nil {
		return err
	}
	return e.after(ctx, c)
}

// prepare does all that changes nothing: it reads the files, asks, and looks at the account.
func (e *environment) prepare(ctx context.Context) (config.Config, error) {
	c, err := e.valid()
	if err != nil {
		return c, err
	}
	if err := e.load(); err != nil {
		return c, err
	}
	if err := e.wired(c); err != nil {
		return c, err
	}
	if err := e.ask(ctx); err != nil {
		return c, err
	}
	if err := e.ready(ctx, c); err != nil {
		return c, err
	}
	return c, e.look(ctx, c)
}

// wiringOf is the wiring beside slipway.yaml, else the one that ships.
func (e *environment) wiringOf() string {
	if own := e.beside(wiringFile); exists(own) {
		return own
	}
	return filepath.Join(e.source, wiringFile)
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// wired refuses a wiring that is not what slipway.yaml gives.
func (e *environment) wired(c config.Config) error {
	before, after, err := e.wiring(c, e.wiringOf())
	if err != nil {
		return err
	}
	if !bytes.Equal(before, after) {
		return stale(e.beside(wiringFile))
	}
	return nil
}

// deployPlan says what a deployment does.
type deployPlan struct {
	Stack       string   `json:"stack"`
	Region      string   `json:"region"`
	Environment string   `json:"environment"` // the file
	Parameters  []string `json:"parameters"`
	Steps       []string `json:"steps"`
}

func (e *environment) plan() deployPlan {
	p := deployPlan{Stack: e.root(), Region: e.cfg.Region, Environment: e.path(), Parameters: e.settings.Given()}
	if e.asked {
		p.Steps = append(p.Steps, "keep the answers in "+e.path())
	}
	if e.pushes() {
		p.Steps = append(p.Steps,
			"make the image repositories as stack "+e.imagesStack()+" (templates/images.yaml)",
			"build the images of "+strings.Join(e.needed(), ", ")+" for "+e.architecture()+" and push those that are not there")
	}
	p.Steps = append(p.Steps, "build the functions for "+e.architecture()+" (sam build)", "deploy stack "+p.Stack+" (sam deploy)")
	return p
}

func (p deployPlan) print(w io.Writer) {
	say(w, "Stack %s in %s, with\n", p.Stack, p.Region)
	for _, parameter := range p.Parameters {
		say(w, "  %s\n", parameter)
	}
	say(w, "Steps:\n")
	for i, step := range p.Steps {
		say(w, "  %d. %s\n", i+1, step)
	}
}

// architecture is that of the stack, as the template names it.
func (e *environment) architecture() string {
	if a, _ := e.settings.Value("Architecture"); a != "" {
		return a
	}
	return "arm64"
}

func (e *environment) goarch() string {
	if e.architecture() == "x86_64" {
		return "amd64"
	}
	return "arm64"
}

// release does everything that changes something in the account.
func (e *environment) release(ctx context.Context) error {
	images, err := e.images(ctx)
	if err != nil {
		return err
	}
	built := filepath.Join(".aws-sam", "build-"+e.name) // of its own, so that environments can be built at once
	if err := e.build(ctx, built); err != nil {
		return err
	}
	return e.sam(ctx, filepath.Join(built, "template.yaml"), e.root(), images.Overrides(e.parameters))
}

// build runs `sam build` with template.yaml beside the wiring of the configuration, where it looks for it.
func (e *environment) build(ctx context.Context, to string) error {
	staged := filepath.Join(e.source, ".aws-sam", "source-"+e.name)
	// What the template names by a path goes with it.
	for _, file := range []string{filepath.Join(e.source, "template.yaml"), e.wiringOf(), filepath.Join(e.source, "LICENSE"), filepath.Join(e.source, "README.md")} {
		text, err := os.ReadFile(file) //nolint:gosec // of the clone, or beside the file that the user names
		if err == nil {
			err = store(filepath.Join(staged, filepath.Base(file)), text)
		}
		if err != nil {
			return fmt.Errorf("gather the templates: %w", err)
		}
	}
	config, err := filepath.Abs(filepath.Dir(e.file))
	if err != nil {
		return fmt.Errorf("find the configuration: %w", err)
	}
	err = e.program(ctx, command{
		args: []string{
			e.samProgram(), "build", "--template-file", filepath.Join(".aws-sam", "source-"+e.name, "template.yaml"), "--base-dir", ".",
			"--build-dir", to, "--build-in-source", "--parallel", "--parameter-overrides", "Architecture=" + e.architecture(),
		},
		env: []string{"GOARCH=" + e.goarch(), "CONFIG=" + config}, show: e.err,
	})
	return err
}

// sam runs `sam deploy`. With a person at hand it shows the change set and asks.
func (e *environment) sam(ctx context.Context, template, stack string, parameters []string) error {
	args := []string{
		e.samProgram(), "deploy", "--template-file", template, "--stack-name", stack, "--region", e.cfg.Region, "--resolve-s3", "--s3-prefix", stack,
		"--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-fail-on-empty-changeset",
	}
	if e.terminal && !e.yes && stack == e.root() {
		args = append(args, "--confirm-changeset")
	} else {
		args = append(args, "--no-confirm-changeset")
	}
	args = append(append(args, "--parameter-overrides"), parameters...)
	err := e.program(ctx, command{args: args, in: e.in, show: e.err})
	return err
}

// samProgram is the SAM CLI: the one that make names, else the one on the path.
func (e *environment) samProgram() string {
	if own := e.getenv("SAM"); own != "" {
		return own
	}
	return "sam"
}

// deployedAnswer is the answer of deploy.
type deployedAnswer struct {
	Stack   string            `json:"stack"`
	Outputs map[string]string `json:"outputs"`
	Left    []string          `json:"left"` // to do by hand
	Try     string            `json:"try"`
}

// after says what is left to do by hand, and how to try it.
func (e *environment) after(ctx context.Context, c config.Config) error {
	outputs, err := cloudformation.New(e.cfg, e.endpoint("CLOUDFORMATION")).Outputs(ctx, e.root())
	if err != nil {
		return err
	}
	email, _ := e.settings.Value("NotificationEmail")
	sender, _ := e.settings.Value("Sender")
	a := deployedAnswer{Stack: e.root(), Outputs: outputs, Left: deploy.Left(c, e.root(), e.file, email, sender), Try: deploy.Try(c, outputs)}
	return e.answer(a, func(w io.Writer) {
		say(w, "\nStack %s is deployed.\n", a.Stack)
		if len(a.Left) > 0 {
			say(w, "Left to do by hand:\n")
		}
		for _, l := range a.Left {
			say(w, "  - %s\n", l)
		}
		if a.Try != "" {
			say(w, "Try it:\n  %s\nand see what became of it:\n  slipway runs --stack %s --region %s\n", a.Try, a.Stack, e.cfg.Region)
		}
	})
}
