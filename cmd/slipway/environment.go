package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/deploy"
	"slipway/internal/run"
)

// environment is a stack of Slipway in an account: its name, and the file that keeps what was chosen for it.
type environment struct {
	*options
	name   string // such as dev
	source string // the folder of template.yaml
	yes    bool
	dryRun bool

	lines      *bufio.Reader // the answers of a person
	asked      bool          // there are answers to keep
	parameters []deploy.Parameter
	settings   deploy.Environment
	cfg        aws.Config
}

func (e *environment) flags(c *cobra.Command) {
	c.Flags().StringVar(&e.name, "env", "dev", "the environment: environments/NAME.env beside slipway.yaml, and stack slipway-NAME")
	c.Flags().StringVar(&e.source, "source", ".", "the folder of template.yaml, a clone of Slipway")
	c.Flags().BoolVarP(&e.yes, "yes", "y", false, "ask nothing")
	c.Flags().BoolVar(&e.dryRun, "dry-run", false, "look at everything, show what would be done, and do nothing")
}

var environmentName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// path is where the settings are kept.
func (e *environment) path() string {
	return e.beside(filepath.Join("environments", e.name+".env"))
}

// root is the stack of the environment, unless --stack names another.
func (e *environment) root() string {
	if e.stack != "" {
		return e.stack
	}
	return "slipway-" + e.name
}

// imagesStack holds the repositories.
func (e *environment) imagesStack() string { return e.root() + "-images" }

// question asks a question of one line. An empty answer, or none, is the default.
func (e *environment) question(text, otherwise string) string {
	if e.lines == nil {
		e.lines = bufio.NewReader(e.in)
	}
	say(e.err, "%s ", text)
	line, _ := e.lines.ReadString('\n') // no answer is the default
	if line = strings.TrimSpace(line); line != "" {
		return line
	}
	return otherwise
}

// keep remembers an answer, to be written into the file of the environment: and the region, so that the environment stays
// in one.
func (e *environment) keep(name, value string) {
	e.settings, e.asked = e.settings.With(name, value), true
	if _, kept := e.settings.Value(deploy.Region); !kept && e.cfg.Region != "" {
		e.settings = e.settings.With(deploy.Region, e.cfg.Region)
	}
}

// load reads the settings. Mistakes are printed.
func (e *environment) load() error {
	if !environmentName.MatchString(e.name) {
		return fmt.Errorf("%q is no name of an environment: use 1 to 40 of a-z, 0-9 and hyphen", e.name)
	}
	if err := run.ValidStackName(e.root()); err != nil {
		return err
	}
	template, err := os.ReadFile(filepath.Join(e.source, "template.yaml"))
	if err != nil {
		return fmt.Errorf("find Slipway's template: %w; run this in a clone of Slipway, or name it with --source", err)
	}
	if e.parameters, err = deploy.Parameters(template); err != nil {
		return err
	}
	text, err := os.ReadFile(e.path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the environment: %w", err)
	}
	settings, problems := deploy.Read(string(text), e.parameters)
	for _, p := range problems {
		say(e.err, "%s:%s\n", e.path(), p)
	}
	if len(problems) > 0 {
		return errFound
	}
	e.settings = settings
	return nil
}

// account connects to the account and region of the environment.
func (e *environment) account(ctx context.Context) error {
	region, profile := e.region, e.profile
	if kept, ok := e.settings.Value(deploy.Region); region == "" && ok {
		region = kept
	}
	if kept, ok := e.settings.Value(deploy.Profile); profile == "" && ok {
		profile = kept
	}
	cfg, err := e.connect(ctx, region, profile)
	if err != nil {
		return err
	}
	if region != "" {
		cfg.Region = region
	}
	e.cfg = cfg
	return nil
}

func (e *environment) endpoint(service string) *string {
	if url := awsconf.Endpoint(e.getenv, service); url != nil {
		return url
	}
	return e.cfg.BaseEndpoint
}

// program runs a program of the deployment: sam, docker or go.
func (e *environment) program(ctx context.Context, c command) error {
	if e.cfg.Region != "" {
		c.env = append(c.env, "AWS_REGION="+e.cfg.Region, "AWS_DEFAULT_REGION="+e.cfg.Region)
	}
	profile := e.profile
	if kept, ok := e.settings.Value(deploy.Profile); profile == "" && ok {
		profile = kept
	}
	if profile != "" {
		c.env = append(c.env, "AWS_PROFILE="+profile)
	}
	c.dir = e.source
	if err := e.external(ctx, c); err != nil {
		return problem{fmt.Errorf("run %s %s: %w", filepath.Base(c.args[0]), c.args[1], err)}
	}
	return nil
}
