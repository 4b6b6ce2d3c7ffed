package rollout_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/rollout"
)

// usual is a service of ten on Fargate.
func usual() rollout.Plan {
	return rollout.Plan{Desired: 10, MinHealthy: 100, Max: 200, Start: 40 * time.Second, Grace: 30 * time.Second, Drain: 20 * time.Second, Room: -1}
}

func TestRoll(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*rollout.Plan)
		want   []rollout.Step
		stuck  bool
	}{
		"all at once, as ECS does by default": {func(*rollout.Plan) {}, []rollout.Step{{0, 10, 0, 10, 0}, {70, 0, 10, 0, 10}, {90, 0, 10, 0, 0}}, false},
		"four may go and six stay": {func(p *rollout.Plan) { p.MinHealthy, p.Max = 60, 100 }, []rollout.Step{
			{0, 6, 0, 0, 4}, {20, 6, 0, 4, 0}, {90, 2, 4, 0, 4}, {110, 2, 4, 4, 0}, {180, 0, 8, 0, 2}, {200, 0, 8, 2, 0}, {270, 0, 10, 0, 0},
		}, false},
		"nothing serves meanwhile":   {func(p *rollout.Plan) { p.MinHealthy, p.Max = 0, 100 }, []rollout.Step{{0, 0, 0, 0, 10}, {20, 0, 0, 10, 0}, {90, 0, 10, 0, 0}}, false},
		"none may go, none may come": {func(p *rollout.Plan) { p.Max = 100 }, []rollout.Step{{0, 10, 0, 0, 0}}, true},
		"rounding leaves one alone":  {func(p *rollout.Plan) { p.Desired, p.MinHealthy, p.Max = 1, 50, 150 }, []rollout.Step{{0, 1, 0, 0, 0}}, true},
		"no room on the instances":   {func(p *rollout.Plan) { p.Room = 0 }, []rollout.Step{{0, 10, 0, 0, 0}}, true},
		"room for five more": {func(p *rollout.Plan) { p.Room = 5 }, []rollout.Step{
			{0, 10, 0, 5, 0}, {70, 5, 5, 0, 5}, {90, 5, 5, 5, 0}, {160, 0, 10, 0, 5}, {180, 0, 10, 0, 0},
		}, false},
		"two launches a minute": {func(p *rollout.Plan) { p.Desired, p.LaunchRate = 3, 2 }, []rollout.Step{
			{0, 3, 0, 2, 0}, {60, 3, 0, 3, 0}, {70, 1, 2, 1, 2}, {90, 1, 2, 1, 0}, {130, 0, 3, 0, 1}, {150, 0, 3, 0, 0},
		}, false},
		"a quota is there again each minute, whatever starts meanwhile": {func(p *rollout.Plan) { p.Desired, p.LaunchRate, p.Start, p.Grace, p.Drain = 5, 2, 0, 0, 0 }, []rollout.Step{
			{0, 3, 2, 0, 0}, {60, 1, 4, 0, 0}, {120, 0, 5, 0, 0},
		}, false},
		"no task at all": {func(p *rollout.Plan) { p.Desired = 0 }, []rollout.Step{{0, 0, 0, 0, 0}}, false},
		"no time at all": {func(p *rollout.Plan) { p.Start, p.Grace, p.Drain = 0, 0, 0 }, []rollout.Step{{0, 0, 10, 0, 0}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := usual()
			tc.change(&p)
			got := rollout.Roll(p)
			if !slices.Equal(got.Steps, tc.want) || got.Stuck != tc.stuck || got.Seconds != tc.want[len(tc.want)-1].At || got.Why == "" {
				t.Errorf("got %+v\nwant %v, stuck %v", got, tc.want, tc.stuck)
			}
		})
	}
}

// plans are drawn from all that Check lets through, within reason.
func plans() *rapid.Generator[rollout.Plan] {
	return rapid.Custom(func(t *rapid.T) rollout.Plan {
		long := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 300).Draw(t, name)) * time.Second
		}
		p := rollout.Plan{
			Desired: rapid.IntRange(0, 300).Draw(t, "desired"), MinHealthy: rapid.IntRange(0, 100).Draw(t, "minimum"), Max: rapid.IntRange(100, 300).Draw(t, "maximum"),
			Start: long("start"), Grace: long("grace"), Drain: long("drain"), Room: rapid.IntRange(-1, 50).Draw(t, "room"), LaunchRate: rapid.SampledFrom([]int{0, 1, 7, 500}).Draw(t, "rate"),
		}
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		return p
	})
}

// TestARolloutKeepsItsLimits reckons the limits by itself, in fractions.
func TestARolloutKeepsItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans().Draw(t, "plan")
		least := int(math.Ceil(float64(p.Desired) * float64(p.MinHealthy) / 100))
		most := int(math.Floor(float64(p.Desired) * float64(p.Max) / 100))
		last := -1.0
		for _, s := range rollout.Roll(p).Steps {
			there := s.OldRunning + s.NewRunning + s.Starting + s.Stopping
			switch {
			case s.At <= last:
				t.Fatalf("%+v does not come after %g", s, last)
			case min(s.OldRunning, s.NewRunning, s.Starting, s.Stopping) < 0:
				t.Fatalf("%+v has less than none", s)
			case s.OldRunning+s.NewRunning < least:
				t.Fatalf("%+v: fewer than %d serve", s, least)
			case there > most:
				t.Fatalf("%+v: more than %d are there", s, most)
			case p.Room >= 0 && there > p.Desired+p.Room:
				t.Fatalf("%+v: the instances have room for %d", s, p.Desired+p.Room)
			case s.NewRunning+s.Starting > p.Desired:
				t.Fatalf("%+v: more new ones than %d", s, p.Desired)
			case p.LaunchRate > 0 && s.NewRunning+s.Starting > p.LaunchRate*(1+int(s.At/60)):
				t.Fatalf("%+v: more were launched than %d a minute", s, p.LaunchRate)
			}
			last = s.At
		}
	})
}

// TestARolloutEndsOrSaysWhyNot: it is stuck exactly when at the beginning none may stop and none may start.
func TestARolloutEndsOrSaysWhyNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans().Draw(t, "plan")
		got := rollout.Roll(p)
		last := got.Steps[len(got.Steps)-1]
		least, most := p.Limits()
		blocked := p.Desired > 0 && least == p.Desired && (most == p.Desired || p.Room == 0)
		done := last == rollout.Step{At: got.Seconds, NewRunning: p.Desired}
		if got.Stuck != blocked || got.Stuck == done && p.Desired > 0 {
			t.Fatalf("stuck %v, done %v, want stuck %v: %+v", got.Stuck, done, blocked, last)
		}
		if got.Stuck && (!strings.Contains(got.Why, "Lower the minimum") || strings.Contains(got.Why, " 0 or less")) {
			t.Fatalf("it does not say what to do: %s", got.Why)
		}
	})
}

// TestWhatWhyAdvisesHelps follows the advice of a rollout that is stuck.
func TestWhatWhyAdvisesHelps(t *testing.T) {
	for desired := 1; desired <= 200; desired++ {
		p := usual()
		p.Desired, p.Max = desired, 100
		lower, higher := p, p
		lower.MinHealthy = 100 * (desired - 1) / desired
		higher.Max = (100*(desired+1) + desired - 1) / desired
		if !rollout.Roll(p).Stuck || rollout.Roll(lower).Stuck || rollout.Roll(higher).Stuck {
			t.Errorf("%d tasks: %s", desired, rollout.Roll(p).Why)
		}
	}
}

// TestWhatWhyAdvisesHelpsWhereBothLimitsHold: a higher maximum is no help to instances that are full.
func TestWhatWhyAdvisesHelpsWhereBothLimitsHold(t *testing.T) {
	p := usual()
	p.Max, p.Room = 100, 0
	got := rollout.Roll(p)
	if !got.Stuck || !strings.Contains(got.Why, "raise the maximum to 110 or more and add room for one task") {
		t.Errorf("stuck %v: %s", got.Stuck, got.Why)
	}
	p.Max = 110
	alone := rollout.Roll(p)
	p.Room = 1
	if both := rollout.Roll(p); !alone.Stuck || both.Stuck {
		t.Errorf("a higher maximum alone: stuck %v; with room for one: stuck %v", alone.Stuck, both.Stuck)
	}
}

// TestWhySaysHowManyLaunchAtOnce: launches that a quota spreads over minutes are not all at once.
func TestWhySaysHowManyLaunchAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		desired, rate int
		want          string
	}{
		"fewer than the quota":   {499, 500, "All new tasks start at once."},
		"exactly the quota":      {500, 500, "All new tasks start at once."},
		"one more":               {501, 500, "500 launches a minute"},
		"many":                   {10_000, 500, "500 launches a minute"},
		"no quota holds them up": {10_000, 0, "All new tasks start at once."},
	} {
		t.Run(name, func(t *testing.T) {
			p := usual()
			p.Desired, p.LaunchRate = tc.desired, tc.rate
			if got := rollout.Roll(p).Why; !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want something of %q", got, tc.want)
			}
		})
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	err := rollout.Plan{Desired: -1, MinHealthy: 101, Max: 99, Start: -time.Second, Grace: 25 * time.Hour, Drain: -1, Room: rollout.Most + 1, LaunchRate: -3}.Check()
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{"desired: -1", "minimum healthy: 101", "maximum: 99", "start: -1s", "grace: 25h", "drain: -1ns", "room:", "launch rate: -3"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing of %q: %v", want, err)
		}
	}
}
