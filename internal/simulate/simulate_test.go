package simulate

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// steadyLoad is so many busy tasks for so many hours.
func steadyLoad(t testing.TB, busy, hours float64) (Settings, Load) {
	t.Helper()
	s := Standard()
	s.Max = 500
	return s, load(t, Steady, s, busy, hours)
}

func load(t testing.TB, p Pattern, s Settings, busy, hours float64) Load {
	t.Helper()
	arrivals, err := Generate(p, busy/s.Service.Mean(), hours*3600, s.Seed)
	if err != nil {
		t.Fatal(err)
	}
	return NewLoad(arrivals, hours*3600, s.Service, s.Seed)
}

func TestGeneratedArrivalsHaveTheirRate(t *testing.T) {
	for _, p := range Patterns() {
		t.Run(string(p), func(t *testing.T) {
			arrivals, err := Generate(p, 3, 86400, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got := float64(len(arrivals)) / 86400; math.Abs(got-3) > 0.45 || !slices.IsSorted(arrivals) || arrivals[0] < 0 || arrivals[len(arrivals)-1] >= 86400 {
				t.Errorf("%.2f a second, sorted %t, want 3 in order within the day", got, slices.IsSorted(arrivals))
			}
		})
	}
	if _, err := Generate("lunar", 1, 1, 1); err == nil || !strings.Contains(err.Error(), "steady") {
		t.Errorf("error = %v, want one that names the patterns", err)
	}
}

func TestTimesHaveTheirMean(t *testing.T) {
	for name, times := range map[string]Times{
		"constant":    {Constant, 5, 0},
		"exponential": {Exponential, 5, 0},
		"heavy":       {HeavyTailed, 5, 0},
		"pareto":      {Pareto, 5, 0},
		"start-up":    Standard().Startup,
	} {
		t.Run(name, func(t *testing.T) {
			r, sum := random(1, name), 0.0
			const n = 2_000_000
			for range n {
				sum += times.draw(r)
			}
			if got, want := sum/n, times.Mean(); math.Abs(got/want-1) > 0.1 {
				t.Errorf("mean %.2f, want %.2f", got, want)
			}
		})
	}
}

func TestReadTrace(t *testing.T) {
	for name, tc := range map[string]struct {
		text     string
		arrivals int
		end      float64
		problem  string
	}{
		"times with a header":        {"TIMESTAMP,ContextTokens\n2023-11-16 18:17:03.9799600,4808\n2023-11-16 18:17:04.0319600,3180\n", 2, 1.052, ""},
		"times without":              {"2027-01-01T00:00:00Z\n2027-01-01T00:00:10Z\n", 2, 11, ""},
		"seconds":                    {"0\n2.5\n1\n", 3, 3.5, ""},
		"counts":                     {"timestamp,value\n2015-02-26 21:42:53,4\n2015-02-26 21:47:53,6.0\n", 10, 600, ""},
		"counts without a header":    {"0,4\n60,6\n", 10, 120, ""},
		"an empty file":              {"", 0, 0, "no arrival"},
		"a header alone":             {"timestamp,value\n", 0, 0, "no arrival"},
		"a time that is none":        {"0\nsoon\n", 0, 0, "line 2"},
		"a count that is none":       {"time,count\n0,1\n60,many\n", 0, 0, "line 3"},
		"a count below zero":         {"time,count\n0,1\n60,-1\n", 0, 0, "line 3"},
		"counts out of order":        {"time,count\n60,1\n0,1\n", 0, 0, "order"},
		"counts at one and the same": {"time,count\n0,1\n0,1\n", 0, 0, "most lines"},
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := ReadTrace(strings.NewReader(tc.text))
			if tc.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tc.problem) {
					t.Errorf("error = %v, want one that says %q", err, tc.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			arrivals, end := trace.Arrivals(0, 1)
			if len(arrivals) != tc.arrivals || math.Abs(end-tc.end) > 1e-6 || !slices.IsSorted(arrivals) {
				t.Errorf("%d arrivals until %g, want %d until %g", len(arrivals), end, tc.arrivals, tc.end)
			}
		})
	}
}

func TestATraceIsScaledAndCut(t *testing.T) {
	trace, err := ReadTrace(strings.NewReader("time,count\n0,10\n60,10\n120,200\n180,10\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := trace.Busiest(60); got != 120 {
		t.Errorf("busiest minute at %g, want 120", got)
	}
	arrivals, end := trace.Window(120, 60).Arrivals(5, 1)
	if len(arrivals) != 300 || end != 60 {
		t.Errorf("%d arrivals in %g s, want 300 in a minute", len(arrivals), end)
	}
}

// Every message is worked on once, nothing is billed below a minute, and the same seed gives the same outcome.
func TestTheWorldAddsUp(t *testing.T) {
	s, l := steadyLoad(t, 5, 1)
	for _, c := range Contenders() {
		if c.Line {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			a, b := Run(c.Name, s, l, c.make(s)), Run(c.Name, s, l, c.make(s))
			if a.TaskSeconds != b.TaskSeconds || !slices.Equal(a.Waits, b.Waits) {
				t.Error("the same seed gave two outcomes")
			}
			if a.Killed != 0 || a.TaskSeconds < l.bare(s) || a.TaskSeconds < float64(a.Started)*leastBilled || slices.Min(a.Waits) < 0 {
				t.Errorf("killed %d, %.0f task-seconds for %.0f of work by %d tasks", a.Killed, a.TaskSeconds, l.bare(s), a.Started)
			}
		})
	}
}

func TestUnprotectedWorkersAreKilledByOthersOnly(t *testing.T) {
	s, l := steadyLoad(t, 5, 2)
	s.Protected = false
	if o := Run("buildkite", s, l, Buildkite(s)); o.Killed == 0 {
		t.Error("buildkite's rule killed no work, though nothing protects it")
	}
	// A message may still be taken between the look and the stop.
	if o := Run(NameShipped, s, l, Shipped(s)); o.Killed > 1 {
		t.Errorf("%d messages killed by scaling in when idle", o.Killed)
	}
}

func TestAKilledMessageComesAgain(t *testing.T) {
	s := Standard()
	s.Protected, s.Startup, s.Visibility = false, Times{Constant, 10, 0}, 30
	l := Load{Arrivals: []float64{1}, Work: []float32{20}, End: 100}
	o := Run("script", s, l, script{0: 1, 20: 0, 40: 1})
	if o.Killed != 1 || math.Abs(float64(o.Waits[0])-49) > 0.01 { // at work from 10 to 20, visible at 50
		t.Errorf("killed %d, waited %g; want one, 49 s", o.Killed, o.Waits[0])
	}
}

// script is desired counts by time.
type script map[float64]int

func (s script) Step(r Reading) (int, float64) {
	if n, ok := s[r.At]; ok {
		return n, 10
	}
	return r.Desired, 10
}

func TestTheLaunchQuotaHolds(t *testing.T) {
	s := Standard()
	s.Startup, s.Max = Times{Constant, 1, 0}, 1000
	l := Load{Arrivals: []float64{40}, Work: []float32{1}, End: 40}
	var ran []int
	Run("script", s, l, watched{script{0: 600}, &ran})
	// A hundred at once, then twenty a second, as long as the five hundred of the minute and what refills them last.
	if ran[1] > 280 || ran[1] < 270 || ran[2] > 480 || ran[4] != 600 {
		t.Errorf("running after each ten seconds: %v", ran)
	}
}

type watched struct {
	Scaler
	running *[]int
}

func (w watched) Step(r Reading) (int, float64) {
	*w.running = append(*w.running, r.Running)
	return w.Scaler.Step(r)
}

// The shipped policy keeps its promises on what is generated; the bounds leave room for other seeds.
func TestTheShippedPolicyAgainstTheOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	contenders, err := Choose([]string{NameShipped, "keda-1", "keda-6", "buildkite", nameClairvoyant})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[Pattern]struct{ late, overClairvoyant float64 }{
		Steady:  {0.1, 1.25},
		Diurnal: {0.1, 1.25},
		Flash:   {0.1, 1.5},
		OnOff:   {0.1, 1.6},
		Drift:   {0.1, 1.3},
	} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			s := Standard()
			s.Service.Law, s.Max = HeavyTailed, 300
			c := Compare(s, load(t, name, s, 20, 3), 0, contenders)
			cheapest, _ := c.Against(NameShipped)
			ours := c.Policies[0]
			if ours.AvoidablyLatePercent > tc.late || ours.OverClairvoyant > tc.overClairvoyant || ours.Killed != 0 {
				t.Errorf("%.3f %% avoidably late, %.2f of the clairvoyant's task-seconds, want %.1f and %.2f", ours.AvoidablyLatePercent, ours.OverClairvoyant, tc.late, tc.overClairvoyant)
			}
			if cheapest == nil || ours.TaskSeconds > 0.85*cheapest.TaskSeconds {
				t.Errorf("%.0f task-seconds, and %+v is as seldom late", ours.TaskSeconds, cheapest)
			}
		})
	}
}

// Bursts, and the ends of work that follow them, tell little of the service time: the policy that is not told takes hardly
// more task-seconds than the one that is.
func TestBurstsDoNotHideTheServiceTime(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	contenders, err := Choose([]string{NameShipped, nameHinted, nameClairvoyant})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		pattern Pattern
		service float64
		perTask int
	}{
		"bursts":                   {OnOff, 5, 1},
		"bursts of short messages": {OnOff, 1, 1},
		"bursts, ten a task":       {OnOff, 5, 10},
		"spikes":                   {Spikes, 5, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Standard()
			s.Service.Law, s.Service.Value, s.MessagesPerTask, s.Max = HeavyTailed, tc.service, tc.perTask, 600
			c := Compare(s, load(t, tc.pattern, s, 60*float64(tc.perTask)/2, 2), 0, contenders)
			ours, told := c.Policies[0], c.Policies[1]
			if ours.TaskSeconds > 1.2*told.TaskSeconds || ours.AvoidablyLatePercent > told.AvoidablyLatePercent+0.5 {
				t.Errorf("%.2f of the task-seconds, %.2f %% avoidably late, %.2f %% when told", ours.TaskSeconds/told.TaskSeconds, ours.AvoidablyLatePercent, told.AvoidablyLatePercent)
			}
		})
	}
}

// Recordings are not part of the project: name a folder of them to play them.
func TestRecordings(t *testing.T) {
	folder := os.Getenv("SLIPWAY_TRACES")
	if folder == "" {
		folder = "../../../shared/traces"
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	if err != nil || len(paths) == 0 {
		t.Skipf("there is no recording in %s, %v; name a folder with some in SLIPWAY_TRACES", folder, err)
	}
	contenders, err := Choose([]string{NameShipped, "keda-1", "keda-6", "buildkite"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { playRecording(t, path, contenders) })
	}
}

func playRecording(t *testing.T, path string, contenders []Contender) {
	t.Helper()
	in, err := os.Open(path) //nolint:gosec // the file that the developer names
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	trace, err := ReadTrace(in)
	if err != nil {
		t.Fatal(err)
	}
	const hours = 4 * 3600
	s := Standard()
	s.Service.Law, s.Max = HeavyTailed, 300
	arrivals, end := trace.Window(trace.Busiest(hours), hours).Arrivals(20/s.Service.Mean(), s.Seed)
	c := Compare(s, NewLoad(arrivals, end, s.Service, s.Seed), 0, contenders)
	cheapest, _ := c.Against(NameShipped)
	if ours := c.Policies[0]; ours.AvoidablyLatePercent > 0.1 || cheapest != nil && ours.TaskSeconds > 0.85*cheapest.TaskSeconds {
		t.Errorf("%+v against %+v", ours, cheapest)
	}
}

// BenchmarkAMonth is a month of one message a second or so.
func BenchmarkAMonth(b *testing.B) {
	s, l := steadyLoad(b, 5, 30*24)
	for b.Loop() {
		if o := Run(NameShipped, s, l, Shipped(s)); len(o.Waits) < 2_000_000 {
			b.Fatalf("%d messages", len(o.Waits))
		}
	}
}

func TestThePageNeedsNothingElse(t *testing.T) {
	s, l := steadyLoad(t, 3, 0.5)
	contenders, err := Choose([]string{NameShipped, "buildkite"})
	if err != nil {
		t.Fatal(err)
	}
	c := Compare(s, l, 1, contenders)
	c.Title = `a <b> & "c"`
	var page strings.Builder
	if err := Page(&page, s, []Comparison{c}); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"http:", "https:", "src=", "@import", "<b>", "NaN", "ZgotmplZ"} {
		if strings.Contains(page.String(), word) {
			t.Errorf("the page has %q in it", word)
		}
	}
	if n := strings.Count(page.String(), "<polyline"); n != 6 {
		t.Errorf("%d lines, want two in each of three charts", n)
	}
}
