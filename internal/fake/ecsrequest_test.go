package fake_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"slipway/internal/fake"
)

// TestRequestsAreRefusedAsECSDoes goes through what RunTask says of tags, platform versions and the execute command.
func TestRequestsAreRefusedAsECSDoes(t *testing.T) {
	tagged := func(tags ...fake.Tag) func(*fake.RunTaskInput) {
		return func(in *fake.RunTaskInput) { in.Tags = tags }
	}
	many := func(n int) []fake.Tag {
		var out []fake.Tag
		for i := range n {
			out = append(out, fake.Tag{Key: fmt.Sprint("k", i)})
		}
		return out
	}
	onEC2 := func(in *fake.RunTaskInput) { in.CapacityProviderStrategy, in.LaunchType = nil, "EC2" }
	for name, tc := range map[string]struct {
		change func(*fake.RunTaskInput)
		want   string
	}{
		"tags of the definition may be propagated": {func(in *fake.RunTaskInput) { in.PropagateTags = "TASK_DEFINITION" }, ""},
		"no tags may be propagated":                {func(in *fake.RunTaskInput) { in.PropagateTags = "NONE" }, ""},
		"there is no service to propagate from":    {func(in *fake.RunTaskInput) { in.PropagateTags = "SERVICE" }, "InvalidParameterException"},
		"fifty tags":                               {tagged(many(50)...), ""},
		"fifty-one tags":                           {tagged(many(51)...), "InvalidParameterException"},
		"a key of 128 characters":                  {tagged(fake.Tag{Key: strings.Repeat("ü", 128)}), ""},
		"a key of 129 characters":                  {tagged(fake.Tag{Key: strings.Repeat("k", 129)}), "InvalidParameterException"},
		"an empty key":                             {tagged(fake.Tag{Value: "v"}), "InvalidParameterException"},
		"a value of 256 characters":                {tagged(fake.Tag{Key: "k", Value: strings.Repeat("ü", 256)}), ""},
		"a value of 257 characters":                {tagged(fake.Tag{Key: "k", Value: strings.Repeat("v", 257)}), "InvalidParameterException"},
		"a key of AWS":                             {tagged(fake.Tag{Key: "aws:k"}), "InvalidParameterException"},
		"a key of AWS in capitals":                 {tagged(fake.Tag{Key: "AWS:k"}), "InvalidParameterException"},
		"a value of AWS":                           {tagged(fake.Tag{Key: "k", Value: "aws:v"}), ""},
		"a character that tags have not":           {tagged(fake.Tag{Key: "k", Value: "a*b"}), "InvalidParameterException"},
		"the same key twice":                       {tagged(fake.Tag{Key: "k"}, fake.Tag{Key: "k"}), "InvalidParameterException"},
		"the latest platform":                      {func(in *fake.RunTaskInput) { in.PlatformVersion = "LATEST" }, ""},
		"an older platform":                        {func(in *fake.RunTaskInput) { in.PlatformVersion = "1.3.0" }, ""},
		"a platform that is not there":             {func(in *fake.RunTaskInput) { in.PlatformVersion = "9.9.9" }, "PlatformUnknownException"},
		"a platform for EC2":                       {func(in *fake.RunTaskInput) { onEC2(in); in.PlatformVersion = "LATEST" }, "InvalidParameterException"},
		"a platform that is too old for the storage": {func(in *fake.RunTaskInput) {
			in.PlatformVersion, in.Overrides.EphemeralStorage = "1.3.0", &fake.EphemeralStorage{SizeInGiB: 50}
		}, "PlatformTaskDefinitionIncompatibilityException"},
		"a platform that is too old for the size": {func(in *fake.RunTaskInput) {
			in.PlatformVersion, in.Overrides.CPU, in.Overrides.Memory = "1.3.0", "8192", "16384"
		}, "PlatformTaskDefinitionIncompatibilityException"},
		"the execute command with a task role":    {func(in *fake.RunTaskInput) { in.EnableExecuteCommand, in.TaskDefinition = true, "processor:2" }, ""},
		"the execute command without a task role": {func(in *fake.RunTaskInput) { in.EnableExecuteCommand, in.TaskDefinition = true, "processor:1" }, "InvalidParameterException"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			withRole := definition(2)
			withRole.TaskRoleArn = "arn:aws:iam::111122223333:role/task"
			p.Definition = fake.Definitions(definition(1), withRole)
			in := input("FARGATE")
			tc.change(&in)
			_, err := p.RunTask(in)
			if got := fake.CodeOf(err); got != tc.want {
				t.Errorf("refused with %q (%v), want %q", got, err, tc.want)
			}
		})
	}
}

func TestATaskShowsWhatItWasStartedWith(t *testing.T) {
	p := newPlay(t)
	d := definition(2)
	d.TaskRoleArn, d.Tags = "arn:role", []fake.Tag{{Key: "team", Value: "definition"}, {Key: "cost", Value: "definition"}}
	p.Definition = fake.Definitions(d)
	in := input("FARGATE")
	in.Tags, in.PropagateTags, in.EnableECSManagedTags = []fake.Tag{{Key: "team", Value: "request"}}, "TASK_DEFINITION", true
	in.EnableExecuteCommand, in.PlatformVersion = true, "1.3.0"
	out, err := p.RunTask(in)
	if err != nil {
		t.Fatal(err)
	}
	task := out.Tasks[0]
	want := []fake.Tag{{Key: "team", Value: "request"}, {Key: "cost", Value: "definition"}, {Key: "aws:ecs:clusterName", Value: "work"}}
	if !reflect.DeepEqual(task.Tags, want) || !task.EnableExecuteCommand || task.PlatformVersion != "1.3.0" {
		t.Errorf("task = %v, %t, %s; want the tags %v", task.Tags, task.EnableExecuteCommand, task.PlatformVersion, want)
	}
	stopped, err := p.StopTask(task.TaskArn, "UserInitiated", "enough")
	if err != nil || len(stopped.Tags) != 0 {
		t.Errorf("after StopTask the tags are %v, %v, want none", stopped.Tags, err)
	}
}

func TestCapacityMayBeGoneInOneZone(t *testing.T) {
	for name, tc := range map[string]struct {
		subnets []string
		fault   fake.Injection
		tasks   int
	}{
		"in the zone of the first subnet":      {[]string{"a1", "b1"}, fake.Injection{Zone: "eu-north-1a"}, 0},
		"in the zone of another subnet":        {[]string{"b1", "a1"}, fake.Injection{Zone: "eu-north-1a"}, 1},
		"in a zone without a subnet":           {[]string{"b1"}, fake.Injection{Zone: "eu-north-1a"}, 1},
		"in every zone":                        {[]string{"b1"}, fake.Injection{}, 0},
		"in the zone, of the provider":         {[]string{"a1"}, fake.Injection{Zone: "eu-north-1a", Provider: "FARGATE"}, 0},
		"in the zone, but of another provider": {[]string{"a1"}, fake.Injection{Zone: "eu-north-1a", Provider: "FARGATE_SPOT"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.Zones = map[string]string{"a1": "eu-north-1a", "b1": "eu-north-1b"}
			tc.fault.Kind = "no-capacity"
			if err := p.Inject(tc.fault); err != nil {
				t.Fatal(err)
			}
			in := input("FARGATE")
			in.NetworkConfiguration.Awsvpc.Subnets = tc.subnets
			out, err := p.RunTask(in)
			if err != nil || len(out.Tasks) != tc.tasks || len(out.Failures) != 1-tc.tasks {
				t.Fatalf("answer = %+v, %v, want %d tasks", out, err, tc.tasks)
			}
			if tc.tasks == 1 && out.Tasks[0].AvailabilityZone != p.ZoneOf(tc.subnets[0]) {
				t.Errorf("the task is in %s, want the zone of its subnet", out.Tasks[0].AvailabilityZone)
			}
		})
	}
	if err := newPlay(t).Inject(fake.Injection{Kind: "stuck", Zone: "eu-north-1a"}); err == nil {
		t.Error("a zone was taken for a fault that is in every zone")
	}
}

func TestSubnetsAreSpreadOverZonesByTheirNames(t *testing.T) {
	p := newPlay(t)
	seen := map[string]int{}
	for i := range 30 {
		subnet := fmt.Sprintf("subnet-%d", i)
		zone := p.ZoneOf(subnet)
		if again := newPlay(t).ZoneOf(subnet); again != zone {
			t.Fatalf("%s is in %s and in %s", subnet, zone, again)
		}
		seen[zone]++
	}
	if len(seen) != 3 {
		t.Errorf("zones = %v, want three", seen)
	}
}

func TestFailuresAreReplayedUnderTheirToken(t *testing.T) {
	p := newPlay(t)
	if err := p.Inject(fake.Injection{Kind: "no-capacity", Calls: 1}); err != nil {
		t.Fatal(err)
	}
	in := input("FARGATE")
	in.ClientToken = "token"
	for _, step := range []struct {
		after  time.Duration
		reason bool
		tasks  int
	}{{0, true, 0}, {time.Hour, true, 0}, {time.Minute, false, 0}, {23 * time.Hour, false, 1}} {
		p.now = p.now.Add(step.after)
		out, err := p.RunTask(in)
		if err != nil || len(out.Tasks) != step.tasks || len(out.Failures) != 1-step.tasks {
			t.Fatalf("after %s the answer is %+v, %v, want %d tasks", p.now.Sub(noon), out, err, step.tasks)
		}
		if step.tasks == 0 && (out.Failures[0].Reason != "") != step.reason {
			t.Errorf("after %s the failure is %+v; only one that is at most an hour old has a reason", p.now.Sub(noon), out.Failures[0])
		}
	}
}

func TestATokenLivesAsLongAsItsTaskAndAnHourButADayAtMost(t *testing.T) {
	for name, tc := range map[string]struct {
		ends  time.Duration // zero: it does not
		asked time.Duration
		again bool
	}{
		"an hour after its task":       {30 * time.Minute, 89 * time.Minute, true},
		"more than an hour after":      {30 * time.Minute, 91 * time.Minute, false},
		"a long task, within the day":  {0, 23 * time.Hour, true},
		"a long task, after a day":     {0, 25 * time.Hour, false},
		"a task that ends late enough": {23*time.Hour + 30*time.Minute, 24*time.Hour + time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.Runner = nil
			in := input("FARGATE")
			in.ClientToken = "token"
			out, err := p.RunTask(in)
			if err != nil {
				t.Fatal(err)
			}
			if tc.ends > 0 {
				p.now = noon.Add(tc.ends)
				p.Pace = fake.Pace{}
				p.End(out.Tasks[0].TaskArn, exit(0))
			}
			p.now = noon.Add(tc.asked)
			later, err := p.RunTask(in)
			if err != nil || (later.Tasks[0].TaskArn == out.Tasks[0].TaskArn) != tc.again {
				t.Errorf("the same task again: %+v, %v; want %t", later, err, tc.again)
			}
		})
	}
}

func TestWhoStartedThemIsAFilterByItself(t *testing.T) {
	p := newPlay(t)
	if _, err := p.ListTasks(fake.Filter{Cluster: "work", StartedBy: "me", DesiredStatus: "STOPPED"}); err != nil {
		t.Errorf("with the status: %v", err)
	}
	if _, err := p.ListTasks(fake.Filter{Cluster: "work", StartedBy: "me", Family: "processor"}); fake.CodeOf(err) != "InvalidParameterException" {
		t.Errorf("with the family: %v, want InvalidParameterException", err)
	}
}
