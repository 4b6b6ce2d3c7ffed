package functions_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/config/compile"
	"slipway/internal/emulator"
	"slipway/internal/fake"
	"slipway/internal/ledger"
	"slipway/internal/run"
	"slipway/internal/stop"
)

var folders = []string{"s3-trigger", "scheduler", "sqs-scaler", "lifecycle-notifier"}

// build builds the real bootstraps as the Makefile does, with the configuration that ships beside them.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("../slipway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	conf, problems := compile.Compile(text)
	if len(problems) > 0 {
		t.Fatalf("compile slipway.yaml: %v", problems)
	}
	compiled, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w", //nolint:gosec // our own folders
			"-o", filepath.Join(dir, folder, "bootstrap"), "./"+folder)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build functions/%s: %v\n%s", folder, err, out)
		}
		if err := os.WriteFile(filepath.Join(dir, folder, "slipway.json"), compiled, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// cloud is everything of AWS that the functions see: the emulator, and ECS in memory.
type cloud struct {
	env    map[string]string
	ecs    *fake.ECS
	ledger *ledger.Ledger
	queues *sqs.Client
	url    map[string]string // of the queues, by name

	mu     sync.Mutex // protects following field
	events []fake.Event
}

const sender = "slipway@example.com"

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{url: map[string]string{}}
	definition := func(family string) fake.TaskDefinition {
		return fake.TaskDefinition{
			TaskDefinitionArn: "arn:aws:ecs:us-east-1:111122223333:task-definition/" + family + ":1", Family: family, Status: "ACTIVE",
			NetworkMode: "awsvpc", CPU: "256", Memory: "512", RequiresCompatibilities: []string{"FARGATE"},
			ContainerDefinitions: []fake.ContainerDefinition{{Name: "main", Image: family + ":1"}},
		}
	}
	object, hourly, worker := definition("object"), definition("hourly"), definition("worker")
	c.ecs = &fake.ECS{
		Region: "us-east-1", Account: "111122223333", Now: time.Now, Providers: []string{"FARGATE", "FARGATE_SPOT"},
		Clusters: []string{"example-cluster"}, Definition: fake.Definitions(object, hourly, worker), Emit: c.emit,
	}
	c.ecs.PutService(fake.Service{Cluster: "example-cluster", Name: "example-worker", Definition: worker})
	door := httptest.NewServer(c.ecs.Handler(nil))
	t.Cleanup(door.Close)
	cfg, endpoint := emulator.Config(t)
	table := emulator.Table(t.Context(), t)
	c.ledger = ledger.New(cfg, endpoint, table)
	c.queues = sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = endpoint })
	c.makeQueues(t, "launch", "launch-dead", "lifecycle-dead", "work")
	mail := sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.BaseEndpoint = endpoint })
	if _, err := mail.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(sender)}); err != nil {
		t.Fatal(err)
	}
	values, err := json.Marshal(map[string]string{
		"ClusterName": "example-cluster", "BatchBucket": "example-batches", "UploadsBucket": "example-uploads", "ResultsBucket": "example-results",
		"ObjectProcessorLogs": "object-logs", "HourlyBatchLogs": "hourly-logs", "QueueWorkerLogs": "worker-logs",
		"ObjectProcessorTask": object.TaskDefinitionArn, "HourlyBatchTask": hourly.TaskDefinitionArn, "QueueWorkerTask": worker.TaskDefinitionArn,
		"WorkQueueUrl": c.url["work"], "WorkerService": "example-worker", "NotificationEmail": "night@example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	getenv := emulator.Environment(t)
	c.env = map[string]string{
		"SLIPWAY_STACK": "example", "SLIPWAY_TABLE": table, "SLIPWAY_VALUES": string(values), "SLIPWAY_SUBNETS": "subnet-1", "SLIPWAY_PUBLIC_IP": "DISABLED",
		"SLIPWAY_BATCH_BUCKET":     "example-batches",
		"SLIPWAY_LAUNCH_QUEUE_URL": c.url["launch"], "SLIPWAY_LAUNCH_DEAD_LETTER_QUEUE_URL": c.url["launch-dead"],
		"SLIPWAY_LIFECYCLE_DEAD_LETTER_QUEUE_URL": c.url["lifecycle-dead"], "SLIPWAY_MAX_RECEIVES": "5",
		"SLIPWAY_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:missing", "SLIPWAY_SENDER": sender,
		"AWS_ENDPOINT_URL": *awsconf.Endpoint(getenv, "SQS"), "AWS_ENDPOINT_URL_ECS": door.URL, "SSL_CERT_DIR": "/nonexistent",
		"AWS_REGION": getenv("AWS_REGION"), "AWS_ACCESS_KEY_ID": getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY": getenv("AWS_SECRET_ACCESS_KEY"),
	}
	return c
}

func (c *cloud) makeQueues(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		out, err := c.queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(t.Name() + "-" + name)})
		if err != nil {
			t.Fatal(err)
		}
		c.url[name] = *out.QueueUrl
	}
}

func (c *cloud) emit(e fake.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
}

// stopped is the newest event about a task that has STOPPED.
func (c *cloud) stopped(t *testing.T) []byte {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.events) - 1; i >= 0; i-- {
		text, err := json.Marshal(c.events[i])
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"lastStatus":"STOPPED"`) {
			return text
		}
	}
	t.Fatal("no task has stopped")
	return nil
}

// letters are the reasons of the dead letters in a queue.
func (c *cloud) letters(t *testing.T, queue string) []string {
	t.Helper()
	url := c.url[queue]
	out, err := c.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, m := range out.Messages {
		reasons = append(reasons, aws.ToString(m.MessageAttributes["Reason"].StringValue))
	}
	return reasons
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "events", name+".json")) //nolint:gosec // our own files
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// step is one invocation with a sample, and the answer as a regular expression.
type step struct{ event, answer string }

const (
	allDone  = `{"batchItemFailures":\[\]}`
	observed = `{"observed":1,"ignored":0}`
)

func oneRun(result string) string {
	return `{"runs":\[{"id":"objects-[a-z2-7]{26}","job":"objects","result":"` + result + `"}\],"ignored":0}`
}

// steps are all invocations, in order. Every sample is sent to the function that it is for.
var steps = map[string][]step{
	"s3-trigger": {
		{"eventbridge-object-created", oneRun("started")},
		{"s3-object-created", oneRun("duplicate")},
		{"s3-test-event", `{"runs":\[\],"ignored":1}`},
		{"sqs-eventbridge-object-created", allDone},
		{"sqs-s3-object-created", allDone},
		{"sqs-sns-s3-object-created", allDone},
		{"sqs-object-created-batch-one-bad", allDone},
		{"sqs-launch-queued", allDone},
	},
	"scheduler":  {{"scheduler-tick", `{"admitted":0,"missed":0,"reconciled":\d+}`}},
	"sqs-scaler": {{"scheduler-tick", `{"scalers":\[{"name":"work","desired":1,"reason":"backlog","looks":1,"changes":1}\]}`}},
	"lifecycle-notifier": append(ofEveryClass(), []step{
		{"ecs-task-state-change-running", observed},
		{"ecs-task-state-change-stopped-exit0", observed},
		{"ecs-task-state-change-stopped-exit1", observed},
		{"ecs-task-state-change-stopped-exit1-service", observed},
		{"ecs-task-state-change-spot-notice", observed},
		{"ecs-service-action-steady-state", observed},
		{"ecs-service-action-task-placement-failure", observed},
		{"ecs-deployment-state-change-completed", observed},
		{"ecs-deployment-state-change-failed", observed},
		{"sqs-ecs-task-state-change-running", allDone},
		{"sqs-ecs-task-state-change-stopped-exit0", allDone},
		{"sqs-ecs-task-state-change-stopped-exit1", allDone},
		{"sqs-ecs-task-state-change-batch-one-bad", allDone},
		{"sqs-ecs-service-action-steady-state", allDone},
		{"sqs-ecs-deployment-state-change-failed", allDone},
		{"scheduler-tick", `{"observed":0,"ignored":0,"flushed":true}`},
	}...),
}

// ofEveryClass are the samples of tasks that stopped with each class of outcome.
func ofEveryClass() []step {
	var out []step
	for _, class := range stop.Names() {
		out = append(out, step{"ecs-task-state-change-class-" + class, observed})
	}
	return out
}

// timeout is how long each function may take. The scaler looks once in so little time.
var timeout = map[string]time.Duration{"s3-trigger": 30 * time.Second, "scheduler": 30 * time.Second, "sqs-scaler": 7 * time.Second, "lifecycle-notifier": 30 * time.Second}

func TestEverySampleIsSentToAFunction(t *testing.T) {
	sent := map[string]bool{}
	for _, list := range steps {
		for _, s := range list {
			sent[s.event] = true
		}
	}
	files, err := filepath.Glob("../events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".json"); !sent[name] {
			t.Errorf("events/%s.json is sent to no function", name)
		}
	}
}

func TestTheRealBootstraps(t *testing.T) {
	c := newCloud(t)
	dir := build(t)
	for i := range 15 {
		in := &sqs.SendMessageInput{QueueUrl: aws.String(c.url["work"]), MessageBody: aws.String(fmt.Sprint(i))}
		if _, err := c.queues.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	running := map[string]*lambda{}
	for _, folder := range folders {
		running[folder] = start(t, filepath.Join(dir, folder, "bootstrap"), c.env)
		for _, s := range steps[folder] {
			t.Run(folder+"/"+s.event, func(t *testing.T) {
				got := running[folder].invoke(t, sample(t, s.event), timeout[folder])
				if matched, err := regexp.MatchString("^"+s.answer+"$", got.body); got.failed || err != nil || !matched {
					t.Errorf("answer = %s, want %s; the log:\n%s", got.body, s.answer, running[folder].log)
				}
			})
		}
	}
	if n := len(c.ecs.All()); n != 10 {
		t.Errorf("%d tasks were started, want 10: one for the object of every envelope, nine for the batch", n)
	}
	if s, _ := c.ecs.Service("example-cluster", "example-worker"); s.Desired != 1 {
		t.Errorf("the service's desired count = %d, want 1", s.Desired)
	}
	for queue, want := range map[string]string{"launch-dead": "missing-key", "lifecycle-dead": "missing-task"} {
		if got := c.letters(t, queue); len(got) != 1 || got[0] != want {
			t.Errorf("reasons in %s = %q, want one %s", queue, got, want)
		}
	}
	t.Run("a payload of no meaning fails a tick", func(t *testing.T) {
		if got := running["scheduler"].invoke(t, []byte(`[]`), timeout["scheduler"]); !got.failed || !strings.Contains(got.body, "not a tick") {
			t.Errorf("answer = %+v, want an error", got)
		}
	})
	t.Run("a failed task becomes a failed run and a mail", func(t *testing.T) { failATask(t, c, running["lifecycle-notifier"]) })
}

// failATask stops a task of a run with exit code 1 and expects the notifier to settle the run and to send one mail,
// however often the event comes.
func failATask(t *testing.T, c *cloud, notifier *lambda) {
	task := c.ecs.All()[0]
	_, id, _, _ := run.ParseStartedBy(task.StartedBy)
	c.ecs.Move(task.TaskArn, run.StatusRunning)
	c.ecs.End(task.TaskArn, fake.Ended{StopCode: "EssentialContainerExited", Reason: "Essential container in task exited", Exits: map[string]int{"main": 1}})
	for range 3 {
		if got := notifier.invoke(t, c.stopped(t), timeout["lifecycle-notifier"]); got.failed {
			t.Fatalf("answer = %s; the log:\n%s", got.body, notifier.log)
		}
	}
	r, err := c.ledger.Run(t.Context(), id)
	if err != nil || r.State != run.Failed || len(r.Owed) != 0 {
		t.Errorf("run = %s owing %v, %v; want it failed and nothing owed", r.State, r.Owed, err)
	}
	if n := mailsAbout(t, string(id)); n != 1 {
		t.Errorf("the inbox has %d mails about run %s, want 1", n, id)
	}
}

// mailsAbout counts the mails in the emulator's inbox that name the run.
func mailsAbout(t *testing.T, id string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, emulator.Endpoint(t)+"/_ministack/ses/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var inbox struct {
		Messages map[string][]struct{ BodyText string }
	}
	if err := json.NewDecoder(response.Body).Decode(&inbox); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, mails := range inbox.Messages {
		for _, m := range mails {
			if strings.Contains(m.BodyText, id) {
				n++
			}
		}
	}
	return n
}

func TestABootstrapThatIsNotConfiguredSaysEverythingThatIsMissing(t *testing.T) {
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", dir+"/bootstrap", "./s3-trigger") //nolint:gosec // our own folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "bootstrap")) //nolint:gosec // built above
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatal("it started")
	}
	for _, name := range []string{"SLIPWAY_STACK", "SLIPWAY_TABLE", "SLIPWAY_VALUES", "SLIPWAY_MAX_RECEIVES", "AWS_REGION"} {
		if !strings.Contains(string(out), name) {
			t.Errorf("the log does not name %s: %s", name, out)
		}
	}
}
