package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"slipway/internal/config"
	"slipway/internal/config/compile"
	"slipway/internal/schedule"
)

// checked is the answer of check.
type checked struct {
	Problems []compile.Problem `json:"problems"`
	Notes    []note            `json:"notes"`
}

// note is something that is allowed, and that one should know.
type note struct {
	Job     string `json:"job"`
	Message string `json:"message"`
}

func checkCommand(o *options) *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check",
		Short: "Find every mistake in slipway.yaml",
		Long: `Check reads slipway.yaml and prints every mistake at once, each with line and column and what to write instead.

It holds the jobs to the task definitions that they name, as template.yaml beside slipway.yaml declares them, or the files
of --template: what ECS would refuse is found before anything is deployed, with the rule and its page. So are the services
of these templates. docs/reference/combinations.md lists the rules. Parameters have their defaults, or --value.

With --live it asks AWS, too: for the task definitions that no template declares, for the capacity providers of the
clusters, and whether Application Auto Scaling manages a service under scalers. What an environment names, its subnets,
buckets, queues, roles and images, is looked at by "slipway deploy --env NAME --dry-run", which changes nothing.

With --json it prints {"problems": [{"file", "line", "column", "path", "message"}], "notes": [...]}; a problem without a
file is of slipway.yaml. What ECS would refuse has "rule", "remedy" and "page", too.`,
		Example: "  slipway check\n  slipway check -f environments/dev/slipway.yaml --json\n  slipway check --template template.yaml --template templates/web-service.yaml\n  slipway check --live",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return o.check(c.Context(), f) },
	}
	c.Flags().BoolVar(&f.live, "live", false, "ask AWS, too, with the credentials and the region of the environment")
	c.Flags().StringSliceVar(&f.values, "value", nil, "NAME=VALUE, a deploy-time value or a parameter of a template")
	c.Flags().StringSliceVar(&f.templates, "template", nil, "templates that declare task definitions and services (default template.yaml beside slipway.yaml)")
	return c
}

// checkFlags are the flags of check.
type checkFlags struct {
	live              bool
	values, templates []string
}

func (o *options) check(ctx context.Context, f checkFlags) error {
	c, problems, err := o.read()
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		if problems, err = o.combinations(ctx, c, f); err != nil {
			return err
		}
	}
	answer := checked{Problems: append([]compile.Problem{}, problems...), Notes: o.notes(c)}
	if len(problems) > 0 {
		if !o.json {
			o.print(problems)
			return errFound
		}
		if err := o.answer(answer, nil); err != nil {
			return err
		}
		return errFound
	}
	err = o.answer(answer, func(w io.Writer) {
		for _, n := range answer.Notes {
			say(w, "note: job %s: %s\n", n.Job, n.Message)
		}
		say(w, "%s is right: %s, %s, %s.\n", o.file, count(len(c.Jobs), "job"), count(len(c.Scalers), "scaler"), count(len(c.Notifications), "notification"))
	})
	if err != nil || !f.live {
		return err
	}
	return o.checkLive(ctx, c, f.values)
}

// notes says where a schedule fires at other times than EventBridge Scheduler would, or not any more.
func (o *options) notes(c config.Config) []note {
	notes := []note{}
	for _, j := range c.Jobs {
		if j.Trigger.Schedule == nil {
			continue
		}
		s, err := schedule.For(*j.Trigger.Schedule)
		if err != nil {
			continue // reported by Compile
		}
		if _, more := s.Next(o.now()); !more {
			notes = append(notes, note{j.Name, noTimes(s, o.now())})
			continue
		}
		for _, text := range s.Differs(o.now()) {
			notes = append(notes, note{j.Name, text})
		}
	}
	return notes
}
