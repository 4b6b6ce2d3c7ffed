package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes.
const (
	exitDone    = 0
	exitProblem = 1
	exitUsage   = 2
	exitRefused = 3
)

// problem is an error that ends a command with exit code 1: the command worked, and what it looked at is not right.
type problem struct{ error }

// Unwrap returns the error inside.
func (p problem) Unwrap() error { return p.error }

// errFound says that problems were found and have been printed.
var errFound = errors.New("problems were found")

// execute runs a command and returns its exit code.
func execute(ctx context.Context, w world) int {
	root := newRoot(w)
	root.SetArgs(w.args)
	root.SetOut(w.out)
	root.SetErr(w.err)
	err := root.ExecuteContext(ctx)
	var found problem
	next, isRefused := afterRefusal(err)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFound):
		return exitProblem
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		say(w.err, "slipway: interrupted. What was done stays done; running the command again does no harm.\n")
		return exitProblem
	case isRefused:
		say(w.err, "slipway: %s\n%s\n", err, next)
		return exitRefused
	case errors.As(err, &found):
		say(w.err, "slipway: %s\n", err)
		return exitProblem
	}
	say(w.err, "slipway: %s\nRun \"slipway --help\", or a command with --help, for how it is used.\n", err)
	return exitUsage
}

// options are the flags of every command.
type options struct {
	world

	file string
	json bool

	stack     string
	configEnv string
	region    string
	profile   string
}

func newRoot(w world) *cobra.Command {
	o := &options{world: w}
	root := &cobra.Command{
		Use:   "slipway",
		Short: "Start ECS tasks from S3 events and schedules, scale workers, and tell why something stopped",
		Long: `slipway checks slipway.yaml and writes what follows from it, and operates the stack that was deployed with it.

The stack is --stack, else SLIPWAY_STACK, else the stack_name of samconfig.toml beside slipway.yaml. Its table and queues
come from its outputs: from the environment after "source .local/env", else from CloudFormation. Credentials and region
are found as every tool of AWS finds them.

Exit codes: 0 done, 1 found problems, 2 wrong usage, 3 AWS refused.`,
		Example: `  slipway check                                    every mistake in ./slipway.yaml
  slipway generate                                 write wiring.yaml from it
  slipway match s3://my-bucket/incoming/a.jpg      which jobs want an object
  slipway next hourly-report                       when a job is due
  slipway jobs                                     state, last run and next time of each
  slipway runs --state failed --since 24h          what went wrong on the deployed stack
  slipway retry --job images --state failed        another attempt for it
  slipway explain event.json                       why a task stopped
  slipway drill out-of-memory                      see a mail before it is needed
  slipway deploy --env dev                         bring all of it into your account
  slipway cost --objects 100000 --runtime 2m       what a month costs`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().StringVarP(&o.file, "file", "f", "slipway.yaml", "the configuration")
	root.PersistentFlags().BoolVar(&o.json, "json", false, "answer in JSON")
	o.stackFlags(root.PersistentFlags())
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(checkCommand(o), generateCommand(o), compileCommand(o), matchCommand(o), nextCommand(o),
		schemaCommand(o), docsCommand(), versionCommand(o), simulateCommand(o), decideCommand(o),
		jobsCommand(o), pauseCommand(o), resumeCommand(o),
		runsCommand(o), startCommand(o), retryCommand(o), cancelCommand(o), backfillCommand(o), deadLettersCommand(o),
		explainCommand(o), drillCommand(o), costCommand(o), rolloutCommand(o),
		deployCommand(o), destroyCommand(o), doctorCommand(o))
	return root
}

// forms are what to write for a flag, by its type.
var forms = map[string]string{
	"int": "a whole number", "float64": "a number", "duration": "a time with its unit, as 40s, 5m or 1h30m", "bool": "true or false",
}

// flagError says what to write for a flag whose value cannot be read.
func flagError(_ *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) || forms[invalid.GetFlag().Value.Type()] == "" {
		return err
	}
	return fmt.Errorf("--%s is %q; write %s", invalid.GetFlag().Name, invalid.GetValue(), forms[invalid.GetFlag().Value.Type()])
}

// answer prints v as JSON, or as the text that write makes of it.
func (o *options) answer(v any, write func(io.Writer)) error {
	if !o.json {
		write(o.out)
		return nil
	}
	e := json.NewEncoder(o.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// say prints for people. Nobody can be told that their terminal is gone.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
