package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/rollout"
)

// rolloutFlags are the flags of rollout.
type rolloutFlags struct {
	plan       rollout.Plan
	launchType string
	page       string
	rateGiven  bool
	roomGiven  bool
}

func rolloutCommand(o *options) *cobra.Command {
	var f rolloutFlags
	c := &cobra.Command{
		Use:   "rollout",
		Short: "Show how a rolling update goes: old and new tasks step by step, how long, and where it can never move",
		Long: `Rollout plays the rolling update of an ECS service. Of the desired tasks, the minimum healthy percent rounded up must
serve, and no more than the maximum percent rounded down may be there. The scheduler stops old tasks while enough others
serve, and launches new ones while there is room.

A new task serves --start plus --grace after its launch: when it is RUNNING and its health checks have passed. Without a
health check ECS waits 40 seconds. A task that is told to stop drains its connections for --drain and counts to the maximum
until it is STOPPED. AWS's documentation counts RUNNING and PENDING tasks, so a rollout may be faster than this, never
fuller.

--room is how many tasks more there is room for. On EC2 it is what the instances can hold (with a fixed host port: instances
without one), and 0 unless told otherwise. On Fargate it is what the account's quota of vCPUs leaves, divided by those of a
task, and no limit unless told otherwise. --launch-type FARGATE launches 500 tasks a minute, the quota of a service.

A rollout that is stuck ends with exit code 1.`,
		Example: `  slipway rollout --desired 10 --min-healthy 60 --max 150 --start 40s --grace 30s --drain 20s
  slipway rollout --desired 10 --min-healthy 60 --max 100 --html rollout.html
  slipway rollout --desired 10 --room 2
  slipway rollout --desired 4 --min-healthy 100 --max 200 --launch-type EC2 --room 1 --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f.rateGiven, f.roomGiven = c.Flags().Changed("launch-rate"), c.Flags().Changed("room")
			return o.rollout(f)
		},
	}
	flags := c.Flags()
	flags.IntVar(&f.plan.Desired, "desired", 0, "the service's desired count")
	flags.IntVar(&f.plan.MinHealthy, "min-healthy", 100, "minimum healthy percent")
	flags.IntVar(&f.plan.Max, "max", 200, "maximum percent")
	flags.DurationVar(&f.plan.Start, "start", 40*time.Second, "from the launch of a task to RUNNING")
	flags.DurationVar(&f.plan.Grace, "grace", 40*time.Second, "from RUNNING until it counts as healthy")
	flags.DurationVar(&f.plan.Drain, "drain", 5*time.Minute, "from the decision to stop a task to STOPPED; a target group drains for 5m unless told otherwise")
	flags.StringVar(&f.launchType, "launch-type", "FARGATE", "FARGATE or EC2")
	flags.IntVar(&f.plan.Room, "room", 0, "how many tasks more the instances, or on Fargate the quota of vCPUs, have room for")
	flags.IntVar(&f.plan.LaunchRate, "launch-rate", fargateLaunches, "launches a minute; 0: no limit")
	flags.StringVar(&f.page, "html", "", "write a page with a picture to this file")
	if err := c.MarkFlagRequired("desired"); err != nil {
		panic("slipway: " + err.Error()) // the flag is there
	}
	return c
}

// fargateLaunches is how many tasks a minute a service may launch on Fargate.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const fargateLaunches = 500

// read is the plan that the flags describe.
func (f *rolloutFlags) read() (rollout.Plan, error) {
	p := f.plan
	if p.Room < 0 {
		return p, fmt.Errorf("--room is %d; write how many tasks more there is room for, 0 or more", p.Room)
	}
	switch strings.ToUpper(f.launchType) {
	case "FARGATE":
		if !f.roomGiven {
			p.Room = -1
		}
	case "EC2":
		if !f.rateGiven {
			p.LaunchRate = 0
		}
	default:
		return p, fmt.Errorf("--launch-type is %q; write FARGATE or EC2", f.launchType)
	}
	return p, p.Check()
}

func (o *options) rollout(f rolloutFlags) error {
	p, err := f.read()
	if err != nil {
		return err
	}
	r := rollout.Roll(p)
	if r.Stuck && p.Room == 0 && !f.roomGiven {
		r.Why += ": --room says for how many the instances have it, and is 0 unless told otherwise"
	}
	if err := picture(f.page, p, r); err != nil {
		return err
	}
	if err := o.answer(r, func(out io.Writer) { printRollout(out, r) }); err != nil {
		return err
	}
	if r.Stuck {
		return errFound
	}
	return nil
}

// picture writes the page of a rollout to a file, if there is to be one.
func picture(file string, p rollout.Plan, r rollout.Rollout) error {
	if file == "" {
		return nil
	}
	var page strings.Builder
	if err := rollout.Page(&page, p, r); err != nil {
		return err
	}
	return store(file, []byte(page.String()))
}

func printRollout(out io.Writer, r rollout.Rollout) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	say(w, "at\told\tnew\tstarting\tstopping\t\n")
	for _, s := range r.Steps {
		at := time.Duration(s.At * float64(time.Second)).Round(100 * time.Millisecond)
		say(w, "%s\t%d\t%d\t%d\t%d\t  %s\n", at, s.OldRunning, s.NewRunning, s.Starting, s.Stopping, bar(s))
	}
	_ = w.Flush()
	if r.Stuck {
		say(out, "\nStuck: %s.\n", r.Why)
		return
	}
	say(out, "\nDone after %s. %s\n", time.Duration(r.Seconds*float64(time.Second)).Round(100*time.Millisecond), r.Why)
}

// bar draws the tasks of a step, at most barLong characters.
func bar(s rollout.Step) string {
	const barLong = 60
	all := s.OldRunning + s.NewRunning + s.Starting + s.Stopping
	each := max(1, (all+barLong-1)/barLong)
	draw := func(mark string, n int) string { return strings.Repeat(mark, (n+each-1)/each) }
	return draw("N", s.NewRunning) + draw("o", s.OldRunning) + draw("+", s.Starting) + draw(".", s.Stopping)
}
