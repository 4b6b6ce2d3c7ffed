package run_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/run"
)

// allowed is what RunTask takes as startedBy.
var allowed = regexp.MustCompile(`^[A-Za-z0-9/_-]{1,128}$`)

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "hourly-report": true, "0": true, strings.Repeat("a", 40): true,
		"": false, strings.Repeat("a", 41): false, "Hourly": false, "a_b": false, "a/b": false, "a b": false, "a\n": false, "é": false,
	} {
		if err := run.ValidJobName(name); (err == nil) != ok {
			t.Errorf("job name %q: %v, want ok %t", name, err, ok)
		}
	}
	for name, ok := range map[string]bool{
		"a": true, "Slipway-2": true, strings.Repeat("a", 40): true,
		"": false, strings.Repeat("a", 41): false, "2a": false, "-a": false, "a_b": false, "a\n": false,
	} {
		if err := run.ValidStackName(name); (err == nil) != ok {
			t.Errorf("stack name %q: %v, want ok %t", name, err, ok)
		}
	}
}

func TestTheLongestStartedByFits(t *testing.T) {
	stack, job := strings.Repeat("S", 40), strings.Repeat("j", 40)
	for _, id := range []run.ID{
		run.ObjectID(stack, job, run.Object{Bucket: "b", Key: "k"}), run.ScheduledID(job, noon), run.ManualID(stack, job, "key"),
	} {
		got := run.StartedBy(stack, id, 9_999_999)
		if !allowed.MatchString(got) {
			t.Errorf("startedBy %q has %d characters, or some that ECS does not take", got, len(got))
		}
	}
}

func TestStartedByComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stack := rapid.StringMatching(`[A-Za-z][A-Za-z0-9-]{0,39}`).Draw(t, "stack")
		job := rapid.StringMatching(`[a-z0-9-]{1,40}`).Draw(t, "job")
		attempt := rapid.IntRange(1, 1_000_000).Draw(t, "attempt")
		id := drawID(t, stack, job)
		text := run.StartedBy(stack, id, attempt)
		if !allowed.MatchString(text) {
			t.Fatalf("startedBy = %q", text)
		}
		gotStack, gotID, gotAttempt, ok := run.ParseStartedBy(text)
		if !ok || gotStack != stack || gotID != id || gotAttempt != attempt {
			t.Fatalf("%q was read as %q %q %d %t", text, gotStack, gotID, gotAttempt, ok)
		}
	})
}

func drawID(t *rapid.T, stack, job string) run.ID {
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		return run.ScheduledID(job, time.Unix(rapid.Int64Range(0, 7e9).Draw(t, "at"), 0))
	case 1:
		return run.ManualID(stack, job, rapid.String().Draw(t, "key"))
	}
	return run.ObjectID(stack, job, drawObject(t))
}

func drawObject(t *rapid.T) run.Object {
	few := rapid.SampledFrom([]string{"", "a", "b", "ab", "1:a", "null"})
	return run.Object{
		Bucket: few.Draw(t, "bucket"), Key: few.Draw(t, "key"), VersionID: few.Draw(t, "version"),
		Sequencer: few.Draw(t, "sequencer"), ETag: few.Draw(t, "etag"),
	}
}

func TestWhatOthersWroteIsNotOurs(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":              "",
		"a service":            "ecs-svc/1234567890123456789",
		"a person":             "alice",
		"another prefix":       "slipway2/stack/job-x/1",
		"no attempt":           "slipway/stack/job-x",
		"more parts":           "slipway/stack/job-x/1/2",
		"attempt 0":            "slipway/stack/job-x/0",
		"an attempt in words":  "slipway/stack/job-x/one",
		"a padded attempt":     "slipway/stack/job-x/01",
		"a sign":               "slipway/stack/job-x/+1",
		"no stack":             "slipway//job-x/1",
		"no run":               "slipway/stack//1",
		"longer than ECS lets": "slipway/stack/" + strings.Repeat("x", 128) + "/1",
	} {
		if _, _, _, ok := run.ParseStartedBy(text); ok {
			t.Errorf("%s: %q was taken for ours", name, text)
		}
	}
}

// same says whether two objects are the same version of the same object, as S3's documentation has it.
func same(a, b run.Object) bool {
	version := func(o run.Object) string {
		for _, v := range []string{strings.TrimPrefix(o.VersionID, "null"), o.Sequencer, o.ETag} {
			if v != "" {
				return v
			}
		}
		return ""
	}
	return a.Bucket == b.Bucket && a.Key == b.Key && version(a) == version(b)
}

func TestOneObjectVersionIsOneRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawObject(t), drawObject(t)
		if got := run.ObjectID("s", "j", a) == run.ObjectID("s", "j", b); got != same(a, b) {
			t.Fatalf("%+v and %+v: one ID is %t", a, b, got)
		}
		if run.ObjectID("s", "j", a) == run.ObjectID("s2", "j", a) || run.ObjectID("s", "j", a) == run.ObjectID("s", "j2", a) {
			t.Fatal("the ID does not tell stacks or jobs apart")
		}
		if run.ObjectID("s", "j", a) == run.ManualID("s", "j", a.Key) {
			t.Fatal("an object and a run by hand share an ID")
		}
	})
}

func TestWhatMakesAnObjectAnotherOne(t *testing.T) {
	for name, tc := range map[string]struct {
		a, b run.Object
		same bool
	}{
		"a bucket and key that read the same together": {run.Object{Bucket: "ab", Key: "c"}, run.Object{Bucket: "a", Key: "bc"}, false},
		"another version":                      {run.Object{VersionID: "v1", Sequencer: "1"}, run.Object{VersionID: "v2", Sequencer: "1"}, false},
		"the same version, told of twice":      {run.Object{VersionID: "v1", Sequencer: "1"}, run.Object{VersionID: "v1", Sequencer: "2"}, true},
		"written again without versions":       {run.Object{Sequencer: "1"}, run.Object{Sequencer: "2"}, false},
		"the version null is no version":       {run.Object{VersionID: "null", Sequencer: "1"}, run.Object{VersionID: "null", Sequencer: "2"}, false},
		"null or nothing is the same":          {run.Object{VersionID: "null", Sequencer: "1"}, run.Object{Sequencer: "1"}, true},
		"only the ETag tells them apart":       {run.Object{ETag: "1"}, run.Object{ETag: "2"}, false},
		"the size says nothing about identity": {run.Object{Sequencer: "1", Size: 1}, run.Object{Sequencer: "1", Size: 2}, true},
	} {
		if got := run.ObjectID("s", "j", tc.a) == run.ObjectID("s", "j", tc.b); got != tc.same {
			t.Errorf("%s: one run is %t, want %t", name, got, tc.same)
		}
	}
}

func TestAScheduledTimeIsTheSameRunInEveryZone(t *testing.T) {
	want := run.ID("nightly-20260301T120000Z")
	for _, at := range []time.Time{noon, noon.In(time.FixedZone("", 7200)), noon.Add(time.Millisecond)} {
		if got := run.ScheduledID("nightly", at); got != want {
			t.Errorf("ID of %v = %s, want %s", at, got, want)
		}
	}
}
