package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/local/internal/stack"
)

// patient is the stack of the test, with the program that examines it.
type patient struct {
	world
	program string
	config  string
}

// theDoctor examines the stack before anything has happened to it, plants one fault after the other, and takes each back.
func theDoctor(t *testing.T, w world) {
	p := patient{w, filepath.Join(t.TempDir(), "slipway"), w.options.Config + "/slipway.yaml"}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.program, "./cmd/slipway") //nolint:gosec // our own program
	build.Dir = w.options.Root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the command line: %v\n%s", err, out)
	}
	p.finds(t)
	for _, fault := range []struct {
		kind        string
		plant, undo func(*testing.T, patient)
	}{
		{"subnet-way", disconnect, connect},
		{"ses-identity", forbidSender, allowSender},
		{"provider-missing", providers("FARGATE"), providers("FARGATE", "FARGATE_SPOT")},
		{"dead-letters", leaveWork, purgeWork},
		{"subscription-missing", unsubscribe, subscribe},
		{"bucket-eventbridge", silence, fix},
	} {
		t.Run(fault.kind, func(t *testing.T) {
			fault.plant(t, p)
			p.finds(t, fault.kind)
			fault.undo(t, p)
			p.finds(t)
		})
	}
	t.Run("an edited configuration", func(t *testing.T) { edited(t, p) })
}

// run runs the program, and demands an exit code.
func (p patient) run(t *testing.T, code int, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.program, append(args, "-f", p.config)...) //nolint:gosec // our own program
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	for name, value := range p.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("slipway %s: %v, want exit code %d\n%s%s", strings.Join(args, " "), err, code, out.String(), errs.String())
	}
	return out.String()
}

// finds demands that exactly these kinds are found.
func (p patient) finds(t *testing.T, kinds ...string) {
	t.Helper()
	code := 0
	if len(kinds) > 0 {
		code = 1
	}
	var answer struct {
		Findings []struct{ ID, What, Command string }
	}
	if err := json.Unmarshal([]byte(p.run(t, code, "doctor", "--json")), &answer); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range answer.Findings {
		got = append(got, f.ID)
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, kinds) {
		t.Fatalf("found %+v, want %v", answer.Findings, kinds)
	}
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func disconnect(t *testing.T, p patient)   { t.Helper(); try(t, p.Disconnect(t.Context())) }
func connect(t *testing.T, p patient)      { t.Helper(); try(t, p.Connect(t.Context())) }
func forbidSender(t *testing.T, p patient) { t.Helper(); try(t, p.ForbidSender(t.Context())) }
func allowSender(t *testing.T, p patient)  { t.Helper(); try(t, p.AllowSender(t.Context())) }

func providers(names ...string) func(*testing.T, patient) {
	return func(t *testing.T, p patient) {
		t.Helper()
		_, err := p.ECS().PutClusterCapacityProviders(t.Context(), &ecs.PutClusterCapacityProvidersInput{
			Cluster: aws.String(p.Outputs["ClusterName"]), CapacityProviders: names,
			DefaultCapacityProviderStrategy: []ecstypes.CapacityProviderStrategyItem{},
		})
		try(t, err)
	}
}

func leaveWork(t *testing.T, p patient) {
	t.Helper()
	_, err := sqs.NewFromConfig(p.AWS()).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(p.Outputs["WorkDeadLetterQueueUrl"]), MessageBody: aws.String("work")})
	try(t, err)
}

func purgeWork(t *testing.T, p patient) {
	t.Helper()
	_, err := sqs.NewFromConfig(p.AWS()).PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: aws.String(p.Outputs["WorkDeadLetterQueueUrl"])})
	try(t, err)
}

func unsubscribe(t *testing.T, p patient) {
	t.Helper()
	client := sns.NewFromConfig(p.AWS())
	out, err := client.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(p.Outputs["TopicArn"])})
	try(t, err)
	for _, s := range out.Subscriptions {
		_, err := client.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: s.SubscriptionArn})
		try(t, err)
	}
}

// subscribe does what the finding's command does.
func subscribe(t *testing.T, p patient) {
	t.Helper()
	_, err := sns.NewFromConfig(p.AWS()).Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: aws.String(p.Outputs["TopicArn"]), Protocol: aws.String("email"), Endpoint: aws.String(stack.Reader),
	})
	try(t, err)
}

// silence leaves the bucket with the notifications of somebody else, and nothing for EventBridge.
func silence(t *testing.T, p patient) {
	t.Helper()
	queue, err := sqs.NewFromConfig(p.AWS()).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("audit")})
	try(t, err)
	attributes, err := sqs.NewFromConfig(p.AWS()).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	try(t, err)
	_, err = p.S3().PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: aws.String(p.Outputs["UploadsBucketName"]), NotificationConfiguration: &s3types.NotificationConfiguration{QueueConfigurations: []s3types.QueueConfiguration{{
			Id: aws.String("audit"), QueueArn: aws.String(attributes.Attributes["QueueArn"]), Events: []s3types.Event{"s3:ObjectRemoved:*"},
		}}},
	})
	try(t, err)
}

// fix repairs it as the finding says: nothing before somebody agrees, and the notifications of others stay.
func fix(t *testing.T, p patient) {
	t.Helper()
	p.run(t, 0, "doctor", "--fix", "eventbridge", "--dry-run")
	p.run(t, 2, "doctor", "--fix", "eventbridge")
	p.finds(t, "bucket-eventbridge")
	p.run(t, 0, "doctor", "--fix", "eventbridge", "--yes")
	out, err := p.S3().GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String(p.Outputs["UploadsBucketName"])})
	try(t, err)
	if len(out.QueueConfigurations) != 1 || aws.ToString(out.QueueConfigurations[0].Id) != "audit" {
		t.Errorf("the notifications of somebody else are %+v", out.QueueConfigurations)
	}
}

// edited examines with a configuration that was not deployed, and that names a container that is not there.
func edited(t *testing.T, p patient) {
	text, err := os.ReadFile(p.config)
	try(t, err)
	const line = `definition: "${ObjectProcessorTask}"`
	if !strings.Contains(string(text), line) {
		t.Fatalf("%s does not say %s", p.config, line)
	}
	p.config = filepath.Join(t.TempDir(), "slipway.yaml")
	for change, kinds := range map[string][]string{
		line + "\n# a comment":          nil,
		line + "\n      container: web": {"configuration-old", "container-missing"},
	} {
		if err := os.WriteFile(p.config, []byte(strings.Replace(string(text), line, change, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		p.finds(t, kinds...)
	}
}
