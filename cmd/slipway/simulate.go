package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/cost"
	"slipway/internal/simulate"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	traces, patterns, policies []string
	load                       float64
	from, lasts, busiest       time.Duration
	latency, service, startup  time.Duration
	law, page                  string
	low, high, perTask         int
	unprotected                bool
	seed                       uint64
	vcpu, memory               float64
	stale, every               time.Duration
}

func simulateCommand(o *options) *cobra.Command {
	var f simulateFlags
	c := &cobra.Command{
		Use:   "simulate",
		Short: "Play arrivals against scaling policies: the shipped one, those of others, and a clairvoyant",
		Long: `Simulate plays arrivals, SQS, CloudWatch and ECS, and reports for each policy how many messages waited for too long and
what its tasks cost. Arrivals come from recordings or are generated:

  --trace FILE    a CSV of times, one for each arrival, or of times and counts (header "value" or "count")
  --pattern NAME  steady, diurnal, flash, on-off, spikes, drift, or all

The policies are slipway (which learns the service time), slipway-hinted (which is told), keda-1 and keda-6 (KEDA with
that queueLength), target-tracking, step-scaling, copilot, buildkite; to measure by, fixed (the smallest fleet of one
size) and clairvoyant (which knows all arrivals). docs/benchmarks.md says how they are modelled.`,
		Example: `  slipway simulate --pattern all --load 20
  slipway simulate --trace requests.csv --busiest 4h --load 50 --latency 30s --html comparison.html
  slipway simulate --trace orders.csv --policy slipway,keda-6,clairvoyant --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return o.simulate(f) },
	}
	f.add(c)
	return c
}

func (f *simulateFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringSliceVar(&f.traces, "trace", nil, "recorded arrivals")
	flags.StringSliceVar(&f.patterns, "pattern", nil, "generated arrivals")
	flags.StringSliceVar(&f.policies, "policy", nil, "policies to compare (default all)")
	flags.Float64Var(&f.load, "load", 0, "tasks that the work keeps busy on the mean (default 20 for a pattern; for a trace as recorded)")
	flags.DurationVar(&f.from, "from", 0, "leave out the beginning of a trace")
	flags.DurationVar(&f.lasts, "for", 0, "length (default 4h for a pattern, 24h for diurnal; for a trace to its end)")
	flags.DurationVar(&f.busiest, "busiest", 0, "play the busiest part of a trace, of this length")
	flags.DurationVar(&f.latency, "latency", time.Minute, "the longest wait that is in time")
	flags.DurationVar(&f.service, "service-time", 5*time.Second, "the mean service time of one message")
	flags.StringVar(&f.law, "service-law", string(simulate.HeavyTailed), "constant, exponential, heavy or pareto")
	flags.DurationVar(&f.startup, "startup-time", 35*time.Second, "the median start-up of a task; the 95th percentile is 1.77 times that")
	flags.DurationVar(&f.stale, "stale", 2*time.Second, "how old the counts of SQS are at most")
	flags.DurationVar(&f.every, "every", 5*time.Second, "how often the shipped policy looks while it is awake")
	flags.IntVar(&f.low, "min", 0, "never fewer tasks")
	flags.IntVar(&f.high, "max", 0, "never more tasks (default ten times the load, and 20 more)")
	flags.IntVar(&f.perTask, "messages-per-task", 1, "how many messages one task works on at once")
	flags.BoolVar(&f.unprotected, "unprotected", false, "workers without task scale-in protection")
	flags.Uint64Var(&f.seed, "seed", 1, "of everything that is drawn")
	flags.Float64Var(&f.vcpu, "vcpu", 0.25, "vCPU of one task, for the cost")
	flags.Float64Var(&f.memory, "memory", 0.5, "GiB of memory of one task, for the cost")
	flags.StringVar(&f.page, "html", "", "write a page with charts to this file")
}

// check names every mistake in the flags.
func (f *simulateFlags) check() error {
	var problems []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	demand(len(f.traces)+len(f.patterns) > 0, "nothing arrives; name a --trace or a --pattern")
	demand(f.load >= 0 && f.load <= maxLoad, "--load is %g; write 0 to %d", f.load, maxLoad)
	demand(min(f.from, f.lasts, f.busiest, f.stale) >= 0, "--from, --for, --busiest and --stale must not be less than nothing")
	demand(f.every >= time.Second, "--every is %s; write 1s or more", f.every)
	demand(f.latency > 0 && f.service > 0 && f.startup > 0, "--latency, --service-time and --startup-time must be more than nothing")
	demand(f.low >= 0 && f.high >= 0 && (f.high == 0 || f.high >= f.low), "--min is %d and --max is %d; write 0 or more, and no less for --max", f.low, f.high)
	demand(f.perTask >= 1, "--messages-per-task is %d; write 1 or more", f.perTask)
	laws := []simulate.Distribution{simulate.Constant, simulate.Exponential, simulate.HeavyTailed, simulate.Pareto}
	demand(slices.Contains(laws, simulate.Distribution(f.law)), "--service-law is %q; write one of %v", f.law, laws)
	return errors.Join(problems...)
}

const maxLoad = 10_000

// settings are the world that the flags describe, for so many busy tasks.
func (f *simulateFlags) settings(load float64) simulate.Settings {
	s := simulate.Standard()
	s.Target, s.Stale, s.Every = f.latency.Seconds(), f.stale.Seconds(), f.every.Seconds()
	s.Service.Law, s.Service.Value = simulate.Distribution(f.law), f.service.Seconds()
	s.Startup.Value = f.startup.Seconds()
	s.Min, s.Max, s.MessagesPerTask = f.low, f.high, f.perTask
	s.Protected, s.Seed = !f.unprotected, f.seed
	if s.Max == 0 {
		s.Max = max(f.low, int(10*load)+20)
	}
	return s
}

// perSecond is the arrivals a second that keep so many tasks busy.
func (f *simulateFlags) perSecond(load float64) float64 {
	return load * float64(f.perTask) / f.service.Seconds()
}

func (o *options) simulate(f simulateFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	contenders, err := simulate.Choose(f.policies)
	if err != nil {
		return err
	}
	price := cost.Published().FargateHour(f.vcpu, f.memory, true) / time.Hour.Seconds()
	var all []simulate.Comparison
	for _, arrivals := range f.sources() {
		title, times, end, err := arrivals()
		if err != nil {
			return err
		}
		s := f.settings(float64(len(times)) / end * f.service.Seconds() / float64(f.perTask))
		c := simulate.Compare(s, simulate.NewLoad(times, end, s.Service, s.Seed), price, contenders)
		c.Title = title
		all = append(all, c)
		if !o.json {
			say(o.out, "%s: %d messages in %s, %.0f task-seconds of work\n", title, c.Messages, seconds(end), c.BareTaskSeconds)
			if err := c.Table(o.out); err != nil {
				return err
			}
			say(o.out, "%s\n", standing(c))
		}
	}
	if err := f.writePage(f.settings(f.load), all); err != nil {
		return err
	}
	if !o.json {
		return nil
	}
	return o.answer(all, func(io.Writer) {})
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Second)
}

// standing says how the shipped policy stands to the others.
func standing(c simulate.Comparison) string {
	cheapest, punctual := c.Against(simulate.NameShipped)
	i := slices.IndexFunc(c.Policies, func(r simulate.Report) bool { return r.Policy == simulate.NameShipped })
	var b strings.Builder
	if punctual != nil {
		fmt.Fprintf(&b, "The least late of the others is %s with %.3f %%. ", punctual.Policy, punctual.LatePercent)
	}
	switch {
	case i < 0 || punctual == nil:
	case cheapest == nil:
		b.WriteString("None of the others is as seldom late as slipway.")
	default:
		fmt.Fprintf(&b, "The cheapest that is as seldom late as slipway is %s; slipway takes %.2f of its task-seconds.",
			cheapest.Policy, c.Policies[i].TaskSeconds/cheapest.TaskSeconds)
	}
	return b.String() + "\n"
}

// source draws arrivals: what they are, when, and the end.
type source func() (title string, times []float64, end float64, err error)

func (f *simulateFlags) sources() []source {
	var out []source
	for _, path := range f.traces {
		out = append(out, func() (string, []float64, float64, error) { return f.recorded(path) })
	}
	names := f.patterns
	if slices.Equal(names, []string{"all"}) {
		names = nil
		for _, p := range simulate.Patterns() {
			names = append(names, string(p))
		}
	}
	for _, name := range names {
		out = append(out, func() (string, []float64, float64, error) { return f.generated(name) })
	}
	return out
}

func (f *simulateFlags) recorded(path string) (string, []float64, float64, error) {
	in, err := os.Open(path) //nolint:gosec // the file that the user names
	if err != nil {
		return "", nil, 0, fmt.Errorf("read the trace: %w", err)
	}
	defer func() { _ = in.Close() }() // it was only read
	t, err := simulate.ReadTrace(in)
	if err != nil {
		return "", nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	from, lasts := f.from.Seconds(), f.lasts.Seconds()
	if f.busiest > 0 {
		lasts = f.busiest.Seconds()
		from = t.Busiest(lasts)
	}
	if t = t.Window(from, lasts); len(t.Times) == 0 {
		return "", nil, 0, fmt.Errorf("%s: nothing arrives in that part of the trace", path)
	}
	times, end := t.Arrivals(f.perSecond(f.load), f.seed)
	if len(times) == 0 {
		return "", nil, 0, fmt.Errorf("%s: nothing arrives at that load", path)
	}
	return filepath.Base(path) + f.at(f.load), times, end, nil
}

func (f *simulateFlags) generated(name string) (string, []float64, float64, error) {
	load, lasts := f.load, f.lasts.Seconds()
	if load == 0 {
		load = 20
	}
	if lasts == 0 {
		lasts = (4 * time.Hour).Seconds()
		if name == string(simulate.Diurnal) {
			lasts = (24 * time.Hour).Seconds()
		}
	}
	times, err := simulate.Generate(simulate.Pattern(name), f.perSecond(load), lasts, f.seed)
	if err == nil && len(times) == 0 {
		err = fmt.Errorf("pattern %s: nothing arrives in %s", name, f.lasts)
	}
	return name + f.at(load), times, lasts, err
}

func (f *simulateFlags) at(load float64) string {
	if load == 0 {
		return ""
	}
	return fmt.Sprintf(", %g busy tasks", load)
}

func (f *simulateFlags) writePage(s simulate.Settings, all []simulate.Comparison) error {
	if f.page == "" {
		return nil
	}
	var b strings.Builder
	if err := simulate.Page(&b, s, all); err != nil {
		return err
	}
	return store(f.page, []byte(b.String()))
}
