package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/internal/emulator"
)

// deployment is a session in an account on the emulator, whose programs are recorded and not run.
type deployment struct {
	*session
	cfg    aws.Config
	ran    []string
	engine bool
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	cfg, url := emulator.Config(t)
	cfg.BaseEndpoint = url
	d := &deployment{session: newSession(t), cfg: cfg, engine: true}
	d.world.connect = func(_ context.Context, region, _ string) (aws.Config, error) {
		c := d.cfg
		if region != "" {
			c.Region = region
		}
		return c, nil
	}
	d.env["SAM"] = "sam"
	d.world.exec = func(_ context.Context, c command) (string, error) {
		if c.args[0] == "docker" && c.args[1] == "version" && !d.engine {
			return "", errors.New("no engine")
		}
		d.ran = append(d.ran, strings.Join(c.args, " "))
		return "", nil
	}
	return d
}

// deploy runs the command with the repository's template.
func (d *deployment) deploy(want int, args ...string) (out, errs string) {
	d.t.Helper()
	return d.run(want, append([]string{"deploy", "--source", emulator.Root()}, args...)...)
}

func (d *deployment) settings(text string) {
	d.t.Helper()
	if err := os.MkdirAll(d.path("environments"), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.path("environments/dev.env"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// kept is the file of the environment.
func (d *deployment) kept() string {
	text, _ := os.ReadFile(d.path("environments/dev.env")) // not there: empty
	return string(text)
}

func (d *deployment) changedNothing() {
	d.t.Helper()
	for _, c := range d.ran {
		if !strings.HasPrefix(c, "docker version") {
			d.t.Errorf("ran %q, want nothing to be changed", c)
		}
	}
}

func TestDeployWithNobodyToAskListsWhatIsMissing(t *testing.T) {
	d := newDeployment(t)
	d.run(0, "generate")
	d.cfg.Region = ""
	_, errs := d.deploy(2)
	contains(t, errs, "nobody to ask", "environments/dev.env", "AWS_REGION=", "Subnets=", "NotificationEmail=")
	d.changedNothing()
	if d.kept() != "" {
		t.Errorf("kept %q", d.kept())
	}
}

func TestDeployFindsMistakesBeforeAnythingElse(t *testing.T) {
	d := newDeployment(t)
	d.settings("Subnets=subnet-1\n")
	_, errs := d.deploy(1)
	contains(t, errs, "wiring.yaml is stale", "slipway generate")
	d.run(0, "generate")
	d.settings("# ours\nSubnet=subnet-1\n")
	_, errs = d.deploy(1)
	contains(t, errs, "dev.env:2: Subnet is no parameter", "did you mean Subnets?")
	d.settings("NotificationEmail=\nSubnets=subnet-0dead\nExamples=false\n")
	_, errs = d.deploy(1)
	contains(t, errs, "there is no subnet subnet-0dead", "${UploadsBucket} is empty", "Nothing was changed.")
	d.deploy(2, "--env", "../evil")
	d.write(strings.Replace(good, "version: 1", "version: 0", 1))
	_, errs = d.deploy(1)
	contains(t, errs, "slipway.yaml:1:10: version")
	d.changedNothing()
}

func TestDeployAsksOnceAndOffersTheDefaultVPC(t *testing.T) {
	d := newDeployment(t)
	d.run(0, "generate")
	d.world.terminal = true
	d.world.in = strings.NewReader("not an address\nops@example.com\n\n")
	out, errs := d.deploy(0, "--dry-run")
	contains(t, errs, "Mail address", "is one mail address", "Subnets of the default VPC")
	contains(t, out, "NotificationEmail=ops@example.com", "Subnets=subnet-", "slipway-dev-images", "for arm64", "sam deploy")
	d.changedNothing()
	if d.kept() != "" {
		t.Errorf("a dry run kept %q", d.kept())
	}
}

func TestDeployWithoutAnEngineOffersToLeaveTheExamplesOut(t *testing.T) {
	d := newDeployment(t)
	d.run(0, "generate")
	d.engine, d.world.terminal = false, true
	d.world.in = strings.NewReader("\n\n\n")
	_, errs := d.deploy(1, "--dry-run")
	contains(t, errs, "No container engine answers", "Examples=false", "${UploadsBucket} is empty")

	d.world.terminal = false
	d.settings("NotificationEmail=\nSubnets=subnet-1\n")
	_, errs = d.deploy(1)
	contains(t, errs, "no container engine answers", "Examples=false", "ObjectProcessorImage")
	d.changedNothing()
}

// theirs makes what a team has before it meets Slipway, and returns the name of the bucket.
func (d *deployment) theirs() string {
	d.t.Helper()
	ctx, client := d.t.Context(), ecs.NewFromConfig(d.cfg)
	name := unique(d.t, "theirs")
	_, errCluster := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: &name, CapacityProviders: []string{"FARGATE"}})
	_, errTask := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: &name, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, NetworkMode: types.NetworkModeAwsvpc,
		Cpu: aws.String("256"), Memory: aws.String("512"), TaskRoleArn: aws.String("arn:aws:iam::000000000000:role/missing"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("main"), Image: aws.String("theirs:1")}},
	})
	store := s3.NewFromConfig(d.cfg, func(o *s3.Options) { o.UsePathStyle = true })
	_, errBucket := store.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	if err := errors.Join(errCluster, errTask, errBucket); err != nil {
		d.t.Fatal(err)
	}
	return name
}

func TestDeployLooksAtResourcesOfOnesOwn(t *testing.T) {
	d := newDeployment(t)
	name := d.theirs()
	d.write(strings.NewReplacer("NAME", name).Replace(`version: 1
jobs:
  theirs:
    trigger: {s3: {bucket: NAME}}
    task: {cluster: NAME, definition: NAME, container: mian, capacity: FARGATE, roles: ["arn:aws:iam::000000000000:role/missing"]}
  missing:
    trigger: {s3: {bucket: NAME-none}}
    task: {cluster: NAME-none, definition: NAME-none, capacity: FARGATE, roles: ["arn:aws:iam::999999999999:role/elsewhere"]}
scalers:
  none: {queues: "https://sqs.us-east-1.amazonaws.com/000000000000/NAME", service: NAME/none, tasks: {max: 3}, messagesPerTask: 1}
`))
	d.run(0, "generate")
	d.settings("NotificationEmail=\nSubnets=subnet-0dead\nExamples=false\nClusterArn=arn:aws:ecs:us-east-1:000000000000:cluster/" + name + "\n")
	_, errs := d.deploy(1)
	contains(t, errs, "task definition "+name+" has no container mian", "did you mean main?", "role/missing cannot be passed", "no such role",
		"bucket "+name+"-none does not exist", "no active cluster "+name+"-none", "no active task definition "+name+"-none",
		"belongs to account 999999999999", "no active service none", "there is no queue")
	if strings.Contains(errs, "bucket "+name+" ") {
		t.Errorf("got %q, and the bucket is there", errs)
	}
	d.changedNothing()
}

func TestDeployRunsTheStepsInOrder(t *testing.T) {
	d := newDeployment(t)
	d.run(0, "generate")
	d.settings("NotificationEmail=\nSubnets=subnet-1\nObjectProcessorImage=a\nHourlyBatchImage=b\nQueueWorkerImage=c\n")
	_, errs := d.deploy(1) // the subnet is none
	contains(t, errs, "there is no subnet")
	d.world.terminal = true
	d.settings("NotificationEmail=\nObjectProcessorImage=a\nHourlyBatchImage=b\nQueueWorkerImage=c\n")
	d.world.in = strings.NewReader("\n")
	d.deploy(3) // no program has deployed anything, so that there is no stack to read outputs of
	var sam []string
	for _, c := range d.ran {
		sam = append(sam, strings.Join(strings.Fields(c)[:2], " "))
	}
	if want := []string{"sam build", "sam deploy"}; !slices.Equal(sam, want) {
		t.Fatalf("ran %q, want %q", sam, want)
	}
	contains(t, d.ran[1], "--stack-name slipway-dev", "--confirm-changeset", "Subnets=subnet-", "ObjectProcessorImage=a")
	contains(t, d.kept(), "Subnets=subnet-", "AWS_REGION=")
}

func TestDestroyShowsFirstAndLeavesWhatIsNotItsOwn(t *testing.T) {
	d := newDeployment(t)
	theirs := d.theirs()
	stack := "slipway-" + theirs[max(0, len(theirs)-20):]
	_, errs := d.run(3, "destroy", "--source", emulator.Root(), "--stack", stack)
	contains(t, errs, "there is no such stack")

	const template = `{"Resources":{"UploadsBucket":{"Type":"AWS::S3::Bucket","DeletionPolicy":"Retain"},
	"RunsTable":{"Type":"AWS::DynamoDB::Table","DeletionPolicy":"Retain","Properties":{"BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}}}}`
	formation := cloudformation.NewFromConfig(d.cfg)
	_, err := formation.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &stack, TemplateBody: aws.String(template)})
	if err != nil {
		t.Fatal(err)
	}
	wait := cloudformation.NewStackCreateCompleteWaiter(formation)
	if err := wait.Wait(t.Context(), &cloudformation.DescribeStacksInput{StackName: &stack}, time.Minute); err != nil {
		t.Fatal(err)
	}
	out, _ := d.run(0, "destroy", "--source", emulator.Root(), "--stack", stack, "--dry-run")
	contains(t, out, "these go", "ledger", "--all")
	_, errs = d.run(2, "destroy", "--source", emulator.Root(), "--stack", stack)
	contains(t, errs, "nobody to ask", "--yes")

	store := s3.NewFromConfig(d.cfg, func(o *s3.Options) { o.UsePathStyle = true })
	all, err := store.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var made string
	for _, b := range all.Buckets {
		if strings.Contains(*b.Name, strings.TrimPrefix(stack, "slipway-")) && *b.Name != theirs {
			made = *b.Name
		}
	}
	for _, b := range []string{made, theirs} {
		if _, err := store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b, Key: aws.String("a"), Body: strings.NewReader("a")}); err != nil {
			t.Fatal(err)
		}
	}
	out, _ = d.run(0, "destroy", "--source", emulator.Root(), "--stack", stack, "--yes")
	contains(t, out, "is gone", "delete-table")
	if _, err := store.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &made}); err == nil {
		t.Errorf("bucket %s is still there", made)
	}
	if _, err := store.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &theirs, Key: aws.String("a")}); err != nil {
		t.Errorf("what is in a bucket of their own: %v", err)
	}
}
