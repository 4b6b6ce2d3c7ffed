package main

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"slipway/events"
	"slipway/internal/event"
	"slipway/internal/fake"
	"slipway/internal/run"
	"slipway/internal/stop"
)

// piped runs a command with something on standard input.
func (s *session) piped(want int, in string, args ...string) (out, errs string) {
	s.t.Helper()
	s.world.in = strings.NewReader(in)
	return s.run(want, args...)
}

func sampleOf(t *testing.T, class string) string {
	t.Helper()
	text, err := events.OfClass(class)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestExplainKnowsTheSampleOfEveryClass(t *testing.T) {
	s := newSession(t)
	for _, class := range stop.Names() {
		out, _ := s.piped(exitDone, sampleOf(t, class), "explain", "--json")
		var x map[string]any
		if err := json.Unmarshal([]byte(out), &x); err != nil || strings.Count(out, "\n") != 1 {
			t.Fatalf("%s: %v in %q", class, err, out)
		}
		if x["class"] != class || x["summary"] == "" {
			t.Errorf("the sample of %s is explained as %v", class, x)
		}
		for _, key := range []string{"class", "severity", "expected", "retryable", "container", "exitCode", "summary", "remedy", "link"} {
			if _, there := x[key]; !there || len(x) != 9 {
				t.Errorf("%s: the answer has no %s, or more keys: %s", class, key, out)
			}
		}
	}
}

func TestExplainReadsEveryForm(t *testing.T) {
	s := newSession(t)
	one := sampleOf(t, "out-of-memory")
	var e struct{ Detail json.RawMessage }
	if err := json.Unmarshal([]byte(one), &e); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		in    string
		lines int
	}{
		"an event":                            {one, 1},
		"a batch of SQS":                      {`{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":` + string(body) + `}]}`, 1},
		"an answer of DescribeTasks":          {`{"tasks":[` + string(e.Detail) + `,` + string(e.Detail) + `],"failures":[]}`, 2},
		"a task alone":                        {string(e.Detail), 1},
		"a list of events":                    {"[" + one + "," + one + "]", 2},
		"events on lines":                     {one + "\n" + one + "\n" + one, 3},
		"an answer in the times of boto":      {`{"tasks":[{"taskArn":"arn:aws:ecs:r:1:task/c/1","lastStatus":"STOPPED","createdAt":1700000000.5,"containers":[{"name":"main","exitCode":137,"reason":"OutOfMemoryError: x"}]}]}`, 1},
		"a stream with what is not explained": {one + `{"source":"aws.ecs","detail-type":"ECS Something New","detail":{}}`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := s.piped(exitDone, tc.in, "explain", "--json")
			if strings.Count(out, "\n") != tc.lines || !strings.HasPrefix(out, `{"class":"out-of-memory"`) {
				t.Errorf("got %s, want %d lines", out, tc.lines)
			}
		})
	}
	path := s.path("event.json")
	if err := os.WriteFile(path, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := s.piped(exitDone, "", "explain", path); !strings.Contains(out, "out-of-memory (error)") || !strings.Contains(out, "What to do") {
		t.Errorf("in words: %s", out)
	}
}

func TestExplainRefusesWhatIsNoEvent(t *testing.T) {
	s := newSession(t)
	for name, in := range map[string]string{"nothing": "", "no JSON": "Task stopped", "no event": `{"a":1}`, "half an event": sampleOf(t, "unknown")[:300]} {
		if _, errs := s.piped(exitProblem, in, "explain"); errs == "" {
			t.Errorf("%s: nothing is said", name)
		}
	}
	s.piped(exitUsage, "", "explain", s.path("none.json"))
	s.piped(exitUsage, "", "explain", "arn:aws:s3:::bucket")
}

func TestExplainTakesTheContainerThatMatters(t *testing.T) {
	s := newSession(t)
	in := `{"tasks":[{"taskArn":"arn:aws:ecs:r:1:task/c/1","lastStatus":"STOPPED","stopCode":"EssentialContainerExited","containers":[{"name":"log","exitCode":1},{"name":"app","exitCode":0}]}]}`
	if out, _ := s.piped(exitDone, in, "explain", "--json"); !strings.Contains(out, `"container":"log"`) {
		t.Errorf("without a name: %s", out)
	}
	if out, _ := s.piped(exitDone, in, "explain", "--json", "--main-container", "app"); !strings.Contains(out, `"class":"succeeded"`) {
		t.Errorf("with a name: %s", out)
	}
}

func TestExplainLetsTheConfigurationHaveItsSay(t *testing.T) {
	s := newSession(t)
	s.write(good + "stops: [{exitCodes: [1], summary: The picture is corrupt., class: application-error}]\n")
	if out, _ := s.piped(exitDone, sampleOf(t, "application-error"), "explain"); !strings.Contains(out, "The picture is corrupt.") {
		t.Errorf("got %s", out)
	}
	s.write("version: 2\n")
	s.piped(exitProblem, sampleOf(t, "application-error"), "explain")
}

func TestDrillSendsARealisticEvent(t *testing.T) {
	s := newStack(t)
	for _, class := range stop.Names() {
		out, _ := s.run(exitDone, "drill", class, "--json")
		bodies := s.received("LifecycleQueueUrl")
		if len(bodies) != 1 {
			t.Fatalf("%s: %d messages were sent", class, len(bodies))
		}
		e, err := event.Decode([]byte(bodies[0]))
		change, ok := e.(event.TaskChange)
		if err != nil || !ok {
			t.Fatalf("%s: decoded to %T, %v", class, e, err)
		}
		_, ours := event.DrillOf(change.Task.StartedBy, "test")
		if got := stop.Classify(change.Task, stop.Options{}).Class; got != class || !ours || event.AccountOf(change.Task.Cluster) != "000000000000" {
			t.Errorf("the drill of %s is a %s: %+v", class, got, change.Task)
		}
		if !strings.Contains(out, `"stack": "test"`) {
			t.Errorf("answer = %s", out)
		}
	}
	s.run(exitUsage, "drill", "oom")
	if out, _ := s.run(exitDone, "drill", "--list"); strings.Count(out, "\n") != len(stop.Names()) {
		t.Errorf("list = %s", out)
	}
	delete(s.env, "SLIPWAY_LifecycleQueueUrl")
	s.run(exitRefused, "drill")
}

func TestADrillIsWhereTheStackIs(t *testing.T) {
	for url, want := range map[string][2]string{
		"https://sqs.eu-west-3.amazonaws.com/123456789012/q":     {"123456789012", "eu-west-3"},
		"http://127.0.0.1:4566/000000000000/q":                   {"000000000000", "us-east-1"},
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q": {"123456789012", "cn-north-1"},
	} {
		if account, region := (place{"test", url, "us-east-1"}).read(); account != want[0] || region != want[1] {
			t.Errorf("%s is in %s, %s; want %v", url, account, region, want)
		}
	}
}

func TestThereIsASampleOfEveryClass(t *testing.T) {
	files, err := filepath.Glob("../../events/ecs-task-state-change-class-*.json")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "ecs-task-state-change-class-"), ".json"))
	}
	if want := stop.Names(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("samples of %v, want %v", got, want)
	}
}

func TestExplainAsksECSForATask(t *testing.T) {
	s := newSession(t)
	clock := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	e := &fake.ECS{
		Region: "eu-north-1", Account: "111122223333", Now: clock, Providers: []string{"FARGATE"},
		Definition: func(string) (fake.TaskDefinition, error) {
			return fake.TaskDefinition{
				TaskDefinitionArn: "arn:aws:ecs:eu-north-1:111122223333:task-definition/x:1", Family: "x", ContainerDefinitions: []fake.ContainerDefinition{{Name: "main"}},
			}, nil
		},
	}
	started := fake.Tasks{ECS: e}.Run(t.Context(), run.TaskRequest{Decision: run.Decision{Cluster: "work", Definition: "x", Container: "main", Capacity: "EC2"}, Token: strings.Repeat("a", 64)})
	if started.Err != nil || len(started.Tasks) != 1 {
		t.Fatalf("%+v", started)
	}
	arn := started.Tasks[0].ARN
	e.Move(arn, run.StatusRunning)
	e.End(arn, fake.Ended{StopCode: "EssentialContainerExited", Reason: "Essential container in task exited", Exits: map[string]int{"main": 127}})
	door := httptest.NewServer(e.Handler(nil))
	defer door.Close()
	s.env["AWS_ENDPOINT_URL_ECS"] = door.URL
	s.world.connect = func(context.Context, string, string) (aws.Config, error) {
		return aws.Config{Region: "eu-north-1", Credentials: credentials.NewStaticCredentialsProvider("x", "x", "")}, nil
	}
	if out, _ := s.run(exitDone, "explain", arn); !strings.Contains(out, "the command was not found") {
		t.Errorf("got %s", out)
	}
	s.run(exitProblem, "explain", arn[:len(arn)-4]+"0000")
	door.Close()
	s.run(exitRefused, "explain", arn)
}
