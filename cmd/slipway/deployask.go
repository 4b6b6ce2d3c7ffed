package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"slipway/internal/cloud/vpc"
	"slipway/internal/deploy"
)

// ask fills in what is missing: with questions where a person is at hand, else with an error that lists it.
func (e *environment) ask(ctx context.Context) error {
	if err := e.account(ctx); err != nil {
		return err
	}
	lines := bufio.NewReader(e.in)
	e.in = lines // what is left of it belongs to sam
	asks := e.terminal && !e.yes && !e.json
	if e.cfg.Region == "" && asks {
		region, err := e.question(lines, "Region of AWS", "", deploy.Region)
		if err != nil {
			return err
		}
		e.cfg.Region = region
	}
	if e.cfg.Region != "" {
		if err := usable(ctx, e.cfg); err != nil {
			return err
		}
		if kept, _ := e.settings.Value(deploy.Region); kept == "" {
			e.settings = e.settings.With(deploy.Region, e.cfg.Region)
		}
	}
	if !asks {
		return e.complete(ctx)
	}
	if _, given := e.settings.Value("NotificationEmail"); !given {
		address, err := e.question(lines, "Mail address that is told of failures (empty: nobody)", "", "NotificationEmail")
		if err != nil {
			return err
		}
		e.settings = e.settings.With("NotificationEmail", address)
	}
	if err := e.askSubnets(ctx, lines); err != nil {
		return err
	}
	return e.askExamples(ctx, lines)
}

// complete is what is missing when there is nobody to ask, all of it.
func (e *environment) complete(ctx context.Context) error {
	var missing []string
	if e.cfg.Region == "" {
		missing = append(missing, deploy.Region+"=eu-north-1        the region, or --region")
	}
	if subnets, _ := e.settings.Value("Subnets"); subnets == "" {
		missing = append(missing, "Subnets=subnet-1,subnet-2   where tasks run; aws ec2 describe-subnets lists them")
	}
	if _, given := e.settings.Value("NotificationEmail"); !given {
		missing = append(missing, "NotificationEmail=you@example.com   who is told of failures; empty: nobody")
	}
	if len(missing) > 0 {
		return fmt.Errorf("there is nobody to ask, and %s lacks\n  %s\nadd these lines, or run it in a terminal without --yes", e.file(), strings.Join(missing, "\n  "))
	}
	if e.pushes() && !e.engine(ctx) {
		return problem{errNoEngine}
	}
	return nil
}

// question asks until the answer is right.
func (e *environment) question(lines *bufio.Reader, text, usual, name string) (string, error) {
	for {
		say(e.err, "%s", text)
		if usual != "" {
			say(e.err, " [%s]", usual)
		}
		say(e.err, ": ")
		line, err := lines.ReadString('\n')
		answer := strings.TrimSpace(line)
		if answer == "" && err != nil {
			return "", problem{errors.New("the questions were not answered; nothing was changed")}
		}
		if answer == "" {
			answer = usual
		}
		wrong := deploy.Check(name, answer, e.parameters)
		if wrong == "" {
			return answer, nil
		}
		say(e.err, "  %s\n", wrong)
	}
}

// askSubnets offers those of the default VPC.
func (e *environment) askSubnets(ctx context.Context, lines *bufio.Reader) error {
	if given, _ := e.settings.Value("Subnets"); given != "" {
		return nil
	}
	found, err := vpc.New(e.cfg, e.endpoint("EC2")).Default(ctx)
	if err != nil {
		return err
	}
	var ids []string
	if len(found) > 0 {
		say(e.err, "Subnets of the default VPC %s:\n", found[0].VPC)
	}
	for _, s := range found {
		say(e.err, "  %s  %s  %s\n", s.ID, s.Zone, s.Block)
		ids = append(ids, s.ID)
	}
	answer, err := e.question(lines, "Subnets that tasks run in, with commas", strings.Join(ids, ","), "Subnets")
	if err != nil {
		return err
	}
	e.settings = e.settings.With("Subnets", answer)
	return nil
}

// askExamples offers to leave the examples out where their images cannot be built.
func (e *environment) askExamples(ctx context.Context, lines *bufio.Reader) error {
	if !e.pushes() || e.engine(ctx) {
		return nil
	}
	say(e.err, "No container engine answers, and the examples need images.\n")
	answer, err := e.question(lines, "Examples=false leaves the examples out; slipway.yaml then names tasks of your own. Deploy them? true or false", "false", "Examples")
	if err != nil {
		return err
	}
	if answer == "true" {
		return problem{errNoEngine}
	}
	e.settings = e.settings.With("Examples", "false")
	return nil
}
