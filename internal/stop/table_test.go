package stop_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/event"
	"slipway/internal/run"
	"slipway/internal/stop"
)

func TestEveryClassSaysWhatItIsAndWhatToDo(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range stop.Classes() {
		if c.Words == "" || c.Remedy == "" || c.Severity == "" || seen[c.Name] {
			t.Errorf("%s lacks words, a remedy or a severity, or is there twice: %+v", c.Name, c)
		}
		if c.Expected && c.Severity != stop.Info {
			t.Errorf("%s is expected, and %s", c.Name, c.Severity)
		}
		if !strings.HasPrefix(c.Link, "https://docs.aws.amazon.com/") && c.Name != "succeeded" && c.Name != "timeout" {
			t.Errorf("%s has no link", c.Name)
		}
		seen[c.Name] = true
	}
	if len(seen) != 22 {
		t.Errorf("%d classes, want 22", len(seen))
	}
}

// TestEveryCauseIsFoundByItsExample holds for each row of the table: its example is told in its words, and no row
// stands in the way of a later one.
func TestEveryCauseIsFoundByItsExample(t *testing.T) {
	names := map[string]bool{}
	for _, c := range stop.TaskCauses() {
		checkCause(t, c, stopped(c.Code, c.Example, ended(137)), names)
	}
	for _, c := range stop.StartCauses() {
		checkCause(t, c, stopped("TaskFailedToStart", c.Example, run.Container{Name: "main"}), names)
		checkCause(t, c, stopped("EssentialContainerExited", "Essential container in task exited", run.Container{Name: "main", ExitCode: code(1), Reason: c.Example}), map[string]bool{})
	}
}

func checkCause(t *testing.T, c stop.Cause, task run.Task, names map[string]bool) {
	t.Helper()
	if names[c.Name] || c.Name == "" {
		t.Errorf("the name %q is there twice", c.Name)
	}
	names[c.Name] = true
	out := stop.Classify(task, stop.Options{})
	if out.Class != c.Class || c.Words != "" && out.Summary != c.Words || c.Remedy != "" && out.Remedy != c.Remedy {
		t.Errorf("%s: %q is %+v, want a %s that says %q", c.Name, c.Example, out, c.Class, c.Words)
	}
	if out.Remedy == "" || out.Severity == "" || len(out.Summary) > 400 || len(out.Remedy) > 400 {
		t.Errorf("%s: the outcome is not fit for a mail: %+v", c.Name, out)
	}
}

func TestEveryExitCodeHasItsMeaning(t *testing.T) {
	for _, n := range []int{1, 2, 75, 125, 126, 127, 134, 137, 139, 143, 255} {
		found := false
		for _, m := range stop.Meanings() {
			if m.Code != n {
				continue
			}
			found = true
			out := stop.Classify(stopped("EssentialContainerExited", "Essential container in task exited", ended(n)), stop.Options{})
			if out.Class != "application-error" || !strings.Contains(out.Summary, m.Words) || !strings.Contains(out.Summary, fmt.Sprint(n)) {
				t.Errorf("exit code %d: %+v", n, out)
			}
		}
		if !found {
			t.Errorf("exit code %d has no meaning", n)
		}
	}
	out := stop.Classify(stopped("EssentialContainerExited", "", ended(129)), stop.Options{})
	if !strings.Contains(out.Summary, "signal 1") {
		t.Errorf("exit code 129: %s", out.Summary)
	}
}

func TestEveryActionOfAServiceIsExplained(t *testing.T) {
	for _, a := range stop.Actions() {
		out := stop.OfService(a.Name, "ERROR", "RESOURCE:CPU")
		if out.Class != a.Class || out.Severity != stop.Error || out.Summary != a.Words || out.Remedy == "" || out.Reason == "" {
			t.Errorf("%s: %+v", a.Name, out)
		}
	}
	if out := stop.OfService("SERVICE_OF_THE_FUTURE", "WARN", ""); out.Severity != stop.Warning || !strings.Contains(out.Summary, "SERVICE_OF_THE_FUTURE") || out.Reason == "" {
		t.Errorf("an action that nobody knows: %+v", out)
	}
}

func TestWhatMatters(t *testing.T) {
	oom := run.Container{Name: "sidecar", ExitCode: code(137), Reason: "OutOfMemoryError: Container killed due to memory usage"}
	terminated := run.Container{Name: "main", ExitCode: code(143)}
	for name, tc := range map[string]struct {
		task      run.Task
		main      string
		class     string
		container string
	}{
		"a sidecar out of memory ends the one that matters":  {stopped("EssentialContainerExited", "", terminated, oom), "main", "out-of-memory", "sidecar"},
		"a sidecar out of memory after a clean end":          {stopped("EssentialContainerExited", "", oom, ended(0)), "main", "succeeded", "main"},
		"a sidecar that failed first is named":               {stopped("EssentialContainerExited", "", terminated, run.Container{Name: "proxy", ExitCode: code(1)}), "main", "application-error", "main"},
		"one that never ran, since another failed":           {stopped("EssentialContainerExited", "", run.Container{Name: "main"}, run.Container{Name: "init", ExitCode: code(3)}), "main", "application-error", "init"},
		"a name that the task does not have":                 {stopped("EssentialContainerExited", "", ended(3)), "other", "application-error", "main"},
		"no containers at all":                               {stopped("TaskFailedToStart", "Task failed to start"), "main", "start-failed", ""},
		"a person's words do not count beside the stop code": {stopped("UserInitiated", "OutOfMemoryError: CannotPullContainerError", ended(137)), "", "user-stopped", "main"},
	} {
		t.Run(name, func(t *testing.T) {
			out := stop.Classify(tc.task, stop.Options{Main: tc.main})
			if out.Class != tc.class || out.Container != tc.container {
				t.Errorf("%s in %q, want %s in %q: %s", out.Class, out.Container, tc.class, tc.container, out.Summary)
			}
		})
	}
	out := stop.Classify(stopped("", "", terminated, run.Container{Name: "proxy", ExitCode: code(1)}), stop.Options{Main: "main"})
	if !strings.Contains(out.Summary, "Container proxy had ended before, with exit code 1") {
		t.Errorf("summary = %s", out.Summary)
	}
}

func TestRulesOfOnesOwnHaveTheirSay(t *testing.T) {
	no, yes := false, true
	corrupt := stop.Rule{Jobs: []string{"images"}, ExitCodes: []int{65}, Summary: "The picture is corrupt.", Remedy: "Ask for another.", Severity: stop.Warning}
	task := stopped("EssentialContainerExited", "Essential container in task exited", ended(65))
	for name, tc := range map[string]struct {
		rules []stop.Rule
		of    stop.Options
		want  func(run.Outcome) bool
	}{
		"for its job":              {[]stop.Rule{corrupt}, stop.Options{Job: "images"}, func(o run.Outcome) bool { return o.Summary == "The picture is corrupt." && o.Severity == stop.Warning }},
		"not for another job":      {[]stop.Rule{corrupt}, stop.Options{Job: "reports"}, func(o run.Outcome) bool { return strings.Contains(o.Summary, "65") }},
		"for a service":            {[]stop.Rule{{Services: []string{"web"}, Class: "quota"}}, stop.Options{Service: "web"}, func(o run.Outcome) bool { return o.Class == "quota" && o.Remedy != "" }},
		"by reason, in any case":   {[]stop.Rule{{Reason: "ESSENTIAL", Retryable: &yes}}, stop.Options{}, func(o run.Outcome) bool { return o.Retryable }},
		"by stop code":             {[]stop.Rule{{StopCode: "UserInitiated", Class: "quota"}}, stop.Options{}, func(o run.Outcome) bool { return o.Class == "application-error" }},
		"by container":             {[]stop.Rule{{Container: "other", Class: "quota"}}, stop.Options{}, func(o run.Outcome) bool { return o.Class == "application-error" }},
		"the first that fits":      {[]stop.Rule{{ExitCodes: []int{65}, Summary: "a"}, {ExitCodes: []int{65}, Summary: "b"}}, stop.Options{}, func(o run.Outcome) bool { return o.Summary == "a" }},
		"a success of one's own":   {[]stop.Rule{{ExitCodes: []int{65}, Class: "succeeded"}}, stop.Options{}, func(o run.Outcome) bool { return o.Succeeded() && o.Expected }},
		"what is expected":         {[]stop.Rule{{ExitCodes: []int{65}, Expected: &yes, Link: "https://x"}}, stop.Options{}, func(o run.Outcome) bool { return o.Expected && o.Link == "https://x" }},
		"what is not":              {[]stop.Rule{{ExitCodes: []int{65}, Expected: &no}}, stop.Options{}, func(o run.Outcome) bool { return !o.Expected }},
		"no exit code, no fitting": {[]stop.Rule{{ExitCodes: []int{0}, Class: "quota"}}, stop.Options{}, func(o run.Outcome) bool { return o.Class == "application-error" }},
	} {
		t.Run(name, func(t *testing.T) {
			tc.of.Rules = tc.rules
			if out := stop.Classify(task, tc.of); !tc.want(out) {
				t.Errorf("outcome = %+v", out)
			}
		})
	}
}

func TestOutcomesOfOtherKinds(t *testing.T) {
	if out := stop.Complete(run.Outcome{Class: "capacity", Summary: "mine", Reason: "a\nb"}); out.Summary != "mine" || out.Remedy == "" || out.Severity != stop.Warning || out.Reason != "a b" {
		t.Errorf("completed: %+v", out)
	}
	if out := stop.Unknown(); out.Class != "unknown" || out.Summary == "" {
		t.Errorf("unknown: %+v", out)
	}
	if out := stop.Of("nonsense", ""); out.Class != "unknown" {
		t.Errorf("a class that is none: %+v", out)
	}
	failed := stop.OfDeployment("ECS deployment circuit breaker: tasks failed to start.")
	if failed.Class != "deployment" || failed.Severity != stop.Error || failed.Expected || !strings.Contains(failed.Summary, "circuit breaker") {
		t.Errorf("a failed deployment: %+v", failed)
	}
	because := stop.Because(failed, stop.Of("image-pull", ""), 3)
	if because.Class != failed.Class || !strings.Contains(because.Summary, "3 tasks of it failed, with image-pull") {
		t.Errorf("because: %+v", because)
	}
}

// TestRealEvents classifies events captured from real accounts, where they are at hand.
func TestRealEvents(t *testing.T) {
	const folder = "../../../shared/events"
	files, err := filepath.Glob(folder + "/*.json")
	if err != nil || len(files) == 0 {
		t.Skip("the captured events are not here")
	}
	want := map[string]string{
		"exit0-0": "succeeded", "exit1-0": "application-error", "exit99": "application-error", "elb-health": "load-balancer-health",
		"scaling": "scale-in", "missing-secret": "secrets", "out-of-memory": "out-of-memory", "test-suite-fail": "application-error",
		"test-suite-pass": "succeeded", "timeout-sidecar": "application-error", "userinitiated": "user-stopped", "capacity-provider-exit0": "succeeded",
		"spotinterruption": "spot-interruption",
	}
	for _, f := range files {
		body, err := os.ReadFile(f) //nolint:gosec // our own files
		if err != nil || !json.Valid(body) {
			t.Fatal(f, err)
		}
		e, err := event.Decode(body)
		change, ok := e.(event.TaskChange)
		if err != nil || !ok || change.Task.LastStatus != run.StatusStopped {
			continue
		}
		got := stop.Classify(change.Task, stop.Options{})
		found := false
		for part, class := range want {
			if strings.Contains(filepath.Base(f), part) {
				found = true
				if got.Class != class {
					t.Errorf("%s is %s, want %s", f, got.Class, class)
				}
			}
		}
		if !found {
			t.Errorf("%s is %s, and nobody has said what it should be", f, got.Class)
		}
	}
}

func TestTheCatalogueIsCurrent(t *testing.T) {
	got, err := os.ReadFile("../../docs/reference/classes.md")
	if err != nil || string(got) != string(stop.Catalogue()) {
		t.Errorf("docs/reference/classes.md is stale (%v): run make generate", err)
	}
}

func FuzzClassify(f *testing.F) {
	for _, c := range append(stop.TaskCauses(), stop.StartCauses()...) {
		f.Add(c.Code, c.Example, c.Example, 137, "main")
	}
	f.Fuzz(func(t *testing.T, code, reason, own string, exit int, main string) {
		out := stop.Classify(stopped(code, reason, run.Container{Name: "a", ExitCode: &exit, Reason: own}, run.Container{Name: main}), stop.Options{Main: main})
		if out.Class == "" || out.Summary == "" || len([]rune(out.Reason)) > 1100 || strings.ContainsAny(out.Reason, "\n\r\x00\u202e") {
			t.Errorf("outcome = %+v", out)
		}
	})
}
