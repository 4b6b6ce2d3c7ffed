package main

import (
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
	var live bool
	var values []string
	c := &cobra.Command{
		Use:   "check",
		Short: "Find every mistake in slipway.yaml",
		Long: `Check reads slipway.yaml and prints every mistake at once, each with line and column and what to write instead.
It calls nothing, unless --live asks AWS whether Application Auto Scaling manages a service under scalers too. With --json it prints {"problems": [{"line", "column", "path", "message"}], "notes": [...]}.`,
		Example: "  slipway check\n  slipway check -f environments/dev/slipway.yaml --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(); err != nil || !live {
				return err
			}
			return o.checkLive(c.Context(), values)
		},
	}
	c.Flags().BoolVar(&live, "live", false, "ask AWS, too, with the credentials and the region of the environment")
	c.Flags().StringSliceVar(&values, "value", nil, "NAME=VALUE, a deploy-time value that --live needs")
	return c
}

func (o *options) check() error {
	c, problems, err := o.read()
	if err != nil {
		return err
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
	return o.answer(answer, func(w io.Writer) {
		for _, n := range answer.Notes {
			say(w, "note: job %s: %s\n", n.Job, n.Message)
		}
		say(w, "%s is right: %s, %s, %s.\n", o.file, count(len(c.Jobs), "job"), count(len(c.Scalers), "scaler"), count(len(c.Notifications), "notification"))
	})
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
