package main

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/internal/emulator"
	"slipway/internal/ledger"
	"slipway/internal/orchestrator"
	"slipway/internal/run"
)

const operatedFile = `version: 1
jobs:
  images:
    trigger: {s3: {bucket: "${UploadsBucket}", key: ["incoming/**", "!**/tmp/**"]}}
    task: {cluster: "${ClusterName}", definition: "${ObjectProcessorTask}", capacity: FARGATE}
  import:
    trigger: {schedule: "rate(1 day)"}
    task: {cluster: "${ClusterName}", definition: "${HourlyBatchTask}", capacity: FARGATE}
  report:
    trigger: {schedule: "cron(30 2 * * ? *)"}
    task: {cluster: "${ClusterName}", definition: "${HourlyBatchTask}", capacity: FARGATE}
`

// stackSession is a session with a stack on the emulator, as .local/env describes it.
type stackSession struct {
	*session
	now    time.Time
	cfg    aws.Config
	ledger *ledger.Ledger
	s3     *s3.Client
	sqs    *awssqs.Client
	jobs   []run.Job
}

func newStack(t *testing.T) *stackSession {
	t.Helper()
	cfg, url := emulator.Config(t)
	cfg.BaseEndpoint = url
	table := emulator.Table(t.Context(), t)
	s := &stackSession{
		session: newSession(t), now: time.Now().Add(time.Hour).Truncate(time.Second), cfg: cfg,
		ledger: ledger.New(cfg, url, table),
		s3:     s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
		sqs:    awssqs.NewFromConfig(cfg),
		jobs:   []run.Job{{Name: "images"}, {Name: "import"}, {Name: "report"}},
	}
	s.world.now = func() time.Time { return s.now }
	s.world.connect = func(context.Context, string, string) (aws.Config, error) { return s.cfg, nil }
	s.write(operatedFile)
	s.env["SLIPWAY_STACK"], s.env["SLIPWAY_RunsTableName"] = "test", table
	s.env["SLIPWAY_ClusterName"] = "cluster"
	for _, name := range []string{"LaunchQueueUrl", "LaunchDeadLetterQueueUrl", "LifecycleQueueUrl", "LifecycleDeadLetterQueueUrl"} {
		s.env["SLIPWAY_"+name] = s.queue(name)
	}
	return s
}

// unique is a name for a queue or bucket of the test.
func unique(t *testing.T, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(t.Name()+name))
	return plain[max(0, len(plain)-40):] + strconv.FormatInt(time.Now().UnixNano(), 36)
}

func (s *stackSession) queue(name string) string {
	s.t.Helper()
	out, err := s.sqs.CreateQueue(s.t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String(unique(s.t, name))})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.QueueUrl
}

// uploads makes the bucket of the job images.
func (s *stackSession) uploads(versioned bool) string {
	s.t.Helper()
	name := unique(s.t, "uploads")
	if _, err := s.s3.CreateBucket(s.t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		s.t.Fatal(err)
	}
	if versioned {
		_, err := s.s3.PutBucketVersioning(s.t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.env["SLIPWAY_UploadsBucketName"] = name
	return name
}

// put stores an object and returns what an event would say of it, but for the sequencer.
func (s *stackSession) put(bucket, key, body string) run.Object {
	s.t.Helper()
	out, err := s.s3.PutObject(s.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		s.t.Fatal(err)
	}
	return run.Object{Bucket: bucket, Key: key, VersionID: aws.ToString(out.VersionId), ETag: strings.Trim(*out.ETag, `"`), Size: int64(len(body))}
}

// admit stores a queued run.
func (s *stackSession) admit(w orchestrator.Want) run.Run {
	s.t.Helper()
	o := orchestrator.New(orchestrator.Options{Stack: "test", Jobs: s.jobs, Ledger: s.ledger, Now: s.world.now})
	a := o.Admit(s.t.Context(), []orchestrator.Want{w})[0]
	if a.Err != nil {
		s.t.Fatal(a.Err)
	}
	return s.get(a.ID)
}

// object admits the run of an object.
func (s *stackSession) object(o run.Object) run.Run {
	return s.admit(orchestrator.Want{Job: "images", Trigger: run.ByObject, Input: run.Input{Object: &o}})
}

func (s *stackSession) get(id run.ID) run.Run {
	s.t.Helper()
	r, err := s.ledger.Run(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// save stores what became of a run.
func (s *stackSession) save(from, to run.Run) run.Run {
	s.t.Helper()
	w := run.Write{Job: from.Job, Changes: []run.Change{run.ChangeOf(from, to)}}
	if err := s.ledger.Write(s.t.Context(), w); err != nil {
		s.t.Fatal(err)
	}
	return s.get(from.ID)
}

// claimed brings a run into the state starting, with a task.
func (s *stackSession) claimed(r run.Run) run.Run {
	s.t.Helper()
	d := run.Decision{Cluster: "cluster", Definition: "images:3", Container: "main", Capacity: "FARGATE", Environment: []run.EnvVar{
		{Name: "PASSWORD", Value: "hunter2"},
		{Name: "S3_KEY", Value: "incoming/a"},
		{Name: "SLIPWAY_RUN_ID", Value: string(r.ID)},
		{Name: "_X_AMZN_TRACE_ID", Value: "Root=1-a-b;Sampled=1"},
	}}
	n, err := r.Claim(d, false, s.now)
	if err == nil {
		n, err = n.Accept(run.Task{ARN: "arn:aws:ecs:us-east-1:0:task/cluster/1", LastStatus: run.StatusRunning, StartedAt: s.now}, s.now)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s.save(r, n)
}

// failed ends a run with exit code 1.
func (s *stackSession) failed(r run.Run) run.Run {
	s.t.Helper()
	code := 1
	r = s.claimed(r)
	n, err := r.End(run.Outcome{Class: "application-error", ExitCode: &code, Summary: "The container ended with exit code 1."}, s.now, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.save(r, n)
}

func (s *stackSession) received(queue string) []string {
	s.t.Helper()
	url := s.env["SLIPWAY_"+queue]
	in := &awssqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, VisibilityTimeout: 2, MessageAttributeNames: []string{"All"}}
	out, err := s.sqs.ReceiveMessage(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	var bodies []string
	for _, m := range out.Messages {
		if len(m.MessageAttributes) > 0 {
			s.t.Errorf("message has attributes %v", m.MessageAttributes)
		}
		bodies = append(bodies, *m.Body)
		if _, err := s.sqs.DeleteMessage(s.t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			s.t.Fatal(err)
		}
	}
	return bodies
}
