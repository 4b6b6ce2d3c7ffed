package ecs_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
	"slipway/internal/launch"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newFake() *fake.ECS {
	return &fake.ECS{
		Region: "eu-north-1", Account: "111122223333", Now: func() time.Time { return noon },
		Providers: []string{"FARGATE", "FARGATE_SPOT"}, Clusters: []string{"work"},
		Definition: func(name string) (fake.TaskDefinition, error) {
			if !strings.Contains(name, "processor") {
				return fake.TaskDefinition{}, &fake.ECSError{Code: "ClientException", Message: "Unable to describe task definition.", Status: 400}
			}
			return fake.TaskDefinition{
				TaskDefinitionArn: "arn:aws:ecs:eu-north-1:111122223333:task-definition/processor:3", Family: "processor", Status: "ACTIVE",
				NetworkMode: "awsvpc", CPU: "256", Memory: "512", RequiresCompatibilities: []string{"FARGATE"},
				ContainerDefinitions: []fake.ContainerDefinition{{Name: "main", Image: "slipway/object-processor:local"}},
			}, nil
		},
	}
}

// adapter is the real adapter over the fake's HTTP door.
func adapter(t *testing.T, f *fake.ECS) orchestrator.Tasks {
	t.Helper()
	return open(t, f)
}

func request(change func(*run.Decision)) run.TaskRequest {
	d := run.Decision{
		Cluster: "work", Definition: "processor:3", Container: "main", Capacity: "FARGATE_SPOT", Subnets: []string{"subnet-1"},
		Command: []string{"process"}, Environment: []run.EnvVar{{Name: "S3_KEY", Value: "a b+c%ü<>.png"}},
	}
	if change != nil {
		change(&d)
	}
	return run.TaskRequest{Token: strings.Repeat("a", 64), StartedBy: "slipway/stack/images-1/1", Decision: d, Environment: d.Environment, Tags: d.Tags}
}

// TestBothDoorsAnswerAlike runs each case through the fake's Go door and through the adapter over HTTP.
func TestBothDoorsAnswerAlike(t *testing.T) {
	lost := &fake.Fault{Error: &fake.ECSError{Code: "", Message: "lost", Status: 0}, Afterwards: true}
	for name, tc := range map[string]struct {
		request run.TaskRequest
		fault   *fake.Fault
		want    launch.Action
	}{
		"a task is accepted":              {request(nil), nil, launch.Accepted},
		"a cluster that is not there":     {request(func(d *run.Decision) { d.Cluster = "nowhere" }), nil, launch.Give},
		"no network for awsvpc":           {request(func(d *run.Decision) { d.Subnets = nil }), nil, launch.Give},
		"a provider of another cluster":   {request(func(d *run.Decision) { d.Capacity = "mine" }), nil, launch.Give},
		"a launch type that does not fit": {request(func(d *run.Decision) { d.Capacity = "EC2" }), nil, launch.Give},
		"a container that is not there":   {request(func(d *run.Decision) { d.Container = "other" }), nil, launch.Give},
		"a size that Fargate has not":     {request(func(d *run.Decision) { d.CPU, d.Memory = 256, 9000 }), nil, launch.Give},
		"too little ephemeral storage":    {request(func(d *run.Decision) { d.EphemeralStorage = 20 }), nil, launch.Give},
		"tags of its own and of others": {request(func(d *run.Decision) {
			d.Tags, d.PropagateTags, d.EnableECSManagedTags = []run.EnvVar{{Name: "job", Value: "images"}}, "TASK_DEFINITION", true
		}), nil, launch.Accepted},
		"a tag of AWS":                    {request(func(d *run.Decision) { d.Tags = []run.EnvVar{{Name: "aws:job", Value: "images"}} }), nil, launch.Give},
		"tags of no service":              {request(func(d *run.Decision) { d.PropagateTags = "SERVICE" }), nil, launch.Give},
		"a platform version":              {request(func(d *run.Decision) { d.PlatformVersion = "1.4.0" }), nil, launch.Accepted},
		"a platform that is not there":    {request(func(d *run.Decision) { d.PlatformVersion = "7" }), nil, launch.Give},
		"an execute command without role": {request(func(d *run.Decision) { d.EnableExecuteCommand = true }), nil, launch.Give},
		"overrides that are too long":     {request(func(d *run.Decision) { d.Command = []string{strings.Repeat("x", 9000)} }), nil, launch.Give},
		"a definition that is not there":  {request(func(d *run.Decision) { d.Definition = "nothing" }), nil, launch.Give},
		"a placement on Fargate": {request(func(d *run.Decision) {
			d.Placement.Strategy = []run.PlacementRule{{Type: "random"}}
		}), nil, launch.Give},
		"a constraint on Fargate": {request(func(d *run.Decision) {
			d.Placement.Constraints = []run.PlacementRule{{Type: "distinctInstance"}}
		}), nil, launch.Give},
		"throttling":                      {request(nil), &fake.Fault{Error: &fake.ECSError{Code: "ThrottlingException", Message: "Rate exceeded", Status: 400}}, launch.Throttled},
		"a server error":                  {request(nil), &fake.Fault{Error: &fake.ECSError{Code: "ServerException", Message: "x", Status: 500}}, launch.Repeat},
		"an answer that is lost":          {request(nil), lost, launch.Repeat},
		"no capacity":                     {request(nil), &fake.Fault{Failures: []fake.Failure{{Reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"}}}, launch.NextUp},
		"a token that is bound to others": {request(nil), &fake.Fault{Error: &fake.ECSError{Code: "ConflictException", Message: "x", ResourceIDs: []string{"arn:task"}, Status: 400}}, launch.Accepted},
	} {
		t.Run(name, func(t *testing.T) {
			var answers []run.Launched
			for _, open := range []func(*fake.ECS) orchestrator.Tasks{
				func(f *fake.ECS) orchestrator.Tasks { return fake.Tasks{ECS: f} },
				func(f *fake.ECS) orchestrator.Tasks { return adapter(t, f) },
			} {
				f := newFake()
				f.Fault = func(string) *fake.Fault { return tc.fault }
				got := open(f).Run(t.Context(), tc.request)
				if v := launch.Judge(got); v.Action != tc.want {
					t.Errorf("action = %s (%s %s), want %s", v.Action, v.Reason, v.Detail, tc.want)
				}
				answers = append(answers, got)
			}
			if a, b := answers[0], answers[1]; len(a.Tasks) != len(b.Tasks) || len(a.Tasks) == 1 && !sameTask(a.Tasks[0], b.Tasks[0]) {
				t.Errorf("the doors answered %+v and %+v", a.Tasks, b.Tasks)
			}
		})
	}
}

// sameTask compares tasks of two fakes, whose serial numbers and clocks are alike.
func sameTask(a, b run.Task) bool {
	a.CreatedAt, b.CreatedAt = a.CreatedAt.UTC(), b.CreatedAt.UTC()
	return reflect.DeepEqual(a, b)
}

func TestATokenStartsOneTaskAndIsReplayed(t *testing.T) {
	now := noon
	f := newFake()
	f.Now = func() time.Time { return now }
	tasks := adapter(t, f)
	first := tasks.Run(t.Context(), request(nil)).Tasks[0]
	if again := tasks.Run(t.Context(), request(nil)); len(again.Tasks) != 1 || again.Tasks[0].ARN != first.ARN {
		t.Fatalf("again = %+v, want the same task", again)
	}
	changed := tasks.Run(t.Context(), request(func(d *run.Decision) { d.Command = []string{"other"} }))
	if changed.Err == nil || len(changed.Err.ResourceIDs) != 1 || changed.Err.ResourceIDs[0] != first.ARN {
		t.Errorf("other parameters = %+v, want a conflict that names the task", changed.Err)
	}
	f.End(first.ARN, fake.Ended{StopCode: "EssentialContainerExited", Exits: map[string]int{"main": 0}})
	if again := tasks.Run(t.Context(), request(nil)); again.Tasks[0].LastStatus != run.StatusStopped || again.Tasks[0].StartedBy != "" {
		t.Errorf("replayed = %+v, want only the ARN and the status of a stopped task", again.Tasks[0])
	}
	now = now.Add(61 * time.Minute)
	if later := tasks.Run(t.Context(), request(nil)); later.Tasks[0].ARN == first.ARN {
		t.Error("the token is still bound more than an hour after its task stopped")
	}
	if _, missing, err := tasks.Describe(t.Context(), "work", []string{first.ARN}); err != nil || len(missing) != 1 {
		t.Errorf("missing = %v, %v, want the task that stopped more than an hour ago", missing, err)
	}
}

func TestATaskIsFoundByWhoStartedIt(t *testing.T) {
	f := newFake()
	tasks := adapter(t, f)
	first := tasks.Run(t.Context(), request(nil)).Tasks[0]
	arns, err := tasks.StartedBy(t.Context(), "work", "slipway/stack/images-1/1")
	if err != nil || len(arns) != 1 || arns[0] != first.ARN {
		t.Errorf("arns = %v, %v", arns, err)
	}
	if err := tasks.Stop(t.Context(), "work", first.ARN, "enough"); err != nil {
		t.Fatal(err)
	}
	f.End(first.ARN, fake.Ended{Exits: map[string]int{"main": 143}})
	found, _, err := tasks.Describe(t.Context(), "work", []string{first.ARN})
	if err != nil || found[0].StopCode != "UserInitiated" || found[0].StoppedReason != "enough" || *found[0].Containers[0].ExitCode != 143 {
		t.Errorf("described = %+v, %v", found, err)
	}
	if err := tasks.Stop(t.Context(), "work", "arn:nothing", "x"); err != nil {
		t.Errorf("stopping a task that is not there: %v", err)
	}
}
