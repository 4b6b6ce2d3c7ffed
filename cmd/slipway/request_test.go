package main

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/run"
)

func TestMatchPrintsTheRequest(t *testing.T) {
	s := newSession(t)
	out, _ := s.run(0, "match", "s3://${UploadsBucket}/incoming/a", "--size", "11")
	contains(t, out, "\nimages:\n{\n", `"taskDefinition": "${ObjectProcessorTask}"`, `"capacityProvider": "FARGATE"`, `"name": "CONTAINER"`,
		"At the launch: clientToken", "STACK stands for", "networkConfiguration is the stack's own")
	out, _ = s.run(0, "match", "s3://up/incoming/a", "--size", "1KiB", "--json", "--stack", "mine", "--value", "UploadsBucket=up",
		"--value", "ClusterName=c", "--value", "ObjectProcessorTask=family:7")
	var answer struct {
		Jobs []struct {
			Job     string
			Matched bool
			Request *struct {
				Cluster, TaskDefinition, StartedBy string
				Overrides                          struct {
					ContainerOverrides []struct{ Environment []run.EnvVar }
				}
			}
			AtLaunch []string
		}
	}
	decode(t, out, &answer)
	got := answer.Jobs[0].Request
	if got == nil || got.Cluster != "c" || got.TaskDefinition != "family:7" || !strings.HasPrefix(got.StartedBy, "slipway/mine/images-") {
		t.Fatalf("got %s", out)
	}
	variables := map[string]string{}
	for _, v := range got.Overrides.ContainerOverrides[0].Environment {
		variables[v.Name] = v.Value
	}
	if variables["S3_SIZE"] != "1024" || variables["S3_KEY"] != "incoming/a" || variables["SLIPWAY_STACK"] != "mine" {
		t.Errorf("got variables %v", variables)
	}
	if answer.Jobs[1].Request != nil || answer.Jobs[1].AtLaunch != nil {
		t.Errorf("a job that declines has a request: %s", out)
	}
}

func TestPlanOfABatch(t *testing.T) {
	j := run.Job{Name: "small", Task: run.TaskSpec{Cluster: "c", Definition: "d", Container: "main", Capacity: []string{"FARGATE"}, Subnets: []string{"s"}}}
	j.Batch = &run.Batch{MaxObjects: 50, MaxBytes: 1000, MaxWait: time.Minute}
	object := run.Object{Bucket: "b", Key: "k", Size: 3}
	p := planner{"test", "", "", time.Unix(0, 0)}.plan(j, object)
	contains(t, p.Joins, "a batch of up to 50 objects or 1000 bytes", "1m0s after")
	variables := p.Request.Overrides.ContainerOverrides[0].Environment
	if len(variables) == 0 || variables[2].Name != "SLIPWAY_MANIFEST" || !strings.Contains(variables[2].Value, `"key":"k"`) {
		t.Errorf("got %v, want a manifest of the one object", variables)
	}
	contains(t, strings.Join(p.AtLaunch, "\n"), "SLIPWAY_REPORT")
	if p = (planner{"test", "batches", "", time.Unix(0, 0)}).plan(j, object); strings.Contains(strings.Join(p.AtLaunch, "\n"), "SLIPWAY_REPORT") {
		t.Errorf("the bucket is known, and yet: %v", p.AtLaunch)
	}

	j.LatestOnly = true
	contains(t, planner{"test", "", "", time.Unix(0, 0)}.plan(j, object).Replaces, "an older version of the same key")
	j.Batch, j.Task.Command = nil, []string{strings.Repeat("x", 9000)}
	p = planner{"test", "", "", time.Unix(0, 0)}.plan(j, object)
	contains(t, p.Refused, "8192")
	if p.Request != nil {
		t.Error("there is a request that ECS would refuse")
	}
	var out strings.Builder
	p.print(&out)
	contains(t, out.String(), "It could not be launched")
}

// TestMatchPrintsTheRequestOfAStep asks for each step of an order of four.
func TestMatchPrintsTheRequestOfAStep(t *testing.T) {
	s := newSession(t)
	s.write(`version: 1
jobs:
  images:
    trigger: {s3: {bucket: bucket, key: "**"}}
    task:
      cluster: c
      definition: d
      roles: ["arn:aws:iam::123456789012:role/r"]
      capacity: [EC2, FARGATE_SPOT, mine, FARGATE]
      platformVersion: 1.4.0
      network: {subnets: [subnet-1], publicIp: true}
      placement: {strategy: binpack(memory)}
`)
	placement, private := `"placementStrategy"`, `"assignPublicIp": "DISABLED"`
	provider, platform, public := `"capacityProvider"`, `"platformVersion": "1.4.0"`, `"assignPublicIp": "ENABLED"`
	for step, want := range map[string]struct{ has, hasNot []string }{
		"":             {[]string{`"launchType": "EC2"`, private, placement}, []string{provider, platform}},
		"EC2":          {[]string{`"launchType": "EC2"`, private, placement}, []string{provider, platform}},
		"FARGATE_SPOT": {[]string{`"capacityProvider": "FARGATE_SPOT"`, public, platform}, []string{placement, "launchType"}},
		"mine":         {[]string{`"capacityProvider": "mine"`, private, placement}, []string{platform, "launchType"}},
		"FARGATE":      {[]string{`"capacityProvider": "FARGATE"`, public, platform}, []string{placement, "launchType"}},
		"EXTERNAL":     {[]string{"EXTERNAL is no step of its capacity, which is EC2, FARGATE_SPOT, mine, FARGATE"}, []string{provider}},
	} {
		out, _ := s.run(0, "match", "s3://bucket/k", "--step", step)
		contains(t, out, want.has...)
		for _, text := range want.hasNot {
			if strings.Contains(out, text) {
				t.Errorf("step %q: %s is in %s", step, text, out)
			}
		}
	}
}
