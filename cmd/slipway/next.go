package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway/internal/config/compile"
	"slipway/internal/run"
	"slipway/internal/schedule"
)

const (
	// maxNext bounds how many times are printed.
	maxNext = 10000
	// maxYear is the last year that RFC 3339 can write.
	maxYear = 9999
)

// nextFlags are the flags of next.
type nextFlags struct {
	timezone string
	from     string
	count    int
}

func nextCommand(o *options) *cobra.Command {
	var f nextFlags
	c := &cobra.Command{
		Use:   "next JOB|EXPRESSION",
		Short: "Say when a job or a schedule is due next",
		Long: `Next prints the coming scheduled times of a job of slipway.yaml, or of any expression. With --json it prints an array
of RFC 3339 instants in UTC, empty when the schedule does not fire. Jitter is not in it. An expression with a mistake
ends with exit code 2 and the position of the mistake.`,
		Example: `  slipway next hourly-report
  slipway next 'cron(30 2 * * ? *)' --timezone Europe/Helsinki --from 2027-03-27T00:00:00Z -n 3 --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return o.next(args[0], f) },
	}
	c.Flags().StringVar(&f.timezone, "timezone", "", "IANA zone in which the expression is read (default the job's, or UTC)")
	c.Flags().StringVar(&f.from, "from", "", "times after this one, RFC 3339 (default now)")
	c.Flags().IntVarP(&f.count, "number", "n", 5, "how many times")
	return c
}

func (o *options) next(what string, f nextFlags) error {
	from := o.now()
	if f.from != "" {
		var err error
		if from, err = time.Parse(time.RFC3339, f.from); err != nil {
			return fmt.Errorf("read --from: %q is not a time such as 2027-03-27T00:00:00Z", f.from)
		}
	}
	if f.count < 1 || f.count > maxNext {
		return fmt.Errorf("read -n: %d is not between 1 and %d", f.count, maxNext)
	}
	trigger, err := o.trigger(what, f.timezone)
	if err != nil {
		return err
	}
	s, err := schedule.For(trigger)
	if err != nil {
		return fmt.Errorf("read the schedule: %w", err)
	}
	times := []time.Time{}
	for at, ok := s.Next(from); ok && len(times) < f.count && at.Year() <= maxYear; at, ok = s.Next(at) {
		times = append(times, at.UTC())
	}
	return o.answer(stamps(times), func(w io.Writer) {
		if len(times) == 0 {
			say(w, "%s\n", noTimes(s, from))
		}
		printTimes(w, times, trigger.Timezone)
	})
}

// noTimes is why a schedule has no time after the given one.
func noTimes(s schedule.Schedule, from time.Time) string {
	if why := s.Never(); why != "" {
		return "It never fires: " + why + "."
	}
	text := "It does not fire after " + stamp(from)
	if last, ok := s.Prev(from.Add(1)); ok {
		text += ": the last time was " + stamp(last)
	}
	return text + "."
}

// trigger is the schedule of a job, or an expression as it is given.
func (o *options) trigger(what, zone string) (run.ScheduleTrigger, error) {
	if isName := run.ValidJobName(what) == nil; !isName {
		return run.ScheduleTrigger{Expression: what, Timezone: zone}, nil
	}
	c, err := o.valid()
	if err != nil && !errors.Is(err, errFound) {
		return run.ScheduleTrigger{}, fmt.Errorf("%w; for an expression write as in 'rate(5 minutes)'", err)
	}
	if err != nil {
		return run.ScheduleTrigger{}, err
	}
	var names []string
	for _, j := range c.Jobs {
		names = append(names, j.Name)
		if j.Name != what {
			continue
		}
		switch {
		case j.Trigger.S3 != nil:
			return run.ScheduleTrigger{}, fmt.Errorf("job %s is started by objects, it has no schedule", what)
		case j.Trigger.Schedule == nil:
			return run.ScheduleTrigger{}, fmt.Errorf("job %s is only started by hand, it has no schedule", what)
		}
		t := *j.Trigger.Schedule
		if zone != "" {
			t.Timezone = zone
		}
		return t, nil
	}
	return run.ScheduleTrigger{}, fmt.Errorf("there is no job %s in %s; %s; for an expression write as in 'rate(5 minutes)'",
		what, o.file, strings.TrimSuffix(compile.Suggest(what, names), "?"))
}

func stamps(times []time.Time) []string {
	out := []string{}
	for _, t := range times {
		out = append(out, t.Format(time.RFC3339))
	}
	return out
}

func printTimes(w io.Writer, times []time.Time, zone string) {
	for _, t := range times {
		if text := inZone(t, zone); text != "" {
			say(w, "%s  %s\n", stamp(t), text)
		} else {
			say(w, "%s\n", stamp(t))
		}
	}
}

// inZone is what the clocks of a zone read at a time, or empty for UTC.
func inZone(t time.Time, zone string) string {
	location, err := time.LoadLocation(zone)
	if err != nil || location == time.UTC {
		return ""
	}
	return t.In(location).Format("2006-01-02 15:04:05 MST")
}
