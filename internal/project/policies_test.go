package project_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slipway/internal/config/compile"
	"slipway/internal/config/wiring"
	"slipway/internal/launch"
	"slipway/internal/run"
)

// everyPolicy is the stack that is deployed when the jobs of slipway.yaml have every policy.
func everyPolicy(t *testing.T) stack {
	t.Helper()
	c, found := compile.Compile([]byte(read(t, "internal", "config", "compile", "testdata", "policies.good.yaml")))
	if len(found) > 0 {
		t.Fatal(found)
	}
	generated, err := wiring.Generate(c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := text{read(t, "template.yaml"), string(generated)}.parse()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPoliciesBringTheRightsThatTheyNeed(t *testing.T) {
	shipped, err := source(t).parse()
	if err != nil {
		t.Fatal(err)
	}
	full := everyPolicy(t)
	var p problems
	rightsNameResources(full, &p)
	for _, f := range full.functions() {
		var got []string
		for _, a := range full.actionsOf(f) {
			if !slices.Contains(shipped.actionsOf(f), a) && a != "sts:GetCallerIdentity" {
				got = append(got, a)
			}
		}
		if want := onDemand[f.id]; !slices.Equal(got, want) {
			p.add("%s: every policy brings %v, want %v", f, got, want)
		}
	}
	for _, problem := range p.list {
		t.Error(problem)
	}
}

// TestRightsReachTheListsOfBatches holds the rights on single objects of the bucket to the keys that package launch
// decides.
func TestRightsReachTheListsOfBatches(t *testing.T) {
	j := run.Job{Name: "thumbnails", Task: run.TaskSpec{Capacity: []string{"FARGATE"}}, Batch: &run.Batch{}}
	in := launch.Input{Stack: "example", Job: j, Bucket: "example-batches", Definition: run.Definition{Containers: []run.ContainerDefinition{{Name: "main"}}}}
	for i := range 1000 {
		in.Members = append(in.Members, run.Run{ID: run.ID(fmt.Sprint(i)), Input: run.Input{Object: &run.Object{Key: fmt.Sprint(i)}}})
	}
	in.Run = run.Run{ID: "thumbnails-aaaa", Job: "thumbnails", Attempt: 2, Objects: &run.Objects{Sealed: true}}
	d, err := launch.Decide(in)
	if err != nil {
		t.Fatal(err)
	}
	s := everyPolicy(t)
	for _, tc := range []struct{ policy, action, url string }{
		{"S3TriggerPolicy", "s3:PutObject", d.ManifestURL},
		{"SchedulerPolicy", "s3:PutObject", d.ManifestURL},
		{"SchedulerPolicy", "s3:GetObject", d.ReportURL},
		{"LifecycleNotifierPolicy", "s3:GetObject", d.ReportURL},
		{"ObjectProcessorRole", "s3:GetObject", d.ManifestURL},
		{"ObjectProcessorRole", "s3:PutObject", d.ReportURL},
	} {
		arn := strings.Replace(tc.url, "s3://", "arn:aws:s3:::", 1)
		if arn == "" || !s.allows(tc.policy, tc.action, arn) {
			t.Errorf("%s: %s on %q is not allowed", tc.policy, tc.action, arn)
		}
	}
}

// allows reports whether a policy or role of the stack lets somebody do the action on the ARN, whatever the conditions.
func (s stack) allows(id, action, arn string) bool {
	names := map[string]string{"AWS::Partition": "aws", "BatchBucket": "example-batches", "BatchBucket.Arn": "arn:aws:s3:::example-batches"}
	for _, r := range s.resources("AWS::IAM::Role", "AWS::IAM::ManagedPolicy") {
		if r.id != id {
			continue
		}
		for _, st := range statements(r) {
			for _, res := range st.resources {
				pattern := strings.ReplaceAll(regexp.QuoteMeta(fmt.Sprint(resolve(res, names))), `\*`, ".*")
				if slices.Contains(st.actions, action) && regexp.MustCompile("^"+pattern+"$").MatchString(arn) {
					return true
				}
			}
		}
	}
	return false
}
