package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/fake"
)

// TestEachFaultComesOverHTTP injects each kind of fake.Injection and looks at what a client and the event bus see.
func TestEachFaultComesOverHTTP(t *testing.T) {
	s := newStand(t, "process")
	for _, tc := range []struct {
		name string
		test func(*testing.T)
	}{
		{"throttle", s.refused(`{"kind":"throttle","operation":"RunTask","calls":1}`, "ThrottlingException")},
		{"server-error", s.refused(`{"kind":"server-error","operation":"RunTask","calls":1}`, "ServerException")},
		{"failure", s.failing(`{"kind":"failure","reason":"RESOURCE:ENI","calls":1}`, "RESOURCE:ENI")},
		{"no-capacity in a zone", s.failing(`{"kind":"no-capacity","zone":"`+zoneOf("subnet-1")+`","calls":1}`, "Capacity is unavailable")},
		{"no-capacity in another zone", s.otherZone},
		{"slow-start", s.slowStart},
		{"stuck", s.stuck},
		{"missing", s.missing},
		{"event-lost", s.eventLost},
		{"event-duplicate", s.eventDuplicate},
		{"event-late", s.eventLate},
		{"event-reordered", s.eventReordered},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.test(t)
			if status := s.web(http.MethodDelete, "/_slipway/faults", ""); status != http.StatusOK {
				t.Errorf("clear: %d", status)
			}
		})
	}
	for _, wrong := range []string{`{"kind":"nothing"}`, `{"kind":"stuck","zone":"a"}`, `{"kind":"stuck","for":"long"}`, `{"sort":"stuck"}`} {
		if status := s.web(http.MethodPost, "/_slipway/faults", wrong); status != http.StatusBadRequest {
			t.Errorf("inject %s: %d, want 400", wrong, status)
		}
	}
}

func zoneOf(subnet string) string { return (&fake.ECS{Region: region}).ZoneOf(subnet) }

func once(o *ecs.Options) { o.Retryer = aws.NopRetryer{} }

func (s *stand) refused(fault, code string) func(*testing.T) {
	return func(t *testing.T) {
		s.inject(fault)
		if _, err := s.ecs.RunTask(t.Context(), s.input("exit=0"), once); err == nil || !strings.Contains(err.Error(), code) {
			t.Errorf("error = %v, want %s", err, code)
		}
		s.reaches(s.run("exit=0"), "STOPPED") // once is enough
	}
}

func (s *stand) failing(fault, reason string) func(*testing.T) {
	return func(t *testing.T) {
		s.inject(fault)
		out, err := s.ecs.RunTask(t.Context(), s.input("exit=0"))
		s.must(err)
		if len(out.Tasks) != 0 || len(out.Failures) != 1 || !strings.HasPrefix(*out.Failures[0].Reason, reason) {
			t.Errorf("answer = %+v, want the failure %s", out, reason)
		}
	}
}

func (s *stand) otherZone(t *testing.T) {
	s.inject(`{"kind":"no-capacity","zone":"` + zoneOf("subnet-1") + `"}`)
	for _, subnet := range []string{"subnet-2", "subnet-3", "subnet-4", "subnet-5"} {
		if zoneOf(subnet) == zoneOf("subnet-1") {
			continue
		}
		in := s.input("exit=0")
		in.NetworkConfiguration.AwsvpcConfiguration.Subnets = []string{subnet}
		out, err := s.ecs.RunTask(t.Context(), in)
		s.must(err)
		if len(out.Tasks) != 1 || *out.Tasks[0].AvailabilityZone != zoneOf(subnet) {
			t.Errorf("answer = %+v, want a task in %s", out, zoneOf(subnet))
		}
		return
	}
	t.Fatal("every subnet is in one zone")
}

func (s *stand) slowStart(t *testing.T) {
	s.inject(`{"kind":"slow-start","delay":"1s","calls":1}`)
	began := time.Now()
	s.reaches(s.run("wait"), "RUNNING")
	if took := time.Since(began); took < time.Second {
		t.Errorf("it ran after %s, want it a second later than usual", took)
	}
}

func (s *stand) stuck(t *testing.T) {
	s.inject(`{"kind":"stuck","for":"5s"}`)
	arn := s.run("exit=0")
	time.Sleep(time.Second) // another process: there is no clock to pass
	if status := *s.describe(arn).LastStatus; status != "PROVISIONING" {
		t.Errorf("the task is %s, want it stuck in PROVISIONING", status)
	}
	s.reaches(arn, "STOPPED") // once the fault is over
}

func (s *stand) missing(t *testing.T) {
	arn := s.run("wait")
	s.inject(`{"kind":"missing","task":"` + arn + `","calls":1}`)
	out, err := s.ecs.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: &s.name, Tasks: []string{arn}})
	s.must(err)
	if len(out.Tasks) != 0 || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" {
		t.Errorf("answer = %+v, want MISSING", out)
	}
	s.describe(arn)
}

// told is what the events of a task said, in the order in which they came.
func (s *stand) told(arn string) []string {
	s.t.Helper()
	var out []string
	for _, e := range s.seen {
		var detail struct{ TaskArn, LastStatus string }
		if json.Unmarshal(e.Detail, &detail) == nil && detail.TaskArn == arn {
			out = append(out, detail.LastStatus)
		}
	}
	return out
}

// others waits until the events that are on their way have come: those of another task are later.
func (s *stand) others() {
	s.t.Helper()
	s.event(s.run("exit=0"), "STOPPED")
	s.receive()
}

func (s *stand) eventLost(t *testing.T) {
	s.inject(`{"kind":"event-lost"}`)
	arn := s.run("exit=0")
	s.reaches(arn, "STOPPED")
	s.web(http.MethodDelete, "/_slipway/faults", "")
	s.others()
	if got := s.told(arn); len(got) != 0 {
		t.Errorf("events = %v, want none", got)
	}
}

func (s *stand) eventDuplicate(t *testing.T) {
	s.inject(`{"kind":"event-duplicate"}`)
	arn := s.run("exit=0")
	s.until("each event has come twice", func() bool {
		s.receive()
		got := s.told(arn)
		slices.Sort(got)
		return slices.Equal(got, []string{"RUNNING", "RUNNING", "STOPPED", "STOPPED"})
	})
}

func (s *stand) eventLate(t *testing.T) {
	s.inject(`{"kind":"event-late","delay":"2s"}`)
	arn := s.run("exit=0")
	task := s.reaches(arn, "STOPPED")
	s.event(arn, "STOPPED")
	if late := time.Since(*task.StoppedAt); late < 2*time.Second {
		t.Errorf("the event came after %s, want it two seconds late", late)
	}
}

func (s *stand) eventReordered(t *testing.T) {
	s.inject(`{"kind":"event-reordered"}`)
	arn := s.run("exit=0")
	s.reaches(arn, "STOPPED")
	s.web(http.MethodDelete, "/_slipway/faults", "")
	s.event(arn, "STOPPED")
	s.event(arn, "RUNNING") // neither is lost
	if stops := s.describe(arn).StopCode; stops != types.TaskStopCodeEssentialContainerExited {
		t.Errorf("stop code = %s", stops)
	}
}

func TestATaskHasTheTagsOfItsDefinition(t *testing.T) {
	s := newStand(t, "process")
	_, err := s.ecs.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(s.name + "-tagged"), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{"FARGATE"},
		Cpu: aws.String("256"), Memory: aws.String("512"), TaskRoleArn: aws.String("arn:aws:iam::000000000000:role/task"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("main"), Image: aws.String("slipway/probe:test")}},
		Tags:                 []types.Tag{{Key: aws.String("team"), Value: aws.String("images")}},
	})
	s.must(err)
	in := s.input("wait")
	in.TaskDefinition, in.PropagateTags = aws.String(s.name+"-tagged"), types.PropagateTagsTaskDefinition
	in.EnableExecuteCommand, in.EnableECSManagedTags = true, true
	in.Tags = []types.Tag{{Key: aws.String("job"), Value: aws.String("thumbnails")}}
	out, err := s.ecs.RunTask(t.Context(), in)
	s.must(err)
	described, err := s.ecs.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{
		Cluster: &s.name, Tasks: []string{*out.Tasks[0].TaskArn}, Include: []types.TaskField{types.TaskFieldTags},
	})
	s.must(err)
	tags := map[string]string{}
	for _, tag := range described.Tasks[0].Tags {
		tags[*tag.Key] = *tag.Value
	}
	want := map[string]string{"team": "images", "job": "thumbnails", "aws:ecs:clusterName": s.name}
	if !maps.Equal(tags, want) || !described.Tasks[0].EnableExecuteCommand {
		t.Errorf("tags = %v, execute command %t; want %v and true", tags, described.Tasks[0].EnableExecuteCommand, want)
	}
}
