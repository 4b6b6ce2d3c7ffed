package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

// manual admits a run by hand.
func (s *stackSession) manual(key string, variables ...run.EnvVar) run.Run {
	return s.admit(orchestrator.Want{Job: "import", Trigger: run.ByHand, Input: run.Input{Environment: variables}, Key: key})
}

func TestRunsListsTheNewestFirst(t *testing.T) {
	s := newStack(t)
	out, _ := s.run(0, "runs")
	contains(t, out, "There are no such runs")
	out, _ = s.run(0, "runs", "--json")
	if strings.TrimSpace(out) != "[]" {
		t.Errorf("no runs are %q", out)
	}

	first := s.failed(s.object(run.Object{Bucket: "uploads", Key: "incoming/a\nb", VersionID: "1", Size: 3}))
	s.now = s.now.Add(time.Hour)
	second := s.manual("k", run.EnvVar{Name: "TOKEN", Value: "hunter2"})
	s.now = s.now.Add(time.Minute)
	out, _ = s.run(0, "runs", "--json")
	var list []map[string]any
	decode(t, out, &list)
	want := []string{"admittedAt", "attempt", "endedAt", "id", "input", "job", "outcome", "startedAt", "state", "taskArn", "trigger"}
	for _, entry := range list {
		if got := slices.Sorted(maps.Keys(entry)); !slices.Equal(got, want) {
			t.Errorf("got keys %v, want %v", got, want)
		}
	}
	if len(list) != 2 || list[0]["id"] != string(second.ID) || list[1]["id"] != string(first.ID) || list[0]["endedAt"] != nil {
		t.Errorf("got %s", out)
	}
	if strings.Contains(out, "hunter2") {
		t.Errorf("a value given by hand is printed: %s", out)
	}
	out, _ = s.run(0, "runs")
	contains(t, out, string(first.ID), "application-error (exit code 1)", `"s3://uploads/incoming/a\nb"`, "by hand")

	for _, tc := range []struct {
		args []string
		want int
	}{
		{[]string{"--job", "images"}, 1},
		{[]string{"--state", "failed,queued"}, 2},
		{[]string{"--state", "running"}, 0},
		{[]string{"--since", "30m"}, 1},
		{[]string{"--until", "30m"}, 1},
		{[]string{"--since", "1d"}, 2},
		{[]string{"--since", s.now.Add(time.Minute).Format(time.RFC3339)}, 0},
		{[]string{"--object", "s3://uploads/incoming/*"}, 1},
		{[]string{"--object", "s3://uploads/incoming/a"}, 0},
		{[]string{"--limit", "1"}, 1},
	} {
		out, _ := s.run(0, append([]string{"runs", "--json"}, tc.args...)...)
		var list []view
		decode(t, out, &list)
		if len(list) != tc.want {
			t.Errorf("runs %v: got %d, want %d", tc.args, len(list), tc.want)
		}
	}
	for _, args := range [][]string{{"--state", "fail"}, {"--since", "soon"}, {"--object", "uploads/a"}, {"--limit", "-1"}, {string(first.ID), "--job", "images"}} {
		s.run(2, append([]string{"runs"}, args...)...)
	}
	_, errs := s.run(2, "runs", "--state", "fail")
	contains(t, errs, "did you mean failed?")
	_, errs = s.run(1, "runs", "--job", "image")
	contains(t, errs, "has no job image", "did you mean images?")
}

func TestRunsShowsOneRunWithoutSecrets(t *testing.T) {
	s := newStack(t)
	r := s.failed(s.object(run.Object{Bucket: "uploads", Key: "incoming/a", VersionID: "1", Size: 3}))
	out, _ := s.run(0, "runs", string(r.ID))
	contains(t, out, "failed", "s3://uploads/incoming/a", "images:3", "PASSWORD=(hidden)", "S3_KEY=incoming/a", "_X_AMZN_TRACE_ID=Root=1-a-b;Sampled=1", "claimed for FARGATE", "accepted by ECS", "exit code 1")
	if strings.Contains(out, "hunter2") {
		t.Errorf("a secret is printed: %s", out)
	}
	out, _ = s.run(0, "runs", string(r.ID), "--json")
	var list []shown
	decode(t, out, &list)
	if len(list) != 1 || list[0].Outcome.Class != "application-error" || len(list[0].History) < 4 || list[0].Decision.Capacity != "FARGATE" || strings.Contains(out, "hunter2") {
		t.Errorf("got %s", out)
	}

	_, errs := s.run(1, "runs", string(r.ID[:len(r.ID)-6]))
	contains(t, errs, "stack test has no run", "did you mean "+string(r.ID))
	_, errs = s.run(1, "runs", "images-nothinglikeit")
	contains(t, errs, "slipway runs --job images")
	_, errs = s.run(1, "runs", "nobody-1")
	contains(t, errs, "begins with no job", "images, import, report")
}

func TestRunsShowsABatchWithItsObjects(t *testing.T) {
	s := newStack(t)
	s.jobs[0].Batch = &run.Batch{MaxObjects: 10}
	m := s.object(run.Object{Bucket: "uploads", Key: "incoming/a", VersionID: "1", Size: 3})
	out, _ := s.run(0, "runs", string(m.ID))
	contains(t, out, "batch     "+string(m.Member)+"  queued")
	out, _ = s.run(0, "runs", string(m.Member))
	contains(t, out, "a batch of 1 object", "object    "+string(m.ID), "s3://uploads/incoming/a")
}

func TestRunsOfARemovedJobAndWithoutAFile(t *testing.T) {
	s := newStack(t)
	s.object(run.Object{Bucket: "uploads", Key: "incoming/a", VersionID: "1"})
	if err := s.ledger.SaveJob(t.Context(), run.JobState{Name: "images"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{strings.Replace(operatedFile, "images:", "pictures:", 1), "version: 7\n"} {
		s.write(text)
		out, _ := s.run(0, "runs")
		contains(t, out, "s3://uploads/incoming/a")
	}
}

func TestRunsTellsOfWhatAnotherReleaseWrote(t *testing.T) {
	s := newStack(t)
	good, strange := s.manual("good"), s.manual("strange")
	client := dynamodb.NewFromConfig(s.cfg)
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName:                 aws.String(s.env["SLIPWAY_RunsTableName"]),
		Key:                       map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "run#" + string(strange.ID)}, "sk": &types.AttributeValueMemberS{Value: "run"}},
		UpdateExpression:          aws.String("SET v = :v"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberN{Value: "99"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, errs := s.run(1, "runs", "--job", "import")
	contains(t, out, string(good.ID))
	contains(t, errs, string(strange.ID), "newer release")
	_, errs = s.run(1, "runs", string(strange.ID))
	contains(t, errs, "use the release that wrote it")
	out, _ = s.run(1, "cancel", string(strange.ID))
	contains(t, out, "not done", "use the release that wrote it")
}

func TestRunsFollowsUntilInterrupted(t *testing.T) {
	s := newStack(t)
	first := s.manual("first")
	ctx, interrupt := context.WithCancel(t.Context())
	var second run.Run
	rounds := 0
	s.world.sleep = func(context.Context, time.Duration) error {
		s.now = s.now.Add(2 * time.Second)
		switch rounds++; rounds {
		case 1:
			second = s.manual("second")
		case 2:
			first = s.failed(first)
		case 3:
		default:
			interrupt()
			return ctx.Err()
		}
		return nil
	}
	out, _ := s.runIn(ctx, 0, "runs", "--follow")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 {
		t.Fatalf("got %d lines, want 3:\n%s", len(lines), out)
	}
	for i, want := range []string{"queued     " + string(first.ID), "queued     " + string(second.ID), "failed     " + string(first.ID)} {
		contains(t, lines[i], want)
	}
}

func TestLimitIsOverAllJobs(t *testing.T) {
	s := newStack(t)
	for i := range 4 {
		s.now = s.now.Add(time.Second)
		s.manual(fmt.Sprint(i))
		s.object(run.Object{Bucket: "uploads", Key: "incoming/a", VersionID: fmt.Sprint(i)})
	}
	out, _ := s.run(0, "runs", "--limit", "3", "--json")
	var list []view
	decode(t, out, &list)
	if len(list) != 3 || list[0].Job == list[1].Job || list[2].AdmittedAt.After(*list[1].AdmittedAt) {
		t.Errorf("got %s", out)
	}
}
