package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/rollout"
)

// rolled runs rollout with arguments, and returns its exit code, its answer and what it said.
func rolled(t *testing.T, args ...string) (code int, answer, said string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = execute(t.Context(), world{args: append([]string{"rollout"}, args...), out: &out, err: &errs})
	return code, out.String(), errs.String()
}

func TestRolloutInJSON(t *testing.T) {
	code, answer, said := rolled(t, "--desired", "10", "--min-healthy", "60", "--max", "150", "--start", "40s", "--grace", "30s", "--drain", "20s", "--json")
	var got rollout.Rollout
	if err := json.Unmarshal([]byte(answer), &got); err != nil || code != exitDone {
		t.Fatalf("exit %d, %v: %s%s", code, err, answer, said)
	}
	if first := (rollout.Step{At: 0, OldRunning: 6, Starting: 5, Stopping: 4}); got.Steps[0] != first || got.Stuck || got.Seconds != 160 || got.Why == "" {
		t.Errorf("answer = %+v", got)
	}
	if code, answer, _ := rolled(t, "--desired", "3", "--max", "100", "--json"); code != exitProblem || !strings.Contains(answer, `"stuck": true`) {
		t.Errorf("exit %d of one that is stuck: %s", code, answer)
	}
}

func TestRolloutInTextAndInAPicture(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rollout.html")
	code, answer, said := rolled(t, "--desired", "4", "--html", file)
	if code != exitDone || !strings.Contains(answer, "oooo++++") || !strings.Contains(answer, "Done after") {
		t.Errorf("exit %d: %s%s", code, answer, said)
	}
	page, err := os.ReadFile(file) //nolint:gosec // our own file
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<polygon", "at most 8", "serve: 4", "Done after"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if _, answer, _ = rolled(t, "--desired", "2", "--launch-type", "EC2", "--room", "0"); !strings.Contains(answer, "Stuck: none may stop, and there is no room") || strings.Contains(answer, "--room") {
		t.Errorf("answer = %s", answer)
	}
	if _, answer, _ = rolled(t, "--desired", "2", "--launch-type", "EC2"); !strings.Contains(answer, "add room for one task: --room says") {
		t.Errorf("answer = %s", answer)
	}
}

// TestRolloutWithAQuotaOfFargate: a quota of vCPUs leaves room for some tasks more, and no --room is as many as it takes.
func TestRolloutWithAQuotaOfFargate(t *testing.T) {
	for name, tc := range map[string]struct {
		room  []string
		code  int
		first rollout.Step
	}{
		"no quota is reached": {nil, exitDone, rollout.Step{OldRunning: 10, Starting: 10}},
		"room for two":        {[]string{"--room", "2"}, exitDone, rollout.Step{OldRunning: 10, Starting: 2}},
		"the quota is full":   {[]string{"--room", "0"}, exitProblem, rollout.Step{OldRunning: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			code, answer, said := rolled(t, append([]string{"--desired", "10", "--json"}, tc.room...)...)
			var got rollout.Rollout
			if err := json.Unmarshal([]byte(answer), &got); err != nil || code != tc.code {
				t.Fatalf("exit %d, want %d, %v: %s%s", code, tc.code, err, answer, said)
			}
			if got.Steps[0] != tc.first {
				t.Errorf("it begins with %+v, want %+v", got.Steps[0], tc.first)
			}
		})
	}
}

func TestRolloutRefusesWhatMeansNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no count":                 {nil, `"desired" not set`},
		"percentages":              {[]string{"--desired", "4", "--min-healthy", "120", "--max", "50"}, "minimum healthy: 120"},
		"too many":                 {[]string{"--desired", "1000000"}, "desired: 1000000"},
		"less room than none":      {[]string{"--desired", "4", "--launch-type", "EC2", "--room", "-3"}, "--room is -3"},
		"a launch type of its own": {[]string{"--desired", "4", "--launch-type", "LAMBDA"}, "FARGATE or EC2"},
		"time that runs back":      {[]string{"--desired", "4", "--drain", "-3s"}, "drain: -3s"},
		"time without a unit":      {[]string{"--desired", "4", "--start", "40"}, `--start is "40"; write a time with its unit, as 40s`},
		"a percentage in words":    {[]string{"--desired", "4", "--min-healthy", "half"}, `--min-healthy is "half"; write a whole number`},
		"half a task":              {[]string{"--desired", "2.5"}, `--desired is "2.5"; write a whole number`},
		"more than can be counted": {[]string{"--desired", "99999999999999999999"}, "write a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, answer, said := rolled(t, tc.args...); code != exitUsage || answer != "" || !strings.Contains(said, tc.want) {
				t.Errorf("exit %d, answer %q, said %q; want something of %q", code, answer, said, tc.want)
			}
		})
	}
}
