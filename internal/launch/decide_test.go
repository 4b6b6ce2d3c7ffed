package launch_test

import (
	"errors"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"slipway/internal/launch"
	"slipway/internal/run"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func imagesJob() run.Job {
	return run.Job{
		Name: "images",
		Task: run.TaskSpec{
			Cluster: "c", Definition: "family", Capacity: []string{"FARGATE_SPOT", "FARGATE"},
			Command:     []string{"process", "s3://$(S3_BUCKET)/$(S3_KEY)"},
			Environment: map[string]string{"MODE": "fast", "WHERE": "$(S3_BUCKET)", "SLIPWAY_JOB": "stolen"},
		},
		Resources: []run.Resources{{Over: 100, CPU: 512, Memory: 1024}, {Over: 1000, CPU: 2048, Memory: 8192, EphemeralStorage: 60}},
	}
}

func objectRun(j run.Job, key string, size int64) run.Run {
	o := run.Object{Bucket: "b", Key: key, VersionID: "v1", ETag: "e", Sequencer: "s", Size: size}
	return run.New(run.ObjectID("stack", j.Name, o), j, run.ByObject, run.Input{Object: &o}, noon)
}

func oneContainer() run.Definition {
	return run.Definition{ARN: "arn:family:3", Containers: []run.ContainerDefinition{{Name: "main", Essential: true}}}
}

func variable(d run.Decision, name string) string {
	for _, v := range d.Environment {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

func TestDecideGivesTheContainerItsVariables(t *testing.T) {
	j := imagesJob()
	r := objectRun(j, "incoming/a b+c%.png", 50)
	d, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: r, Definition: oneContainer()})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"SLIPWAY_STACK": "stack", "SLIPWAY_JOB": "images", "SLIPWAY_RUN_ID": string(r.ID), "SLIPWAY_ATTEMPT": "1",
		"S3_BUCKET": "b", "S3_KEY": "incoming/a b+c%.png", "S3_VERSION_ID": "v1", "S3_ETAG": "e", "S3_SIZE": "50",
		"S3_SEQUENCER": "s", "MODE": "fast", "WHERE": "b",
	} {
		if got := variable(d, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	want := []string{"process", "s3://b/incoming/a b+c%.png"}
	if !reflect.DeepEqual(d.Command, want) {
		t.Errorf("command = %q, want %q", d.Command, want)
	}
	if d.Definition != "arn:family:3" || d.Container != "main" || d.Capacity != "FARGATE_SPOT" {
		t.Errorf("decision = %+v", d)
	}
}

func TestDecideFillsInOnceOnly(t *testing.T) {
	j := imagesJob()
	r := objectRun(j, "$(S3_BUCKET) and $(NOBODY) and $(", 1)
	d, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: r, Definition: oneContainer()})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Command[1], "s3://b/$(S3_BUCKET) and $(NOBODY) and $("; got != want {
		t.Errorf("command = %q, want %q: what a key holds is not filled in", got, want)
	}
}

func TestDecideSizesTheTaskByTheObject(t *testing.T) {
	j := imagesJob()
	for name, tc := range map[string]struct {
		size                  int64
		cpu, memory, ephemere int
	}{
		"the definition's size at the threshold":   {100, 0, 0, 0},
		"the first rule above it":                  {101, 512, 1024, 0},
		"the highest rule that the object exceeds": {5000, 2048, 8192, 60},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: objectRun(j, "k", tc.size), Definition: oneContainer()})
			if err != nil {
				t.Fatal(err)
			}
			if d.CPU != tc.cpu || d.Memory != tc.memory || d.EphemeralStorage != tc.ephemere {
				t.Errorf("size = %d/%d/%d, want %d/%d/%d", d.CPU, d.Memory, d.EphemeralStorage, tc.cpu, tc.memory, tc.ephemere)
			}
		})
	}
}

func TestDecideGivesUpWhatCannotBeLaunched(t *testing.T) {
	long := imagesJob()
	long.Task.Command = []string{strings.Repeat("x", launch.MaxOverrides)}
	nowhere := imagesJob()
	nowhere.Task.Capacity = nil
	two := run.Definition{Containers: []run.ContainerDefinition{{Name: "a", Essential: true}, {Name: "b", Essential: true}}}
	for name, tc := range map[string]struct {
		job        run.Job
		definition run.Definition
		reason     string
	}{
		"overrides that are too long":            {long, oneContainer(), "overrides-too-long"},
		"a job without capacity":                 {nowhere, oneContainer(), "no-capacity"},
		"a definition without a clear container": {imagesJob(), two, "container-unclear"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := launch.Decide(launch.Input{Stack: "stack", Job: tc.job, Run: objectRun(tc.job, "k", 1), Definition: tc.definition})
			var e *run.Error
			if !errors.As(err, &e) || run.Retryable(err) || e.Reason != tc.reason {
				t.Errorf("error = %v, want one never to be retried with reason %s", err, tc.reason)
			}
		})
	}
}

func TestDecideTakesTheWorstKeysThatS3Allows(t *testing.T) {
	j := imagesJob()
	for name, key := range map[string]string{
		"markup": strings.Repeat("<", 1024), "unicode": strings.Repeat("€", 341), "quotes": strings.Repeat(`"`, 1024),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: objectRun(j, key, 1), Definition: oneContainer()}); err != nil {
				t.Errorf("Decide: %v", err)
			}
		})
	}
}

func TestTheCapacityOrderWrapsAround(t *testing.T) {
	j := imagesJob()
	if next, wrapped := launch.NextPlace(j, run.Place{}, false); next.Step != 1 || wrapped {
		t.Errorf("after step 0: %v, %t", next, wrapped)
	}
	if next, wrapped := launch.NextPlace(j, run.Place{Step: 1}, false); next.Step != 0 || !wrapped {
		t.Errorf("after step 1: %v, %t", next, wrapped)
	}
}

func TestRequestComesFromTheRecordAlone(t *testing.T) {
	j := imagesJob()
	r := objectRun(j, "k", 1)
	d, err := launch.Decide(launch.Input{Stack: "stack", Job: j, Run: r, Definition: oneContainer()})
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := r.Claim(d, false, noon)
	if err != nil {
		t.Fatal(err)
	}
	first, second := launch.Request("stack", claimed), launch.Request("stack", claimed.Clone())
	if !reflect.DeepEqual(first, second) {
		t.Errorf("the same record gave %+v and %+v", first, second)
	}
	refused, err := claimed.Refuse("no", run.Place{Step: 1}, noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	again, err := refused.Claim(d, false, noon)
	if err != nil {
		t.Fatal(err)
	}
	if launch.Request("stack", again).Token == first.Token {
		t.Error("a new launch has the token of the old one")
	}
}

const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

func TestATaskGoesOnWithTheTraceWhereThereIsRoom(t *testing.T) {
	decide := func(j run.Job, r run.Run, characters int, trace string) (run.Decision, error) {
		j.Task.Command = []string{strings.Repeat("x", characters)}
		return launch.Decide(launch.Input{Stack: "stack", Job: j, Run: r, Definition: oneContainer(), Trace: trace})
	}
	plain := imagesJob()
	plain.Task.Environment = nil
	longest := sort.Search(launch.MaxOverrides, func(n int) bool { _, err := decide(plain, objectRun(plain, "k", 1), n, ""); return err != nil }) - 1
	for name, tc := range map[string]struct {
		trace, own string
		command    int // characters
		want       string
	}{
		"a trace":                           {trace: header, want: header},
		"none":                              {},
		"one that the job sets itself":      {trace: header, own: "theirs", want: "theirs"},
		"one that RunTask would not take":   {trace: header, command: longest},
		"a command that leaves room for it": {trace: header, command: longest - 500, want: header},
	} {
		t.Run(name, func(t *testing.T) {
			j := imagesJob()
			j.Task.Environment = map[string]string{}
			if tc.own != "" {
				j.Task.Environment[launch.TraceVariable] = tc.own
			}
			r := objectRun(j, "k", 1)
			d, err := decide(j, r, tc.command, tc.trace)
			if err != nil {
				t.Fatal(err)
			}
			if got := variable(d, launch.TraceVariable); got != tc.want {
				t.Errorf("the task gets the trace %q, want %q", got, tc.want)
			}
			r.Decision = &d
			if got := launch.Request("stack", r).Environment; !slices.IsSortedFunc(got, func(a, b run.EnvVar) int { return strings.Compare(a.Name, b.Name) }) {
				t.Errorf("variables %v, want them by name", got)
			}
		})
	}
}
