package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"slipway/internal/cloud/vpc"
	"slipway/internal/config"
	"slipway/internal/deploy"
)

// ask asks for what cannot be known: the region, the subnets, and who is told. Without a terminal it lists all that is
// missing.
func (e *environment) ask(ctx context.Context) error {
	if err := e.account(ctx); err != nil {
		return err
	}
	if !e.terminal || e.yes {
		return e.missing()
	}
	if e.cfg.Region == "" {
		if err := e.askFor(deploy.Region, "Region of AWS, such as eu-north-1:", ""); err != nil {
			return err
		}
		if err := e.account(ctx); err != nil {
			return err
		}
	}
	if err := usable(ctx, e.cfg); err != nil {
		return err
	}
	if _, given := e.settings.Value(emailSetting); !given {
		if err := e.askFor(emailSetting, "Mail address that is told of failures (Enter: nobody):", ""); err != nil {
			return err
		}
	}
	if _, given := e.settings.Value(subnetsSetting); !given {
		return e.askSubnets(ctx)
	}
	return nil
}

const (
	subnetsSetting = "Subnets"
	emailSetting   = "NotificationEmail"
)

// missing is an error that lists what there is nobody to ask for.
func (e *environment) missing() error {
	var lines []string
	if e.cfg.Region == "" {
		lines = append(lines, deploy.Region+"=eu-north-1          the region (or --region)")
	}
	if _, given := e.settings.Value(subnetsSetting); !given {
		lines = append(lines, subnetsSetting+"=subnet-1,subnet-2     where tasks run, with a way to ECR, S3, SQS and CloudWatch Logs")
	}
	if _, given := e.settings.Value(emailSetting); !given {
		lines = append(lines, emailSetting+"=you@example.com  who is told of failures; nothing after = for nobody")
	}
	if len(lines) > 0 {
		return fmt.Errorf("there is nobody to ask. Write what is missing into %s:\n  %s", e.path(), strings.Join(lines, "\n  "))
	}
	return nil
}

// maxTries is how often a question is asked before it is given up.
const maxTries = 3

// askFor asks for a setting until the answer is one that it may have, and keeps it.
func (e *environment) askFor(name, question, otherwise string) error {
	for range maxTries {
		value := e.question(question, otherwise)
		wrong := deploy.Check(name, value, e.parameters)
		if wrong == "" {
			e.keep(name, value)
			return nil
		}
		say(e.err, "%s\n", wrong)
	}
	return fmt.Errorf("%s was not given", name)
}

// askSubnets offers those of the default VPC.
func (e *environment) askSubnets(ctx context.Context) error {
	found, err := vpc.New(e.cfg, e.endpoint("EC2")).Default(ctx)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		say(e.err, "There is no default VPC in %s.\n", e.cfg.Region)
		return e.askFor(subnetsSetting, "Subnets that tasks run in, with commas:", "")
	}
	var ids []string
	say(e.err, "The default VPC %s has these subnets:\n", found[0].VPC)
	for _, s := range found {
		ids = append(ids, s.ID)
		say(e.err, "  %s  %s  %s\n", s.ID, s.Zone, s.Block)
	}
	return e.askFor(subnetsSetting, "Subnets that tasks run in, with commas (Enter: all of these):", strings.Join(ids, ","))
}

const withoutEngine = "no container engine answers, and the examples need images"

// ready makes sure that images can be built, or offers to go without the examples.
func (e *environment) ready(ctx context.Context, c config.Config) error {
	if !e.pushes() || e.engine(ctx) {
		return nil
	}
	const do = `Start Docker; or leave the examples out with Examples=false, and name tasks of your own in slipway.yaml; or name
images that exist in ObjectProcessorImage, HourlyBatchImage and QueueWorkerImage.`
	needs := deploy.Without(c, e.settings.With("Examples", "false"))
	if !e.terminal || e.yes || len(needs) > 0 {
		if len(needs) > 0 {
			return problem{fmt.Errorf("%s. %s\nslipway.yaml itself needs them: %s", withoutEngine, do, needs[0])}
		}
		return problem{errors.New(withoutEngine + ". " + do)}
	}
	switch e.question("No container engine answers, and the examples need images. Deploy without the examples (Examples=false)? [y/N]", "n") {
	case "y", "Y", "yes":
		e.keep("Examples", "false")
		return nil
	}
	return problem{errors.New("nothing was changed. " + do)}
}
