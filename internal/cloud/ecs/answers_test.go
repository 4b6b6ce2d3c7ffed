package ecs_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slipway/internal/fake"
	"slipway/internal/launch"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

var update = flag.Bool("update", false, "write the golden files anew")

// answer is one answer of RunTask and what it means. Name is how the reference calls it.
type answer struct {
	name   string
	fault  fake.Fault
	before func(context.Context, *fake.ECS) // what has happened; nil: nothing
	action launch.Action
	reason string
	zonal  bool
	tasks  int // how many tasks there are afterwards
}

// section is a part of the reference.
type section struct {
	title string
	rows  []answer
}

func refusal(code string, action launch.Action, reason string) answer {
	return message(code, "because", action, reason)
}

// message is a refusal that its message tells apart from others with its code.
func message(code, text string, action launch.Action, reason string) answer {
	name := "`" + code + "`"
	if text != "because" {
		name += ": " + text
	}
	return answer{name: name, fault: fake.Fault{Error: &fake.ECSError{Code: code, Message: text, Status: 400}}, action: action, reason: reason}
}

func failure(reason string, action launch.Action, word string) answer {
	name := "`" + reason + "`"
	if reason == "" {
		name = "an empty reason, as in the replay of a failure that is over an hour old"
	}
	return answer{name: name, fault: fake.Fault{Failures: []fake.Failure{{Reason: reason}}}, action: action, reason: word}
}

func status(name string, code int, body string) answer {
	return answer{name: name, fault: fake.Fault{Error: &fake.ECSError{Status: code, Body: body}}, action: launch.Repeat, reason: "ecs-unavailable"}
}

// The texts of quotas and capacity, as ECS writes them.
const (
	noRoom  = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
	noVCPUs = "You've reached the limit on the number of vCPUs you can run concurrently"
	noTasks = "You've reached the limit on the number of tasks you can run concurrently"
	page    = "<html><body><h1>Bad Gateway</h1></body></html>"
)

// answers is every answer of RunTask that is documented or was seen.
func answers() []section {
	return []section{
		{"A task", withTask()},
		{"`failures[]`", withFailures()},
		{"Exceptions of RunTask", exceptions()},
		{"Exceptions that their message tells apart", messages()},
		{"Throttling", throttled()},
		{"Credentials, and what every service of AWS may answer", common()},
		{"No answer, or none of ECS", unanswered()},
	}
}

func withTask() []answer {
	start := func(ctx context.Context, f *fake.ECS) { fake.Tasks{ECS: f}.Run(ctx, request(nil)) }
	conflict := answer{
		name:   "`ConflictException` with `resourceIds`: the token is bound to these tasks",
		fault:  fake.Fault{Error: &fake.ECSError{Code: "ConflictException", Message: "x", ResourceIDs: []string{"arn:task"}, Status: 400}},
		action: launch.Accepted, reason: "started-before",
	}
	return []answer{
		{name: "a task", action: launch.Accepted, reason: "accepted", tasks: 1},
		{name: "a task again, since the token is bound to it", before: start, action: launch.Accepted, reason: "accepted", tasks: 1},
		{
			name: "a stopped task again, with its ARN and statuses alone", action: launch.Accepted, reason: "accepted", tasks: 1,
			before: func(ctx context.Context, f *fake.ECS) {
				start(ctx, f)
				f.End(f.All()[0].TaskArn, fake.Ended{Exits: map[string]int{"main": 0}})
			},
		},
		conflict,
	}
}

func withFailures() []answer {
	capacity := failure(noRoom, launch.NextUp, "capacity-unavailable")
	capacity.zonal = true
	unknown := failure("SOMETHING NEW", launch.NextUp, "placement-failed")
	unknown.name = "a reason that is not in this list"
	list := []answer{capacity}
	for _, resource := range []string{"CPU", "MEMORY", "PORTS", "ENI", "GPU", "FARGATE"} {
		list = append(list, failure("RESOURCE:"+resource, launch.NextUp, "capacity-unavailable"))
	}
	for _, text := range []string{"RESOURCE:CPU", "EMPTY CAPACITY PROVIDER", "NO ACTIVE INSTANCES"} {
		list = append(list, failure("TaskFailedToStart: "+text, launch.NextUp, "capacity-unavailable"))
	}
	return append(
		list,
		failure("AGENT", launch.NextUp, "agent-disconnected"),
		failure("TaskFailedToStart: AGENT", launch.NextUp, "agent-disconnected"),
		failure("LOCATION", launch.Give, "location"),
		failure("ATTRIBUTE", launch.Give, "attribute-missing"),
		failure("TaskFailedToStart: ATTRIBUTE", launch.Give, "attribute-missing"),
		failure("TaskFailedToStart: MemberOf placement constraint unsatisfied.", launch.Give, "placement-constraint"),
		failure(noVCPUs, launch.Later, "quota"),
		failure(noTasks, launch.Later, "quota"),
		failure("Rate exceeded", launch.Later, "throttled"),
		unknown,
		failure("", launch.Later, "placement-failed"),
	)
}

func exceptions() []answer {
	return []answer{
		refusal("AccessDeniedException", launch.Give, "access-denied"),
		refusal("BlockedException", launch.Give, "account-blocked"),
		refusal("ClientException", launch.Give, "client-error"),
		refusal("ClusterNotFoundException", launch.Give, "cluster-not-found"),
		message("ConflictException", "without `resourceIds`", launch.Look, "token-in-use"),
		refusal("InvalidParameterException", launch.Give, "invalid-parameter"),
		refusal("PlatformTaskDefinitionIncompatibilityException", launch.Give, "platform-incompatible"),
		refusal("PlatformUnknownException", launch.Give, "platform-unknown"),
		refusal("ServerException", launch.Repeat, "ecs-unavailable"),
		refusal("UnsupportedFeatureException", launch.Give, "unsupported-feature"),
	}
}

func messages() []answer {
	capacity := message("ClientException", noRoom, launch.NextUp, "capacity-unavailable")
	capacity.zonal = true
	return []answer{
		capacity,
		message("ClientException", noVCPUs, launch.Later, "quota"),
		message("InvalidParameterException", noTasks, launch.Later, "quota"),
		message("ClientException", "Tasks provisioning capacity limit exceeded.", launch.Later, "quota"),
		message("ClientException", "The maximum number of tasks in the PROVISIONING state per cluster is reached", launch.Later, "quota"),
		message("ClientException", "The requested CPU configuration is above your limit. Increase the limit and try again", launch.Give, "above-quota"),
		message("ClientException", "TaskDefinition is inactive", launch.Later, "definition-inactive"),
		message("InvalidParameterException", "No Container Instances were found in your cluster.", launch.NextUp, "capacity-unavailable"),
		message("InvalidParameterException", "Unable to assume the service linked role. Please verify that the ECS service linked role exists.", launch.Later, "role-not-ready"),
		message("ClientException", "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/task' that was provided for this task.", launch.Later, "role-not-ready"),
		message("InvalidParameterException", "Error retrieving subnet information for [subnet-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)", launch.Throttled, "throttled"),
		message("ClientException", "Rate exceeded", launch.Throttled, "throttled"),
	}
}

func throttled() []answer {
	var list []answer
	for _, code := range []string{
		"ThrottlingException", "Throttling", "ThrottledException", "RequestThrottled", "RequestThrottledException",
		"TooManyRequestsException", "RequestLimitExceeded", "EC2ThrottledException", "SlowDown", "BandwidthLimitExceeded", "PriorRequestNotComplete",
	} {
		list = append(list, refusal(code, launch.Throttled, "throttled"))
	}
	unavailable := refusal("ThrottlingException", launch.Throttled, "throttled")
	unavailable.name += " with status 503"
	unavailable.fault.Error.Status = http.StatusServiceUnavailable
	plain := status("status 429 without an exception", http.StatusTooManyRequests, page)
	plain.action, plain.reason = launch.Throttled, "throttled"
	return append(list, unavailable, plain)
}

func common() []answer {
	var list []answer
	for _, code := range []string{
		"ExpiredTokenException", "ExpiredToken", "RequestExpired", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
		"SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
	} {
		list = append(list, refusal(code, launch.Later, "credentials"))
	}
	unknown := refusal("SomeNewException", launch.Later, "unknown-error")
	unknown.name = "an exception that is not in this list"
	return append(
		list,
		refusal("AccessDenied", launch.Give, "access-denied"),
		refusal("NotAuthorized", launch.Give, "access-denied"),
		refusal("OptInRequired", launch.Give, "account-blocked"),
		refusal("LimitExceededException", launch.Later, "quota"),
		refusal("RequestEntityTooLargeException", launch.Give, "invalid-parameter"),
		refusal("SerializationException", launch.Give, "invalid-parameter"),
		refusal("ValidationError", launch.Give, "invalid-parameter"),
		refusal("ValidationException", launch.Give, "invalid-parameter"),
		refusal("UnknownOperationException", launch.Give, "unsupported-feature"),
		refusal("RequestAbortedException", launch.Repeat, "ecs-unavailable"),
		refusal("RequestTimeout", launch.Repeat, "ecs-unavailable"),
		refusal("RequestTimeoutException", launch.Repeat, "ecs-unavailable"),
		refusal("InternalFailure", launch.Repeat, "ecs-unavailable"),
		refusal("InternalServerError", launch.Repeat, "ecs-unavailable"),
		refusal("ServiceUnavailable", launch.Repeat, "ecs-unavailable"),
		refusal("ServiceUnavailableException", launch.Repeat, "ecs-unavailable"),
		unknown,
	)
}

func unanswered() []answer {
	server := refusal("ServerException", launch.Repeat, "ecs-unavailable")
	server.name += " with status 500"
	server.fault.Error.Status = http.StatusInternalServerError
	reset := status("the connection is reset before the effect", 0, "")
	after := status("the connection is reset after the effect", 0, "")
	after.fault.Afterwards, after.tasks = true, 1
	cut := status("status 200 with a body that is not JSON, after the effect", http.StatusOK, page)
	cut.fault.Afterwards, cut.tasks = true, 1
	return []answer{
		server,
		status("status 500 without an exception", http.StatusInternalServerError, "{}"),
		status("status 502 with a page of HTML", http.StatusBadGateway, page),
		status("status 503 with a page of HTML", http.StatusServiceUnavailable, page),
		status("status 403 with a page of HTML, as of a proxy", http.StatusForbidden, page),
		status("status 400 without an exception", http.StatusBadRequest, "{}"),
		reset, after, cut,
		{name: "status 200 with neither a task nor a failure", fault: fake.Fault{Empty: true}, action: launch.Repeat, reason: "empty-answer", tasks: 1},
	}
}

// doors are the ways to ask a fake ECS.
func doors(t *testing.T) map[string]func(*fake.ECS) orchestrator.Tasks {
	return map[string]func(*fake.ECS) orchestrator.Tasks{
		"in memory": func(f *fake.ECS) orchestrator.Tasks { return fake.Tasks{ECS: f} },
		"over HTTP": func(f *fake.ECS) orchestrator.Tasks { return adapter(t, f) },
	}
}

// TestEveryAnswerIsDecidedOnPurpose holds both doors to the table. Whatever was answered, the same request asked again
// finds at most the one task.
func TestEveryAnswerIsDecidedOnPurpose(t *testing.T) {
	for _, section := range answers() {
		for _, row := range section.rows {
			for door, open := range doors(t) {
				t.Run(door+": "+row.name, func(t *testing.T) { row.check(t, open) })
			}
		}
	}
}

func (a answer) check(t *testing.T, open func(*fake.ECS) orchestrator.Tasks) {
	f := newFake()
	if a.before != nil {
		a.before(t.Context(), f)
	}
	var faulty atomic.Bool // a server may still be at the call whose connection was reset
	faulty.Store(a.fault.Error != nil || a.fault.Failures != nil || a.fault.Empty)
	f.Fault = func(string) *fake.Fault {
		if !faulty.Load() {
			return nil
		}
		return &a.fault
	}
	tasks := open(f)
	v := launch.Judge(tasks.Run(t.Context(), request(nil)))
	if v.Action != a.action || v.Reason != a.reason || v.Zonal != a.zonal {
		t.Errorf("verdict = %s (%s, zonal %t) of %q, want %s (%s, zonal %t)", v.Action, v.Reason, v.Zonal, v.Detail, a.action, a.reason, a.zonal)
	}
	if n := len(f.All()); n != a.tasks {
		t.Errorf("there are %d tasks, want %d", n, a.tasks)
	}
	if v.Action != launch.Repeat && v.Action != launch.Throttled {
		return
	}
	faulty.Store(false)
	again := launch.Judge(tasks.Run(t.Context(), request(nil)))
	if n := len(f.All()); again.Action != launch.Accepted || n != 1 {
		t.Errorf("asked again with the same token: %s, and %d tasks, want the one", again.Action, n)
	}
}

func TestATimeoutIsNoAnswer(t *testing.T) {
	for door, open := range map[string]func(*testing.T, *fake.ECS) orchestrator.Tasks{
		"over HTTP": func(t *testing.T, f *fake.ECS) orchestrator.Tasks {
			handler := f.Handler(nil)
			return openAt(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				handler.ServeHTTP(httptest.NewRecorder(), r) // the effect takes place
				<-r.Context().Done()
			}))
		},
		"in memory": func(_ *testing.T, f *fake.ECS) orchestrator.Tasks {
			f.Fault = func(string) *fake.Fault {
				return &fake.Fault{Error: &fake.ECSError{Message: "timeout"}, Afterwards: true}
			}
			return fake.Tasks{ECS: f}
		},
	} {
		t.Run(door, func(t *testing.T) {
			f := newFake()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			v := launch.Judge(open(t, f).Run(ctx, request(nil)))
			if v.Action != launch.Repeat || v.Reason != "ecs-unavailable" || len(f.All()) != 1 {
				t.Errorf("verdict = %s (%s) with %d tasks, want to repeat for the one", v.Action, v.Reason, len(f.All()))
			}
		})
	}
}

// TestATaskMayBeMissingJustAfterRunTask holds both doors to what the page says of it.
func TestATaskMayBeMissingJustAfterRunTask(t *testing.T) {
	for door, open := range doors(t) {
		t.Run(door, func(t *testing.T) {
			f := newFake()
			tasks := open(f)
			arn := tasks.Run(t.Context(), request(nil)).Tasks[0].ARN
			if err := f.Inject(fake.Injection{Kind: "missing", Calls: 2}); err != nil {
				t.Fatal(err)
			}
			found, missing, err := tasks.Describe(t.Context(), "work", []string{arn})
			if err != nil || len(found) != 0 || len(missing) != 1 || missing[0] != arn {
				t.Errorf("described %v, missing %v, %v; want it missing", found, missing, err)
			}
			if arns, err := tasks.StartedBy(t.Context(), "work", request(nil).StartedBy); err != nil || len(arns) != 0 {
				t.Errorf("listed %v, %v, want nothing", arns, err)
			}
			found, missing, err = tasks.Describe(t.Context(), "work", []string{arn})
			if err != nil || len(found) != 1 || len(missing) != 0 {
				t.Errorf("then described %v, missing %v, %v; want it found", found, missing, err)
			}
		})
	}
}

// TestAMissingTaskIsNotGivenUpAtOnce lets ECS forget a task for the first minutes, and the run goes on with it.
func TestAMissingTaskIsNotGivenUpAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ledger := newFake(), &fake.Ledger{}
		f.Now = time.Now
		job := run.Job{
			Name: "images", Trigger: run.JobTrigger{S3: &run.S3Trigger{Bucket: "b"}},
			Task: run.TaskSpec{Cluster: "work", Definition: "processor", Capacity: []string{"FARGATE"}, Subnets: []string{"subnet-1"}},
		}
		o := orchestrator.New(orchestrator.Options{Stack: "s", Jobs: []run.Job{job}, Ledger: ledger, Tasks: fake.Tasks{ECS: f}})
		object := run.Input{Object: &run.Object{Bucket: "b", Key: "k", VersionID: "1"}}
		o.Admit(t.Context(), []orchestrator.Want{{Job: "images", Trigger: run.ByObject, Input: object}})
		if err := f.Inject(fake.Injection{Kind: "missing", For: fake.Span(run.MissingAfter - time.Minute)}); err != nil {
			t.Fatal(err)
		}
		for range 2 * run.MissingAfter / time.Minute {
			time.Sleep(time.Minute)
			if _, err := o.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		runs := ledger.All()
		if len(runs) != 1 || runs[0].State != run.Starting || runs[0].TaskARN == "" || len(f.All()) != 1 {
			t.Errorf("runs = %+v with %d tasks, want the one, still active", runs, len(f.All()))
		}
	})
}

// does says what Slipway does about an action.
var does = map[launch.Action]string{
	launch.Accepted:  "records the task",
	launch.Repeat:    "asks again with the same token",
	launch.Throttled: "asks again with the same token, more slowly",
	launch.NextUp:    "launches anew with the next capacity",
	launch.Later:     "launches anew with the same capacity, later",
	launch.Look:      "looks for the task before anything else",
	launch.Give:      "ends the run and tells of it",
}

const preface = `<!-- Generated from internal/cloud/ecs/answers_test.go; renew it with: go test ./internal/cloud/ecs -run Reference -update -->

# What ECS answers to RunTask, and what Slipway does

Every launch has a token that is made from the run, its attempt and the number of the launch. ECS starts at most one
task for a token. So there are two ways to go on, and the answer decides which one is safe:

- **Ask again with the same token** when nobody knows what the call did. If there is a task, ECS answers with it.
  After a few times the run waits: two minutes later a tick looks for its task, and only then launches anew.
- **Launch anew**, with another token, when ECS has said that there is no task. ECS keeps failures under their token,
  too: with the same token it would tell them again.

A launch that waits is tried again after seconds, then minutes, until the job's ` + "`startWithin`" + ` has passed. The reason is
the word in the history of the run, in logs and in metrics.

`

func reference() []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	for _, section := range answers() {
		fmt.Fprintf(&b, "## %s\n\n| ECS answers | Slipway | reason |\n|---|---|---|\n", section.title)
		for _, row := range section.rows {
			what := does[row.action]
			if row.zonal {
				what = "launches anew in one subnet after the other, then with the next capacity"
			}
			fmt.Fprintf(&b, "| %s | %s | `%s` |\n", row.name, what, row.reason)
		}
		b.WriteString("\n")
	}
	b.WriteString("A timeout is no answer, and means the same as a connection that is reset.\n\n## DescribeTasks just after RunTask\n\n")
	fmt.Fprintf(&b, "ECS may call a task `MISSING` that it has just started. Slipway believes it when two looks say so, and %d minutes\nafter RunTask at the soonest: then the run ends with the reason `task-missing`, or is tried again if the job's\n`retry` says so.\n\n", int(run.MissingAfter.Minutes()))
	b.WriteString("Sources: [RunTask](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html), [API failure\nreasons](https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html), [common\nerrors](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html), [idempotency](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html), [Fargate's\ncapacity](https://repost.aws/knowledge-center/ecs-fargate-capacity-unavailable).\n")
	return b.Bytes()
}

func TestTheReferenceSaysWhatTheTableSays(t *testing.T) {
	const path = "../../../docs/reference/runtask-answers.md"
	if *update {
		if err := os.WriteFile(path, reference(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := reference(); !bytes.Equal(got, want) {
		t.Errorf("docs/reference/runtask-answers.md is stale: run go test ./internal/cloud/ecs -run Reference -update")
	}
	if strings.Contains(string(got), "|  |") {
		t.Error("an action has no words")
	}
}
