package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/config/compile"
	"slipway/internal/cost"
)

// costFlags are the flags of cost.
type costFlags struct {
	w                              cost.Workload
	size, memory, batchBytes, arch string
	prices                         string
	table                          bool
}

func costCommand(o *options) *cobra.Command {
	var f costFlags
	c := &cobra.Command{
		Use:   "cost",
		Short: "Estimate what a month costs: the tasks, Slipway beside them, and the same work in other ways",
		Long: `Cost estimates a month of 730 hours from counts and published prices, without any free tier: what the tasks cost on
Fargate, what Slipway costs beside them, and what the same work costs as Step Functions executions, as AWS Batch jobs, and
with pollers that are always on. Without flags it is a stack with nothing to do.

The prices are those of us-east-1 on the day that is printed. --prices-table prints them as JSON; with the prices of
another region in their places, --prices FILE estimates for it. docs/benchmarks.md says what is measured and what is
assumed. The traffic and the logs of the containers, NAT and load balancers are on no bill.`,
		Example: `  slipway cost                                                          a month of nothing
  slipway cost --objects 100000 --runtime 2m --cpu 512 --memory 1GiB --spot 0.8
  slipway cost --objects 3000000 --object-size 20KiB --runtime 500ms --batch-objects 100
  slipway cost --jobs 10 --job-every 1h --job-runtime 5m --json
  slipway cost --queues 1 --messages 2000000 --message-time 5s --queue-hours 10`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return o.cost(f) },
	}
	f.add(c)
	return c
}

func (f *costFlags) add(c *cobra.Command) {
	flags := c.Flags()
	w := &f.w
	flags.Float64Var(&w.Objects.Count, "objects", 0, "objects a month that a job wants")
	flags.StringVar(&f.size, "object-size", "1MiB", "size of each, which --batch-bytes bounds")
	flags.DurationVar(&w.Objects.Runtime, "runtime", time.Minute, "how long a container works on one")
	flags.IntVar(&w.Objects.BatchObjects, "batch-objects", 1, "objects that share a task")
	flags.StringVar(&f.batchBytes, "batch-bytes", "0B", "bytes that share a task (default no bound)")
	flags.IntVar(&w.Jobs.Count, "jobs", 0, "scheduled jobs")
	flags.DurationVar(&w.Jobs.Every, "job-every", time.Hour, "how often each is due")
	flags.DurationVar(&w.Jobs.Runtime, "job-runtime", 5*time.Minute, "how long a container works each time")
	flags.IntVar(&w.Queues.Count, "queues", 0, "queues with a scaler")
	flags.Float64Var(&w.Queues.Messages, "messages", 0, "messages a month, all together")
	flags.DurationVar(&w.Queues.Time, "message-time", 5*time.Second, "how long a worker works on one")
	flags.IntVar(&w.Queues.MessagesPerTask, "messages-per-task", 1, "messages that a task works on at once")
	flags.Float64Var(&w.Queues.Hours, "queue-hours", 24, "hours of the day in which messages come")
	flags.IntVar(&w.Objects.Task.CPU, "cpu", 512, "CPU units of every task; 1024 is one vCPU")
	flags.StringVar(&f.memory, "memory", "1GiB", "memory of every task")
	flags.IntVar(&w.Objects.Task.EphemeralStorage, "ephemeral-storage", 20, "GiB of ephemeral storage of every task")
	flags.StringVar(&f.arch, "architecture", "arm64", "arm64 or x86_64")
	flags.Float64Var(&w.Spot, "spot", 0, "share of the task-seconds on Fargate Spot, 0 to 1")
	flags.BoolVar(&w.PublicIP, "public-ip", false, "tasks have a public IPv4 address")
	flags.Float64Var(&w.Failing, "failing", 0, "share of the attempts that fail and are tried once more, 0 to 1")
	flags.Float64Var(&w.Mails, "mails", 100, "mails a month")
	flags.Float64Var(&w.Peak, "peak", 2, "how much busier the busiest hour is than the mean, for what is always on")
	flags.StringVar(&f.prices, "prices", "", "prices of another region, in the form of --prices-table")
	flags.BoolVar(&f.table, "prices-table", false, "print the prices as JSON, and nothing else")
}

// workload reads the flags that are not numbers, and checks all.
func (f *costFlags) workload() (cost.Workload, error) {
	w := f.w
	var problems []error
	read := func(flag, text string) int64 {
		n, err := compile.ParseSize(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("read --%s: %w", flag, err))
		}
		return n
	}
	w.Objects.Size, w.Objects.BatchBytes = read("object-size", f.size), read("batch-bytes", f.batchBytes)
	w.Objects.Task.Memory = int(read("memory", f.memory) >> 20)
	w.Jobs.Task, w.Queues.Task = w.Objects.Task, w.Objects.Task
	if f.arch != "arm64" && f.arch != "x86_64" {
		problems = append(problems, fmt.Errorf("--architecture is %q; write arm64 or x86_64", f.arch))
	}
	w.X86 = f.arch == "x86_64"
	if len(problems) == 0 {
		problems = append(problems, w.Check())
	}
	return w, errors.Join(problems...)
}

func (o *options) cost(f costFlags) error {
	prices := cost.Published()
	if f.prices != "" {
		text, err := os.ReadFile(f.prices)
		if err != nil {
			return fmt.Errorf("read the prices: %w", err)
		}
		if prices, err = prices.With(text); err != nil {
			return err
		}
	}
	if f.table {
		o.json = true
		return o.answer(prices, nil)
	}
	w, err := f.workload()
	if err != nil {
		return err
	}
	e := cost.For(w, prices)
	return o.answer(estimateView{prices.Region, prices.ReadOn, e}, func(out io.Writer) { printEstimate(out, e) })
}

// estimateView is an estimate with what it rests on.
type estimateView struct {
	Region string `json:"region"`
	ReadOn string `json:"pricesReadOn"`
	cost.Estimate
}

func printEstimate(out io.Writer, e cost.Estimate) {
	say(out, "A month at the prices of %s read on %s, without any free tier:\n\n", e.Prices.Region, e.Prices.ReadOn)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, b := range []cost.Bill{e.Tasks, e.Slipway} {
		for _, l := range b.Lines {
			say(w, "%s\t%s\t%s\t%s\t\n", l.For, l.Item, amount(l.Quantity), dollars(l.Dollars))
		}
		say(w, "%s\t\t\t%s\t\n\t\t\t\t\n", b.Name, dollars(b.Dollars))
	}
	say(w, "Together\t\t\t%s\t\n", dollars(e.Together))
	_ = w.Flush()
	if e.Share > 0 {
		say(out, "\nSlipway adds %.1f %% to the price of the tasks.\n", 100*e.Share)
	}
	if e.Tasks.Dollars == 0 {
		return
	}
	say(out, "\nThe same work, tasks included:\n\n")
	bills := append([]cost.Bill{{Name: "Slipway", Dollars: e.Together}}, e.Peers...)
	slices.SortStableFunc(bills, func(a, b cost.Bill) int { return int(100*a.Dollars) - int(100*b.Dollars) })
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, b := range bills {
		say(w, "%s\t%s\t%s\n", b.Name, dollars(b.Dollars), b.Lacks)
	}
	_ = w.Flush()
}

// amount is a quantity in three digits or so.
func amount(n float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if n >= unit.size {
			if unit.name == "k" {
				return fmt.Sprintf("%.1f k", n/1e3)
			}
			return fmt.Sprintf("%.2f %s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%.4g", n)
}

func dollars(n float64) string { return fmt.Sprintf("$%.2f", n) }
