package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/internal/cloud/query"
	"slipway/local/internal/port"
	"slipway/local/internal/screen"
	"slipway/local/internal/stack"
)

// account is an account on the emulator, with what a team has in it before it meets Slipway.
type account struct {
	t       *testing.T
	options stack.Options
	record  stack.Record
	slipway string // the program
	role    string
	network string
	queue   string
}

// ownFile is what the team writes into slipway.yaml: the first of the two files that it edits.
const ownFile = `version: 1
defaults:
  cluster: theirs
  task: {capacity: [FARGATE]}
jobs:
  invoices:
    trigger: {s3: {bucket: theirs-ENV-invoices, key: "new/**"}}
    task: {definition: their-work, container: main, roles: ["ROLE"]}
  letters:
    trigger: {s3: {bucket: theirs-ENV-letters}}
    task: {definition: their-work, container: main, roles: ["ROLE"]}
scalers:
  orders: {queues: "QUEUE", service: theirs/their-ENV-service, tasks: {max: 2}, messagesPerTask: 1}
  parcels: {queues: "QUEUE", service: theirs/their-ENV-other, tasks: {max: 2}, messagesPerTask: 1}
`

// ownSettings is environments/ENV.env, the second one.
const ownSettings = `# of the team
AWS_REGION=us-east-1
Examples=false
CreateQueries=false
Architecture=ARCHITECTURE
ClusterArn=arn:aws:ecs:us-east-1:000000000000:cluster/theirs
Subnets=SUBNET
NotificationEmail=
`

// TestOwnResourcesByConfigurationAlone goes from what a team has, as it has it, to its processed objects: for each environment
// by two edited files and three commands. Nothing else is done to the account in between.
func TestOwnResourcesByConfigurationAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("the local stack is not started with -short")
	}
	a := newAccount(t)
	for _, env := range []string{"dev", "prod"} {
		a.environment(env)
		folder := a.edit(env)
		a.command(folder, "generate")
		a.command(folder, "deploy", "--env", env, "--source", a.options.Root)
		a.command(folder, "doctor", "--stack", "slipway-"+env, "--fix", "eventbridge", "--yes")
	}
	for _, env := range []string{"dev", "prod"} {
		for _, bucket := range []string{"invoices", "letters"} {
			a.put("theirs-"+env+"-"+bucket, "new/"+env+"-"+bucket+".txt")
		}
	}
	for env, other := range map[string]string{"dev": "prod", "prod": "dev"} {
		var runs string
		eventually(t, "two runs of "+env+" that have succeeded", func() (bool, error) {
			runs = a.command(a.folder(env), "runs", "--stack", "slipway-"+env, "--json")
			return strings.Count(runs, `"succeeded"`) >= 2, nil
		})
		if strings.Contains(runs, other+"-") {
			t.Errorf("the runs of %s tell of %s: %s", env, other, runs)
		}
	}
	a.command(a.folder("dev"), "destroy", "--env", "dev", "--source", a.options.Root, "--yes", "--all")
	a.stays("theirs-dev-invoices")
	a.stays("theirs-prod-invoices")
	a.put("theirs-prod-letters", "new/prod-after.txt")
	eventually(t, "a run of prod after dev has gone", func() (bool, error) {
		runs := a.command(a.folder("prod"), "runs", "--stack", "slipway-prod", "--json")
		return strings.Count(runs, `"succeeded"`) >= 3, nil
	})
}

func newAccount(t *testing.T) *account {
	t.Helper()
	root, err := stack.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	ports, err := port.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{t: t, options: stack.Options{
		Root: root, State: t.TempDir(), Port: ports[0], ECSPort: ports[1], Engine: "process", Screen: screen.Plain(t.Output()),
	}}
	if a.record, err = stack.Serve(t.Context(), a.options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			logs(t, a.options)
		}
		if _, err := stack.Down(context.Background(), a.options.State); err != nil {
			t.Error(err)
		}
	})
	a.slipway = filepath.Join(t.TempDir(), "slipway")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", a.slipway, "./cmd/slipway") //nolint:gosec // our own program
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a.theirs()
	return a
}

// theirs makes the cluster, the role, the task definition and the queue of the team.
func (a *account) theirs() {
	a.t.Helper()
	ctx := a.t.Context()
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	var role struct {
		ARN string `xml:"CreateRoleResult>Role>Arn"`
	}
	iam := query.Service{Config: a.record.AWS(), Name: "iam", Endpoint: a.record.Endpoint(), Region: stack.Region}
	a.must(iam.Query(ctx, "CreateRole", "2010-05-08", map[string]string{"RoleName": "their-role", "AssumeRolePolicyDocument": trust}, &role))
	a.role = role.ARN
	var subnets struct {
		IDs []string `xml:"subnetSet>item>subnetId"`
	}
	ec2 := query.Service{Config: a.record.AWS(), Name: "ec2", Endpoint: a.record.Endpoint(), Region: stack.Region}
	a.must(ec2.Query(ctx, "DescribeSubnets", "2016-11-15", nil, &subnets))
	a.network = subnets.IDs[0]
	a.bucket("theirs-results")
	q, err := sqs.NewFromConfig(a.record.AWS()).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("their-orders")})
	a.must(err)
	a.queue = *q.QueueUrl
	_, err = a.record.ECS().CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("theirs"), CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"}})
	a.must(err)
	_, err = a.record.ECS().RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("their-work"), RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
		NetworkMode: ecstypes.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"), TaskRoleArn: &a.role,
		ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: aws.String("main"), Image: aws.String("slipway/object-processor:local"), Essential: aws.Bool(true),
			Environment: []ecstypes.KeyValuePair{{Name: aws.String("RESULTS_BUCKET"), Value: aws.String("theirs-results")}},
		}},
	})
	a.must(err)
}

// environment makes what one environment of the team has: two buckets and two services.
func (a *account) environment(env string) {
	a.t.Helper()
	for _, name := range []string{"invoices", "letters"} {
		a.bucket("theirs-" + env + "-" + name) // it tells nobody of what is put into it
	}
	for _, name := range []string{"service", "other"} {
		_, err := a.record.ECS().CreateService(a.t.Context(), &ecs.CreateServiceInput{
			Cluster: aws.String("theirs"), ServiceName: aws.String("their-" + env + "-" + name), TaskDefinition: aws.String("their-work"),
			DesiredCount: aws.Int32(0), LaunchType: ecstypes.LaunchTypeFargate,
			NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: []string{a.network}}},
		})
		a.must(err)
	}
}

// edit writes the two files of an environment into a folder that is no part of the repository.
func (a *account) edit(env string) string {
	a.t.Helper()
	folder := a.folder(env)
	a.must(os.MkdirAll(filepath.Join(folder, "environments"), 0o700))
	fill := strings.NewReplacer("ENV", env, "ROLE", a.role, "QUEUE", a.queue, "SUBNET", a.network,
		"ARCHITECTURE", map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH])
	a.must(os.WriteFile(filepath.Join(folder, "slipway.yaml"), []byte(fill.Replace(ownFile)), 0o600))
	a.must(os.WriteFile(filepath.Join(folder, "environments", env+".env"), []byte(fill.Replace(ownSettings)), 0o600))
	return folder
}

func (a *account) folder(env string) string { return filepath.Join(a.options.State, "team-"+env) }

// command runs slipway as the team does, and returns what it prints.
func (a *account) command(folder string, args ...string) string {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	var errs strings.Builder
	cmd := exec.CommandContext(ctx, a.slipway, append(args, "-f", filepath.Join(folder, "slipway.yaml"))...) //nolint:gosec // our own program
	cmd.Env = append(a.options.Reach(a.record), "FUNCTION_GOOS="+runtime.GOOS, "SAM="+a.options.SAM())
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		a.t.Fatalf("slipway %s: %v\n%s%s", strings.Join(args, " "), err, out, errs.String())
	}
	return string(out)
}

func (a *account) bucket(name string) {
	a.t.Helper()
	_, err := a.record.S3().CreateBucket(a.t.Context(), &s3.CreateBucketInput{Bucket: &name})
	a.must(err)
}

func (a *account) put(bucket, key string) {
	a.t.Helper()
	_, err := a.record.S3().PutObject(a.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("of the team")})
	a.must(err)
}

// stays makes sure that a bucket of the team and what is in it are there.
func (a *account) stays(bucket string) {
	a.t.Helper()
	out, err := a.record.S3().ListObjectsV2(a.t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	a.must(err)
	if len(out.Contents) != 1 {
		a.t.Errorf("bucket %s holds %d objects, want the one that was put there", bucket, len(out.Contents))
	}
}

func (a *account) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(fmt.Errorf("prepare the account: %w", err))
	}
}
