package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/scaling"
)

// maxLine bounds one sample, in bytes.
const maxLine = 1 << 20

// policyFlags are the flags that describe a scaling policy.
type policyFlags struct {
	latency, serviceTime, startupTime time.Duration
	low, high, perTask, maxGroups     int
	scaleIn                           string
	fifo                              bool
}

func (f *policyFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.DurationVar(&f.latency, "latency", scaling.DefaultLatency, "the longest that a message is to wait")
	flags.IntVar(&f.low, "min", 0, "never fewer tasks")
	flags.IntVar(&f.high, "max", 100, "never more tasks")
	flags.IntVar(&f.perTask, "messages-per-task", 1, "how many messages one task works on at once")
	flags.DurationVar(&f.serviceTime, "service-time", 0, "the mean service time of one message (default learned)")
	flags.DurationVar(&f.startupTime, "startup-time", 0, "the median time from the request of a task to RUNNING (default 35s, then learned)")
	flags.StringVar(&f.scaleIn, "scale-in", string(scaling.Protected), "protected, or idle for workers without task scale-in protection")
	flags.BoolVar(&f.fifo, "fifo", false, "the queue is FIFO")
	flags.IntVar(&f.maxGroups, "max-groups", 0, "message groups of a FIFO queue (default learned)")
}

// policy names every mistake in the flags.
func (f *policyFlags) policy() (scaling.Policy, error) {
	var problems []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	demand(f.latency > 0, "--latency is %s; write more than nothing, as in 60s", f.latency)
	demand(f.low >= 0, "--min is %d; write 0 or more", f.low)
	demand(f.high >= max(f.low, 1), "--max is %d; write at least 1, and at least --min, which is %d", f.high, f.low)
	demand(f.perTask >= 1, "--messages-per-task is %d; write 1 or more", f.perTask)
	demand(f.serviceTime >= 0, "--service-time is %s; write more than nothing, as in 5s", f.serviceTime)
	demand(f.startupTime >= 0, "--startup-time is %s; write more than nothing, as in 35s", f.startupTime)
	demand(f.maxGroups >= 0, "--max-groups is %d; write 1 or more", f.maxGroups)
	in := scaling.ScaleIn(f.scaleIn)
	demand(in == scaling.Protected || in == scaling.Idle, "--scale-in is %q; write protected or idle", f.scaleIn)
	return scaling.Policy{
		Min: f.low, Max: f.high, MessagesPerTask: f.perTask, Latency: f.latency, ServiceTime: f.serviceTime,
		StartupTime: f.startupTime, ScaleIn: in, FIFO: f.fifo || f.maxGroups > 0, MaxGroups: f.maxGroups,
	}, errors.Join(problems...)
}

func decideCommand(o *options) *cobra.Command {
	var f policyFlags
	c := &cobra.Command{
		Use:   "decide",
		Short: "Let the scaling policy decide on samples from standard input",
		Long: `Decide reads one JSON sample a line and answers with one JSON decision a line, at once:

  {"at":"2027-01-31T23:00:00Z","visible":12,"inFlight":3,"delayed":0,"running":2,"pending":1,"desired":3}
  {"desired":4,"reason":"backlog"}

All counts are of that moment. A count that is left out is not known, and the decision holds what is. The decisions are
those of sqs-scaler; what they remember lasts as long as the command.`,
		Example: `  slipway decide --latency 60s --max 50 <samples.jsonl
  my-simulator | slipway decide --latency 30s --min 1 --max 200 --service-time 2s`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return o.decide(o.in, f) },
	}
	f.add(c)
	return c
}

// sampleLine is one line of input. A count that is not there is nil.
type sampleLine struct {
	At                                                    time.Time
	Visible, InFlight, Delayed, Running, Pending, Desired *float64
}

type decisionLine struct {
	Desired int            `json:"desired"`
	Reason  scaling.Reason `json:"reason"`
}

// decide answers every line. One that is no sample is answered with what holds, and told of on standard error.
func (o *options) decide(in io.Reader, f policyFlags) error {
	p, err := f.policy()
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	answers := json.NewEncoder(o.out)
	var state scaling.State
	broken := false
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		sample, err := readSample(lines.Bytes())
		if err != nil {
			broken = true
			say(o.err, "slipway: read line %d: %s\n", n, err)
		}
		var d scaling.Decision
		d, state = scaling.Decide(p, state, sample, sample.At)
		if err := answers.Encode(decisionLine{d.Desired, d.Reason}); err != nil {
			return fmt.Errorf("write a decision: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	if broken {
		return errFound
	}
	return nil
}

// readSample reads a line. A sample that is not understood has no count.
func readSample(line []byte) (scaling.Sample, error) {
	var l sampleLine
	err := json.Unmarshal(line, &l)
	if err == nil && l.At.IsZero() {
		err = errors.New(`"at" is missing; write a time, as in "2027-01-31T23:00:00Z"`)
	}
	if err != nil {
		l = sampleLine{At: l.At}
	}
	return scaling.Sample{
		At: l.At, Visible: counted(l.Visible), InFlight: counted(l.InFlight), Delayed: counted(l.Delayed),
		Running: counted(l.Running), Pending: counted(l.Pending), Desired: counted(l.Desired),
	}, err
}

// counted is a count, scaling.Unknown for one that is not there, and an impossible one for what is no count.
func counted(v *float64) int {
	switch {
	case v == nil:
		return scaling.Unknown
	case *v < 0 || *v != math.Trunc(*v) || *v > math.MaxInt32*1000:
		return math.MinInt
	}
	return int(*v)
}
