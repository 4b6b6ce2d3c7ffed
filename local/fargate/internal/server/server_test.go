package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/emulator"
	"slipway/internal/fake"
	"slipway/local/fargate/internal/runner"
	"slipway/local/fargate/internal/server"
)

const region = "eu-north-1"

// stand is local/fargate in front of a real emulator, and clients of both.
type stand struct {
	t     *testing.T
	base  string
	name  string // of the cluster, the queue and the log group
	queue string
	ecs   *ecs.Client
	logs  *cloudwatchlogs.Client
	sqs   *sqs.Client
	seen  []fake.Event
}

func newStand(t *testing.T, engine string) *stand {
	t.Helper()
	upstream := emulator.Endpoint(t)
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "probe"), "./testdata/task") //nolint:gosec // our own program
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the task: %v\n%s", err, out)
	}
	if engine == "docker" {
		image(t, bin)
	}
	address := freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- server.Run(ctx, server.Options{
			Listen: address, Upstream: upstream, Engine: engine, Bin: bin, Region: region, Key: "test", Secret: "test",
			Start: 100 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	cfg, err := awsconf.New(func(name string) string {
		return map[string]string{"AWS_REGION": region, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{
		t: t, base: "http://" + address, name: "stand" + strings.ReplaceAll(address[strings.Index(address, ":"):], ":", "-"),
		ecs:  ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.BaseEndpoint = aws.String("http://" + address) }),
		logs: cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) { o.BaseEndpoint = &upstream }),
		sqs:  sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &upstream }),
	}
	s.until("the server answers", func() bool { return s.web(http.MethodGet, "/_slipway/health", "") == http.StatusOK })
	s.furnish(eventbridge.NewFromConfig(cfg, func(o *eventbridge.Options) { o.BaseEndpoint = &upstream }))
	return s
}

func image(t *testing.T, bin string) {
	t.Helper()
	file := "FROM scratch\nCOPY probe /probe\nENTRYPOINT [\"/probe\"]\n"
	if err := os.WriteFile(filepath.Join(bin, "Dockerfile"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "docker", "build", "-q", "-t", "slipway/probe:test", bin) //nolint:gosec // our own folder
	build.Env = append(build.Environ(), "DOCKER_BUILDKIT=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the image: %v\n%s", err, out)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// furnish makes what a stack has: a cluster, a task definition, a log group, and a rule that sends events to a queue.
func (s *stand) furnish(rules *eventbridge.Client) {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := s.ecs.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: &s.name, CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"}})
	s.must(err)
	_, err = s.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &s.name})
	s.must(err)
	queue, err := s.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &s.name})
	s.must(err)
	s.queue = *queue.QueueUrl
	attributes, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &s.queue, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	s.must(err)
	pattern := fmt.Sprintf(`{"source":["aws.ecs"],"detail-type":["ECS Task State Change"],"detail":{"lastStatus":["RUNNING","STOPPED"],"clusterArn":[{"suffix":":cluster/%s"}]}}`, s.name)
	_, err = rules.PutRule(ctx, &eventbridge.PutRuleInput{Name: &s.name, EventPattern: &pattern})
	s.must(err)
	_, err = rules.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &s.name, Targets: []ebtypes.Target{{Id: aws.String("queue"), Arn: aws.String(attributes.Attributes["QueueArn"])}}})
	s.must(err)
	s.define("slipway/probe:test")
}

func (s *stand) define(image string) {
	s.t.Helper()
	_, err := s.ecs.RegisterTaskDefinition(s.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &s.name, NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{"FARGATE"},
		Cpu: aws.String("256"), Memory: aws.String("512"), ExecutionRoleArn: aws.String("arn:aws:iam::000000000000:role/start"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("main"), Image: &image, Essential: aws.Bool(true), StopTimeout: aws.Int32(2),
			Environment: []types.KeyValuePair{{Name: aws.String("FROM_DEFINITION"), Value: aws.String("yes")}},
			LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
				"awslogs-group": s.name, "awslogs-region": region, "awslogs-stream-prefix": "task",
			}},
		}},
	})
	s.must(err)
}

func (s *stand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// until waits, long enough for a busy machine: only what hangs fails by it.
func (s *stand) until(what string, done func() bool) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(50 * time.Millisecond) // other processes: there is no clock to pass
	}
}

func (s *stand) input(command ...string) *ecs.RunTaskInput {
	return &ecs.RunTaskInput{
		Cluster: &s.name, TaskDefinition: &s.name, StartedBy: aws.String("slipway/s/r/1"),
		CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 1}},
		NetworkConfiguration:     &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String("main"), Command: command,
			Environment: []types.KeyValuePair{{Name: aws.String("KEY"), Value: aws.String("a b+ü\n%<")}},
		}}},
	}
}

func (s *stand) run(command ...string) string {
	s.t.Helper()
	out, err := s.ecs.RunTask(s.t.Context(), s.input(command...))
	s.must(err)
	if len(out.Tasks) != 1 {
		s.t.Fatalf("RunTask answered %d tasks and %d failures, want one task", len(out.Tasks), len(out.Failures))
	}
	return *out.Tasks[0].TaskArn
}

func (s *stand) describe(arn string) types.Task {
	s.t.Helper()
	out, err := s.ecs.DescribeTasks(s.t.Context(), &ecs.DescribeTasksInput{Cluster: &s.name, Tasks: []string{arn}})
	s.must(err)
	if len(out.Tasks) != 1 {
		s.t.Fatalf("task %s is missing", arn)
	}
	return out.Tasks[0]
}

func (s *stand) reaches(arn, status string) types.Task {
	s.t.Helper()
	s.until(arn+" is "+status, func() bool { return *s.describe(arn).LastStatus == status })
	return s.describe(arn)
}

// event waits for the event that a task has reached a status.
func (s *stand) event(arn, status string) map[string]any {
	s.t.Helper()
	var detail map[string]any
	s.until("an event says that "+arn+" is "+status, func() bool {
		s.receive()
		for _, e := range s.seen {
			detail = nil
			if json.Unmarshal(e.Detail, &detail) == nil && detail["taskArn"] == arn && detail["lastStatus"] == status {
				return true
			}
		}
		return false
	})
	return detail
}

func (s *stand) receive() {
	out, err := s.sqs.ReceiveMessage(s.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &s.queue, MaxNumberOfMessages: 10})
	s.must(err)
	for _, m := range out.Messages {
		var e fake.Event
		s.must(json.Unmarshal([]byte(*m.Body), &e))
		s.seen = append(s.seen, e)
		_, err := s.sqs.DeleteMessage(s.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &s.queue, ReceiptHandle: m.ReceiptHandle})
		s.must(err)
	}
}

func (s *stand) log(arn string) string {
	s.t.Helper()
	stream := "task/main/" + arn[strings.LastIndex(arn, "/")+1:]
	out, err := s.logs.GetLogEvents(s.t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: &s.name, LogStreamName: &stream, StartFromHead: aws.Bool(true)})
	s.must(err)
	var lines []string
	for _, e := range out.Events {
		lines = append(lines, *e.Message)
	}
	return strings.Join(lines, "\n")
}

// says waits for a line of a task. RUNNING is not enough to know that a program minds SIGTERM in its own way: until Go's
// signal.Notify, its runtime ends it with 2.
func (s *stand) says(arn, line string) {
	s.t.Helper()
	s.until(arn+" says "+line, func() bool { return strings.Contains(s.log(arn), line) })
}

func (s *stand) inject(fault string) {
	s.t.Helper()
	if status := s.web(http.MethodPost, "/_slipway/faults", fault); status != http.StatusOK {
		s.t.Fatalf("inject %s: %d", fault, status)
	}
}

// web is the status of a request, zero when there is no answer.
func (s *stand) web(method, path, body string) int {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	s.must(err)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	s.must(res.Body.Close())
	return res.StatusCode
}

func engines(t *testing.T) []string {
	if runner.DockerAnswers(t.Context()) {
		return []string{"process", "docker"}
	}
	return []string{"process"}
}

func TestTasksRunAndTellHowTheyEnded(t *testing.T) {
	for _, engine := range engines(t) {
		t.Run(engine, func(t *testing.T) {
			s := newStand(t, engine)
			t.Run("a task that exits with 3", s.exits)
			t.Run("a task that is stopped", s.stops)
			t.Run("a task that does not listen to SIGTERM", s.kills)
			t.Run("an image that is not there", s.noImage)
			t.Run("a service", s.service)
		})
	}
}

func (s *stand) exits(t *testing.T) {
	arn := s.run("env=KEY", "env=FROM_DEFINITION", "get=${ECS_CONTAINER_METADATA_URI_V4}/task", "exit=3")
	task := s.reaches(arn, "STOPPED")
	if task.StopCode != "EssentialContainerExited" || *task.StoppedReason != "Essential container in task exited" || *task.Containers[0].ExitCode != 3 {
		t.Errorf("stopped = %s %q, exit code %d", task.StopCode, *task.StoppedReason, *task.Containers[0].ExitCode)
	}
	if task.StartedAt == nil || task.StoppedAt == nil || *task.CapacityProviderName != "FARGATE_SPOT" {
		t.Errorf("task = %+v, want the times and the capacity provider", task)
	}
	detail := s.event(arn, "STOPPED")
	if detail["stopCode"] != "EssentialContainerExited" || detail["startedBy"] != "slipway/s/r/1" {
		t.Errorf("detail = %v", detail)
	}
	log := s.log(arn)
	for _, want := range []string{`KEY is "a b+ü\n%<"`, `FROM_DEFINITION is "yes"`, `"TaskARN":"` + arn + `"`, "a last line without an end"} {
		if !strings.Contains(log, want) {
			t.Errorf("log = %s\nwant %q in it", log, want)
		}
	}
}

func (s *stand) stops(t *testing.T) {
	arn := s.run("wait")
	s.reaches(arn, "RUNNING")
	s.event(arn, "RUNNING")
	s.says(arn, "waiting")
	_, err := s.ecs.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: &s.name, Task: &arn, Reason: aws.String("enough")})
	s.must(err)
	task := s.reaches(arn, "STOPPED")
	if task.StopCode != "UserInitiated" || *task.StoppedReason != "enough" || *task.Containers[0].ExitCode != 143 {
		t.Errorf("stopped = %s %q, exit code %d", task.StopCode, *task.StoppedReason, *task.Containers[0].ExitCode)
	}
}

func (s *stand) kills(t *testing.T) {
	arn := s.run("ignore")
	s.reaches(arn, "RUNNING")
	s.says(arn, "ignoring")
	s.inject(`{"kind":"spot-interrupt","task":"` + arn + `"}`)
	if task := s.describe(arn); task.StopCode != "SpotInterruption" || *task.LastStatus != "RUNNING" || *task.DesiredStatus != "STOPPED" {
		t.Errorf("after the notice it is %s, desired %s, %s", *task.LastStatus, *task.DesiredStatus, task.StopCode)
	}
	if task := s.reaches(arn, "STOPPED"); *task.Containers[0].ExitCode != 137 {
		t.Errorf("exit code = %d, want 137", *task.Containers[0].ExitCode)
	}
}

func (s *stand) noImage(t *testing.T) {
	s.define("slipway/nothing:test")
	arn := s.run("exit=0")
	task := s.reaches(arn, "STOPPED")
	if task.StopCode != "TaskFailedToStart" || !strings.HasPrefix(*task.StoppedReason, "CannotPullContainerError: ") || task.Containers[0].ExitCode != nil {
		t.Errorf("stopped = %s %q, exit code %v", task.StopCode, *task.StoppedReason, task.Containers[0].ExitCode)
	}
	s.define("slipway/probe:test")
}

func (s *stand) service(t *testing.T) {
	ctx := t.Context()
	_, err := s.ecs.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(s.name + "-worker"), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{"FARGATE"},
		Cpu: aws.String("256"), Memory: aws.String("512"), ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("main"), Image: aws.String("slipway/probe:test"), Command: []string{"wait"}, StopTimeout: aws.Int32(2),
		}},
	})
	s.must(err)
	in := s.input()
	_, err = s.ecs.CreateService(ctx, &ecs.CreateServiceInput{
		Cluster: &s.name, ServiceName: aws.String("workers"), TaskDefinition: aws.String(s.name + "-worker"), DesiredCount: aws.Int32(2),
		CapacityProviderStrategy: in.CapacityProviderStrategy, NetworkConfiguration: in.NetworkConfiguration,
	})
	s.must(err)
	s.until("two tasks of the service run", func() bool { return s.running() == 2 })
	list, err := s.ecs.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &s.name, ServiceName: aws.String("workers")})
	s.must(err)
	oldest := slices.Sorted(slices.Values(list.TaskArns))[0]
	newest := slices.Sorted(slices.Values(list.TaskArns))[1]
	protected, err := s.ecs.UpdateTaskProtection(ctx, &ecs.UpdateTaskProtectionInput{Cluster: &s.name, Tasks: []string{newest}, ProtectionEnabled: true})
	s.must(err)
	if len(protected.ProtectedTasks) != 1 {
		t.Fatalf("protected = %+v, want the newest task", protected)
	}
	_, err = s.ecs.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &s.name, Service: aws.String("workers"), DesiredCount: aws.Int32(1)})
	s.must(err)
	task := s.reaches(oldest, "STOPPED")
	if task.StopCode != "ServiceSchedulerInitiated" || !strings.HasPrefix(*task.StoppedReason, "Scaling activity initiated by (deployment ecs-svc/") || *task.Group != "service:workers" {
		t.Errorf("stopped = %s %q of %s", task.StopCode, *task.StoppedReason, *task.Group)
	}
	if n := s.running(); n != 1 || *s.describe(newest).LastStatus != "RUNNING" {
		t.Errorf("%d tasks run, want the protected one", n)
	}
}

func (s *stand) running() int {
	s.t.Helper()
	out, err := s.ecs.DescribeServices(s.t.Context(), &ecs.DescribeServicesInput{Cluster: &s.name, Services: []string{"workers"}})
	s.must(err)
	if len(out.Services) != 1 {
		s.t.Fatalf("described %d services, want 1", len(out.Services))
	}
	return int(out.Services[0].RunningCount)
}

func TestCallsAreRefusedOrFailOnRequest(t *testing.T) {
	s := newStand(t, "process")
	t.Run("no network configuration", func(t *testing.T) {
		in := s.input("exit=0")
		in.NetworkConfiguration = nil
		_, err := s.ecs.RunTask(t.Context(), in)
		var refused *types.InvalidParameterException
		if !errors.As(err, &refused) {
			t.Errorf("error = %v, want InvalidParameterException", err)
		}
	})
	t.Run("a cluster that is not there", func(t *testing.T) {
		in := s.input("exit=0")
		in.Cluster = aws.String("nowhere")
		_, err := s.ecs.RunTask(t.Context(), in)
		var refused *types.ClusterNotFoundException
		if !errors.As(err, &refused) {
			t.Errorf("error = %v, want ClusterNotFoundException", err)
		}
	})
	t.Run("no capacity of one provider", func(t *testing.T) {
		s.inject(`{"kind":"no-capacity","provider":"FARGATE_SPOT","calls":1}`)
		out, err := s.ecs.RunTask(t.Context(), s.input("exit=0"))
		s.must(err)
		if len(out.Tasks) != 0 || len(out.Failures) != 1 || out.Failures[0].Arn != nil {
			t.Errorf("answer = %+v, want one failure without an ARN", out)
		}
	})
	t.Run("a lost answer leaves a task", func(t *testing.T) {
		s.inject(`{"kind":"lost","operation":"RunTask","calls":1}`)
		in := s.input("exit=0")
		in.StartedBy, in.ClientToken = aws.String("lost"), aws.String("token")
		_, err := s.ecs.RunTask(t.Context(), in, func(o *ecs.Options) { o.Retryer = aws.NopRetryer{} })
		if err == nil {
			t.Error("the answer came")
		}
		again, err := s.ecs.RunTask(t.Context(), in)
		s.must(err)
		s.reaches(*again.Tasks[0].TaskArn, "STOPPED")
		list, err := s.ecs.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: &s.name, StartedBy: aws.String("lost"), DesiredStatus: "STOPPED"})
		s.must(err)
		if len(list.TaskArns) != 1 {
			t.Errorf("%d tasks, want the one", len(list.TaskArns))
		}
	})
	t.Run("a call of another kind is throttled", func(t *testing.T) {
		s.inject(`{"kind":"throttle","operation":"DescribeServices","for":"1m"}`)
		_, err := s.ecs.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: &s.name, Services: []string{"x"}}, func(o *ecs.Options) { o.Retryer = aws.NopRetryer{} })
		if err == nil || !strings.Contains(err.Error(), "ThrottlingException") {
			t.Errorf("error = %v, want ThrottlingException", err)
		}
	})
}
