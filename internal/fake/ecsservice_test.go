package fake_test

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
)

// worker is a play with a service whose tasks run until they are stopped.
func newWorkers(t *testing.T, desired int) *play {
	p := newPlay(t)
	p.plan.Runs = 0
	p.PutService(workers(1, desired))
	return p
}

func workers(revision, desired int) fake.Service {
	return fake.Service{
		Cluster: "work", Name: "workers", Definition: definition(revision), Desired: desired,
		Network: input("").NetworkConfiguration, Strategy: []fake.StrategyItem{{CapacityProvider: "FARGATE_SPOT", Weight: 1}},
	}
}

func (p *play) counts() (running, pending int) {
	p.t.Helper()
	s, ok := p.Service("work", "workers")
	if !ok {
		p.t.Fatal("there is no service")
	}
	return s.Running, s.Pending
}

func (p *play) expect(running, pending int) {
	p.t.Helper()
	if r, n := p.counts(); r != running || n != pending {
		p.t.Errorf("%d running and %d pending, want %d and %d", r, n, running, pending)
	}
}

func (p *play) desire(n int) {
	p.t.Helper()
	if err := p.SetDesired("work", "workers", n); err != nil {
		p.t.Fatal(err)
	}
	p.Advance()
}

func TestAServiceFollowsItsDesiredCount(t *testing.T) {
	p := newWorkers(t, 3)
	p.Advance()
	p.expect(0, 3)
	p.wait(time.Minute)
	p.expect(3, 0)
	p.desire(1)
	p.wait(time.Minute)
	p.expect(1, 0)
	p.desire(0)
	p.wait(time.Minute)
	p.expect(0, 0)
	for _, task := range p.All() {
		if task.Group != "service:workers" || !strings.HasPrefix(task.StartedBy, "ecs-svc/") || task.StopCode != "ServiceSchedulerInitiated" ||
			task.StoppedReason != "Scaling activity initiated by (deployment "+task.StartedBy+")" {
			t.Errorf("task = %s by %s: %s %q", task.Group, task.StartedBy, task.StopCode, task.StoppedReason)
		}
	}
	steady := 0
	for _, e := range p.events {
		if e.DetailType == "ECS Service Action" && strings.Contains(string(e.Detail), "SERVICE_STEADY_STATE") {
			steady++
		}
	}
	if steady != 3 {
		t.Errorf("steady %d times, want once for each desired count", steady)
	}
}

func TestScalingInSparesProtectedTasks(t *testing.T) {
	p := newWorkers(t, 3)
	p.wait(time.Minute)
	tasks := p.All()
	for _, task := range tasks[1:] {
		if out, err := p.UpdateTaskProtection("work", []string{task.TaskArn}, true, 5); err != nil || len(out.ProtectedTasks) != 1 {
			t.Fatalf("protect: %+v, %v", out, err)
		}
	}
	p.desire(1)
	p.wait(time.Minute)
	p.expect(2, 0) // only the unprotected one could go
	if task, _ := p.Task(tasks[0].TaskArn); task.LastStatus != "STOPPED" {
		t.Errorf("the unprotected task is %s, want STOPPED", task.LastStatus)
	}
	p.wait(5 * time.Minute)
	p.expect(1, 0) // the protection of both has run out: the newest goes
	if task, _ := p.Task(tasks[2].TaskArn); task.LastStatus != "STOPPED" {
		t.Errorf("the newest task is %s, want STOPPED", task.LastStatus)
	}
}

func TestProtectionIsRefused(t *testing.T) {
	p := newWorkers(t, 2)
	p.wait(time.Minute)
	tasks := p.All()
	p.desire(1)
	first, err := p.UpdateTaskProtection("work", []string{tasks[0].TaskArn}, true, 0)
	if err != nil || len(first.ProtectedTasks) != 1 || first.ProtectedTasks[0].ExpirationDate.Sub(p.now) != 2*time.Hour {
		t.Errorf("protected = %+v, %v, want two hours", first, err)
	}
	if out, _ := p.UpdateTaskProtection("work", []string{tasks[1].TaskArn}, true, 0); len(out.Failures) != 1 || out.Failures[0].Reason != "DEPLOYMENT_BLOCKED" {
		t.Errorf("more protected tasks than desired = %+v, want DEPLOYMENT_BLOCKED", out)
	}
	alone := p.run("FARGATE")
	if out, _ := p.UpdateTaskProtection("work", []string{alone}, true, 0); len(out.Failures) != 1 || out.Failures[0].Reason != "TASK_NOT_VALID" {
		t.Errorf("a task of no service = %+v, want TASK_NOT_VALID", out)
	}
	if _, err := p.UpdateTaskProtection("work", []string{alone}, true, 2881); fake.CodeOf(err) != "InvalidParameterException" {
		t.Errorf("too long = %v, want InvalidParameterException", err)
	}
}

func TestADeploymentStartsNewTasksFirst(t *testing.T) {
	p := newWorkers(t, 2)
	p.wait(time.Minute)
	p.PutService(workers(2, 2))
	p.Advance()
	p.expect(2, 2)
	p.wait(time.Minute)
	p.expect(2, 0)
	s, _ := p.Service("work", "workers")
	if s.RunningOf[s.Deployment] != 2 {
		t.Errorf("running = %v, want both in %s", s.RunningOf, s.Deployment)
	}
}

func TestAServiceSaysWhyItCannotStartTasks(t *testing.T) {
	t.Run("there is no capacity", func(t *testing.T) {
		p := newWorkers(t, 1)
		p.inject(fake.Injection{Kind: "no-capacity", Provider: "FARGATE_SPOT", For: fake.Span(time.Minute)})
		p.Advance()
		if e := p.events[len(p.events)-1]; !strings.Contains(string(e.Detail), "SERVICE_TASK_PLACEMENT_FAILURE") || !strings.Contains(string(e.Detail), "RESOURCE:FARGATE") {
			t.Errorf("event = %s", e.Detail)
		}
		p.wait(2 * time.Minute)
		p.expect(1, 0)
	})
	t.Run("its tasks fail to start, again and again", func(t *testing.T) {
		p := newWorkers(t, 1)
		p.plan.Ends = fake.Ended{StopCode: "TaskFailedToStart", Reason: "CannotPullContainerError: no"}
		p.wait(10 * time.Minute)
		if n := len(p.All()); n < 4 || n > 8 {
			t.Errorf("%d tasks were started in ten minutes, want fewer and fewer", n)
		}
		impaired := 0
		for _, e := range p.events {
			if strings.Contains(string(e.Detail), "SERVICE_TASK_START_IMPAIRED") {
				impaired++
			}
		}
		if impaired != 1 {
			t.Errorf("told of it %d times, want once", impaired)
		}
	})
}
