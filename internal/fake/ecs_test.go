package fake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// play is an ECS with a clock that moves when it is told to, and tasks that go by a script.
type play struct {
	*fake.ECS
	t      *testing.T
	now    time.Time
	plan   fake.Play
	events []fake.Event
}

func newPlay(t *testing.T) *play {
	p := &play{t: t, now: noon, plan: fake.Play{
		Start: 2 * time.Second, Runs: time.Minute, Ends: exit(0), Stop: time.Second, Stopped: exit(143),
	}}
	p.ECS = &fake.ECS{
		Region: "eu-north-1", Account: "111122223333", Now: func() time.Time { return p.now },
		Providers: []string{"FARGATE", "FARGATE_SPOT", "mine"}, Clusters: []string{"work"}, Definition: fake.Definitions(definition(1), definition(2)),
		Pace: fake.Pace{Provisioning: 10 * time.Second, Pending: time.Second, Activating: time.Second, Deactivating: time.Second, Deprovisioning: 5 * time.Second},
		Emit: func(e fake.Event) { p.events = append(p.events, e) },
	}
	p.Runner = fake.Script{ECS: p.ECS, Plan: func(fake.Task) fake.Play { return p.plan }}
	return p
}

func exit(code int) fake.Ended {
	return fake.Ended{Reason: "Essential container in task exited", Exits: map[string]int{"main": code}}
}

func definition(revision int) fake.TaskDefinition {
	return fake.TaskDefinition{
		TaskDefinitionArn: fmt.Sprintf("arn:aws:ecs:eu-north-1:111122223333:task-definition/processor:%d", revision), Family: "processor",
		Revision: revision, Status: "ACTIVE", NetworkMode: "awsvpc", CPU: "256", Memory: "512",
		Compatibilities: []string{"EC2", "FARGATE"}, ContainerDefinitions: []fake.ContainerDefinition{{Name: "main", Image: "processor:1"}},
	}
}

// wait lets time pass, stopping wherever something is due.
func (p *play) wait(d time.Duration) {
	end := p.now.Add(d)
	for {
		p.Advance()
		next, ok := p.Next()
		if !ok || next.After(end) {
			break
		}
		if next.After(p.now) {
			p.now = next
		}
	}
	p.now = end
	p.Advance()
}

func input(provider string) fake.RunTaskInput {
	in := fake.RunTaskInput{Cluster: "work", TaskDefinition: "processor", Count: 1, CapacityProviderStrategy: []fake.StrategyItem{{CapacityProvider: provider, Weight: 1}}}
	in.NetworkConfiguration = &fake.NetworkConfiguration{}
	in.NetworkConfiguration.Awsvpc.Subnets = []string{"subnet-1"}
	return in
}

func (p *play) run(provider string) string {
	p.t.Helper()
	out, err := p.RunTask(input(provider))
	if err != nil || len(out.Tasks) != 1 {
		p.t.Fatalf("RunTask answered %+v, %v", out, err)
	}
	return out.Tasks[0].TaskArn
}

// detail is what the tests look at in an event.
type detail struct {
	TaskArn, LastStatus, DesiredStatus, StopCode, StoppedReason string
	Version                                                     int
	Attachments                                                 []fake.Attachment
	Containers                                                  []fake.Container
}

func (p *play) details() []detail {
	p.t.Helper()
	var out []detail
	for _, e := range p.events {
		if e.DetailType != "ECS Task State Change" {
			continue
		}
		var d detail
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			p.t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// path is the events of tasks as "LAST/DESIRED" in order.
func (p *play) path() string {
	p.t.Helper()
	var out []string
	for _, d := range p.details() {
		out = append(out, d.LastStatus+"/"+d.DesiredStatus)
	}
	return strings.Join(out, " ")
}

const upAndRunning = "PROVISIONING/RUNNING PENDING/RUNNING RUNNING/RUNNING"

func TestATaskLivesAndTellsEachChange(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(p *play)
		then   func(p *play, arn string)
		want   string
		code   string
		reason string
		exit   int // -1: none
	}{
		"it ends by itself": {
			want: upAndRunning + " DEPROVISIONING/STOPPED STOPPED/STOPPED",
			code: "EssentialContainerExited", reason: "Essential container in task exited",
		},
		"it ends sooner than it is seen to run": {
			change: func(p *play) { p.plan.Runs = time.Millisecond; p.plan.Start = 0 },
			want:   upAndRunning + " DEPROVISIONING/STOPPED STOPPED/STOPPED",
			code:   "EssentialContainerExited", reason: "Essential container in task exited",
		},
		"it is stopped while it runs": {
			then: func(p *play, arn string) { p.wait(20 * time.Second); p.stop(arn) },
			want: upAndRunning + " DEACTIVATING/STOPPED STOPPING/STOPPED DEPROVISIONING/STOPPED STOPPED/STOPPED",
			code: "UserInitiated", reason: "enough", exit: 143,
		},
		"it is stopped before it has containers": {
			then: func(p *play, arn string) { p.stop(arn) },
			want: "PROVISIONING/RUNNING PROVISIONING/STOPPED DEPROVISIONING/STOPPED STOPPED/STOPPED",
			code: "UserInitiated", reason: "enough", exit: -1,
		},
		"its image is not there": {
			change: func(p *play) {
				p.plan.Ends = fake.Ended{StopCode: "TaskFailedToStart", Reason: "CannotPullContainerError: no", Reasons: map[string]string{"main": "CannotPullContainerError: no"}}
			},
			want: "PROVISIONING/RUNNING PENDING/RUNNING DEPROVISIONING/STOPPED STOPPED/STOPPED",
			code: "TaskFailedToStart", reason: "CannotPullContainerError: no", exit: -1,
		},
		"Spot takes it back": {
			then: func(p *play, _ string) { p.wait(20 * time.Second); p.inject(fake.Injection{Kind: "spot-interrupt"}) },
			want: upAndRunning + " RUNNING/STOPPED DEPROVISIONING/STOPPED STOPPED/STOPPED",
			code: "SpotInterruption", reason: "Your Spot Task was interrupted.", exit: 143,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			if tc.change != nil {
				tc.change(p)
			}
			arn := p.run("FARGATE_SPOT")
			if tc.then != nil {
				tc.then(p, arn)
			}
			p.wait(5 * time.Minute)
			if got := p.path(); got != tc.want {
				t.Errorf("path = %s\nwant   %s", got, tc.want)
			}
			p.checkEnd(tc.code, tc.reason, tc.exit)
		})
	}
}

func (p *play) stop(arn string) {
	p.t.Helper()
	if _, err := p.StopTask(arn, "UserInitiated", "enough"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *play) inject(i fake.Injection) {
	p.t.Helper()
	if err := p.Inject(i); err != nil {
		p.t.Fatal(err)
	}
}

// checkEnd checks the last event, and that what it says came no sooner than it does on AWS.
func (p *play) checkEnd(code, reason string, exitCode int) {
	p.t.Helper()
	details := p.details()
	last := details[len(details)-1]
	if last.StopCode != code || last.StoppedReason != reason {
		p.t.Errorf("stopped = %s %q, want %s %q", last.StopCode, last.StoppedReason, code, reason)
	}
	got := -1
	if c := last.Containers[0].ExitCode; c != nil {
		got = *c
	}
	if got != exitCode {
		p.t.Errorf("exit code = %d, want %d", got, exitCode)
	}
	for i, d := range details {
		if d.Version != i+1 {
			p.t.Errorf("event %d has version %d", i, d.Version)
		}
		ended := d.LastStatus == "DEPROVISIONING" || d.LastStatus == "STOPPED"
		if d.Containers[0].ExitCode != nil && !ended {
			p.t.Errorf("there is an exit code in %s", d.LastStatus)
		}
		want := map[string]string{"PROVISIONING": "PRECREATED", "STOPPED": "DELETED"}[d.LastStatus]
		if want != "" && d.Attachments[0].Status != want {
			p.t.Errorf("the interface is %s in %s, want %s", d.Attachments[0].Status, d.LastStatus, want)
		}
	}
}

func TestEventsLookLikeThoseOfAWS(t *testing.T) {
	p := newPlay(t)
	p.run("FARGATE")
	p.wait(5 * time.Minute)
	last := p.events[len(p.events)-1]
	if last.Source != "aws.ecs" || last.Version != "0" || last.Account != "111122223333" || len(last.Resources) != 1 || last.ID == p.events[0].ID {
		t.Errorf("event = %+v", last)
	}
	var d map[string]any
	if err := json.Unmarshal(last.Detail, &d); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"createdAt", "startedAt", "stoppedAt", "stoppingAt", "executionStoppedAt", "updatedAt", "pullStartedAt", "pullStoppedAt", "connectivityAt"} {
		if text, ok := d[field].(string); !ok || !strings.HasPrefix(text, "2026-03-01T12:") || !strings.HasSuffix(text, "Z") {
			t.Errorf("%s = %v, want a time as text", field, d[field])
		}
	}
	for field, want := range map[string]any{"cpu": "256", "memory": "512", "group": "family:processor", "launchType": "FARGATE", "platformVersion": "1.4.0"} {
		if d[field] != want {
			t.Errorf("%s = %v, want %v", field, d[field], want)
		}
	}
	if _, ok := d["tags"]; ok {
		t.Error("an event has tags")
	}
}

func TestFaultsComeOnRequest(t *testing.T) {
	t.Run("capacity of one provider is gone for a time", func(t *testing.T) {
		p := newPlay(t)
		p.inject(fake.Injection{Kind: "no-capacity", Provider: "FARGATE_SPOT", For: fake.Span(time.Minute)})
		out, err := p.RunTask(input("FARGATE_SPOT"))
		if err != nil || len(out.Tasks) != 0 || len(out.Failures) != 1 || out.Failures[0].Arn != nil || !strings.HasPrefix(out.Failures[0].Reason, "Capacity is unavailable") {
			t.Errorf("answer = %+v, %v, want one failure without an ARN", out, err)
		}
		p.run("FARGATE")
		p.wait(time.Minute)
		p.run("FARGATE_SPOT")
	})
	t.Run("a stored failure is replayed with its token", func(t *testing.T) {
		p := newPlay(t)
		p.inject(fake.Injection{Kind: "failure", Reason: "RESOURCE:ENI", Calls: 1})
		in := input("FARGATE")
		in.ClientToken = "token"
		for range 2 {
			if out, err := p.RunTask(in); err != nil || len(out.Failures) != 1 || out.Failures[0].Reason != "RESOURCE:ENI" {
				t.Errorf("answer = %+v, %v, want the failure again", out, err)
			}
		}
		in.ClientToken = "another"
		if out, err := p.RunTask(in); err != nil || len(out.Tasks) != 1 {
			t.Errorf("answer = %+v, %v, want a task", out, err)
		}
	})
	t.Run("tasks of an instance provider wait in PROVISIONING", func(t *testing.T) {
		p := newPlay(t)
		p.inject(fake.Injection{Kind: "no-capacity", Provider: "mine", For: fake.Span(time.Hour)})
		arn := p.run("mine")
		p.wait(30 * time.Minute)
		if task, _ := p.Task(arn); task.LastStatus != "PROVISIONING" {
			t.Errorf("status = %s, want PROVISIONING", task.LastStatus)
		}
		p.wait(30*time.Minute + 30*time.Second)
		if task, _ := p.Task(arn); task.LastStatus != "RUNNING" {
			t.Errorf("status = %s, want RUNNING once there are instances", task.LastStatus)
		}
	})
	t.Run("a task is not known for two calls", func(t *testing.T) {
		p := newPlay(t)
		arn := p.run("FARGATE")
		p.inject(fake.Injection{Kind: "missing", Task: arn, Calls: 2})
		var missing []int
		for range 3 {
			out, err := p.DescribeTasks([]string{arn})
			if err != nil {
				t.Fatal(err)
			}
			missing = append(missing, len(out.Failures))
		}
		if !slices.Equal(missing, []int{1, 1, 0}) {
			t.Errorf("missing = %v", missing)
		}
	})
	for kind, want := range map[string]string{
		"event-duplicate": "PROVISIONING/RUNNING PENDING/RUNNING PENDING/RUNNING RUNNING/RUNNING",
		"event-lost":      "PROVISIONING/RUNNING RUNNING/RUNNING",
		"event-reordered": "PROVISIONING/RUNNING RUNNING/RUNNING PENDING/RUNNING",
		"event-late":      "PROVISIONING/RUNNING RUNNING/RUNNING PENDING/RUNNING",
	} {
		t.Run(kind, func(t *testing.T) {
			p := newPlay(t)
			p.run("FARGATE")
			p.inject(fake.Injection{Kind: kind, Calls: 1, Delay: fake.Span(20 * time.Second)})
			p.wait(40 * time.Second)
			if got := p.path(); got != want {
				t.Errorf("path = %s\nwant   %s", got, want)
			}
		})
	}
	t.Run("a kind that nobody knows", func(t *testing.T) {
		if err := newPlay(t).Inject(fake.Injection{Kind: "meteor"}); err == nil || !strings.Contains(err.Error(), "spot-interrupt") {
			t.Errorf("error = %v, want the kinds there are", err)
		}
	})
}

func TestTheQuotaLetsTwentyCallsASecondThrough(t *testing.T) {
	p := newPlay(t)
	p.Quota = true
	refused := 0
	for range 25 {
		if _, err := p.RunTask(input("FARGATE")); fake.CodeOf(err) == "ThrottlingException" {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("refused = %d of 25 at once, want 5", refused)
	}
	p.now = p.now.Add(100 * time.Millisecond)
	for i := range 3 {
		if _, err := p.RunTask(input("FARGATE")); (err != nil) != (i == 2) {
			t.Errorf("call %d after a tenth of a second: %v, want two to pass", i, err)
		}
	}
}
