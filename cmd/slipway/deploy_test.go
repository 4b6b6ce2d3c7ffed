package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	stacks "slipway/internal/cloud/cloudformation"
	"slipway/internal/cloud/query"
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
	d.world.external = func(_ context.Context, c command) error {
		if c.args[0] == "docker" && c.args[1] == "version" && !d.engine {
			return errors.New("no engine")
		}
		d.ran = append(d.ran, strings.Join(c.args, " "))
		return nil
	}
	return d
}

// deploy runs the command with the repository's template.
func (d *deployment) deploy(want int, args ...string) (out, errs string) {
	d.t.Helper()
	return d.run(want, append([]string{"deploy", "--source", d.source()}, args...)...)
}

// source is a clone as far as the command reads it, so that nothing is written into this one.
func (d *deployment) source() string {
	d.t.Helper()
	folder := d.path("clone")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		d.t.Fatal(err)
	}
	for _, name := range []string{"template.yaml", "wiring.yaml", "templates", "tasks", "LICENSE", "README.md"} {
		if err := os.Symlink(filepath.Join(emulator.Root(), name), filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			d.t.Fatal(err)
		}
	}
	return folder
}

func (d *deployment) settings(text string) { d.t.Helper(); d.settingsOf("dev", text) }

func (d *deployment) settingsOf(env, text string) {
	d.t.Helper()
	if err := os.MkdirAll(d.path("environments"), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.path("environments/"+env+".env"), []byte(text), 0o600); err != nil {
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
	contains(t, errs, "Mail address", "is one mail address", "The default VPC")
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
	contains(t, errs, "no container engine answers", "Examples=false", "slipway.yaml itself needs them", "${UploadsBucket}")

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
	contains(t, d.ran[1], "--stack-name slipway-dev", "--confirm-changeset", `Subnets="subnet-`, `ObjectProcessorImage="a"`)
	contains(t, d.kept(), "Subnets=subnet-", "AWS_REGION=")
}

// ownTask is a slipway.yaml that needs none of the examples.
const ownTask = `version: 1
jobs:
  theirs:
    trigger: {s3: {bucket: NAME, key: "in/**"}}
    task: {cluster: NAME, definition: NAME, capacity: FARGATE, roles: ["arn:aws:iam::000000000000:role/missing"]}
`

func TestDeployWithoutAnEngineAndWithoutExamples(t *testing.T) {
	d := newDeployment(t)
	d.write(strings.ReplaceAll(ownTask, "NAME", d.theirs()))
	d.run(0, "generate")
	d.engine, d.world.terminal = false, true
	d.world.in = strings.NewReader("\n\nno\n")
	_, errs := d.deploy(1)
	contains(t, errs, "Deploy without the examples (Examples=false)? [y/N]", "nothing was changed")
	d.world.in = strings.NewReader("\n\ny\n")
	_, errs = d.deploy(1) // the role is missing, and nothing else
	contains(t, errs, "no such role", "1 problem.")
	d.changedNothing()
	if d.kept() != "" {
		t.Errorf("kept %q, though nothing was deployed", d.kept())
	}
}

// registry makes the programs do on the emulator what they would do on AWS, as far as the command sees it. It returns the
// names of the images that were pushed.
func (d *deployment) registry() *[]string {
	d.t.Helper()
	var pushed []string
	formation := cloudformation.NewFromConfig(d.cfg)
	service := query.Service{Config: d.cfg, Name: "ecr", Endpoint: *d.cfg.BaseEndpoint, Region: d.cfg.Region}
	d.world.external = func(ctx context.Context, c command) error {
		d.ran = append(d.ran, strings.Join(c.args, " "))
		switch line := strings.Join(c.args[:2], " "); {
		case line == "go build":
			out := filepath.Join(c.dir, c.args[slices.Index(c.args, "-o")+1])
			return errors.Join(os.MkdirAll(filepath.Dir(out), 0o700), os.WriteFile(out, []byte(c.args[len(c.args)-1]), 0o600))
		case line == "docker login":
			password, err := io.ReadAll(c.in)
			if len(password) == 0 || strings.Contains(strings.Join(c.args, " "), string(password)) {
				d.t.Errorf("the password is %q and the arguments are %q", password, c.args)
			}
			return err
		case line == "docker push":
			pushed = append(pushed, c.args[2])
			_, path, _ := strings.Cut(c.args[2], "/")
			name, tag, _ := strings.Cut(path, ":")
			return service.JSON(ctx, "AmazonEC2ContainerRegistry_V20150921", "PutImage", map[string]string{
				"repositoryName": name, "imageTag": tag, "imageManifest": `{"schemaVersion":2,"layers":[],"of":"` + c.args[2] + `"}`,
			}, &struct{}{})
		case line == "sam deploy" && slices.Contains(c.args, filepath.Join("templates", "images.yaml")):
			return d.create(formation, c.args[slices.Index(c.args, "--stack-name")+1], "../../templates/images.yaml", c.args[len(c.args)-1])
		case line == "sam deploy":
			return d.create(formation, c.args[slices.Index(c.args, "--stack-name")+1], "", "")
		}
		return nil
	}
	return &pushed
}

// create makes a stack from a file, or one that has a bucket, a ledger and an output, unless there is one of that name.
func (d *deployment) create(formation *cloudformation.Client, name, file, parameter string) error {
	if file == "" {
		return d.createFrom(formation, name, smallStack)
	}
	body, err := os.ReadFile(file) //nolint:gosec // a file of the project
	if err != nil {
		return err
	}
	key, value, _ := strings.Cut(parameter, "=")
	value = strings.Trim(value, `"`)
	return d.createFrom(formation, name, string(body), cftypes.Parameter{ParameterKey: &key, ParameterValue: &value})
}

// createFrom makes a stack from a template, unless there is one of that name.
func (d *deployment) createFrom(formation *cloudformation.Client, name, body string, parameters ...cftypes.Parameter) error {
	_, err := formation.CreateStack(d.t.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &body, Parameters: parameters})
	var exists *cftypes.AlreadyExistsException
	if errors.As(err, &exists) {
		return nil
	}
	if err != nil {
		return err
	}
	wait := cloudformation.NewStackCreateCompleteWaiter(formation, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
	})
	return wait.Wait(d.t.Context(), &cloudformation.DescribeStacksInput{StackName: &name}, time.Minute)
}

const smallStack = `{"Resources":{"UploadsBucket":{"Type":"AWS::S3::Bucket","DeletionPolicy":"RetainExceptOnCreate"},
	"BatchBucket":{"Type":"AWS::S3::Bucket","DeletionPolicy":"RetainExceptOnCreate"},
	"RunsTable":{"Type":"AWS::DynamoDB::Table","DeletionPolicy":"RetainExceptOnCreate","Properties":{"BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}}},
	"Outputs":{"UploadsBucketName":{"Value":{"Ref":"UploadsBucket"}},"BatchBucketName":{"Value":{"Ref":"BatchBucket"}},
	"RunsTableName":{"Value":{"Ref":"RunsTable"}}}}`

func TestDeployPushesOnceAndNamesDigests(t *testing.T) {
	d := newDeployment(t)
	pushed := d.registry()
	d.run(0, "generate")
	d.world.terminal = true
	d.world.in = strings.NewReader("ops@example.com\n\n")
	env := unique(t, "env")
	env = env[len(env)-12:]
	out, errs := d.deploy(0, "--env", env)
	contains(t, errs, "1. keep the answers in", "slipway-"+env+"-images")
	contains(t, out, "confirm the subscription", "ops@example.com", "Try it:", "aws s3 cp README.md s3://slipway-"+env)
	if len(*pushed) != 3 {
		t.Fatalf("pushed %q, want three images", *pushed)
	}
	contains(t, (*pushed)[0], "amazonaws.com/slipway-"+env+"/object-processor:arm64-")
	last := d.ran[len(d.ran)-1]
	contains(t, last, "sam deploy", "ObjectProcessorImage=", "/hourly-batch@sha256:", "QueueWorkerImage=", "--confirm-changeset", `NotificationEmail="ops@example.com"`)
	contains(t, strings.Join(d.ran, "\n"), "docker build --platform linux/arm64")

	out, _ = d.deploy(0, "--env", env, "--yes", "--json")
	var a deployedAnswer
	decode(t, out, &a)
	if len(*pushed) != 3 || a.Stack != "slipway-"+env || a.Outputs["UploadsBucketName"] == "" {
		t.Errorf("pushed %q and answered %+v, want nothing to be pushed twice", *pushed, a)
	}
	contains(t, d.ran[len(d.ran)-1], "--no-confirm-changeset")

	images := regexp.MustCompile(`([A-Za-z]+Image)="([^"]+)"`).FindAllStringSubmatch(last, -1)
	if len(images) != 3 {
		t.Fatalf("got %q, want three images", images)
	}
	registry := images[0][2][:strings.Index(images[0][2], "/")]
	d.settings("NotificationEmail=\nSubnets=subnet-00000001\nObjectProcessorImage=" + images[0][2] + "\nHourlyBatchImage=" + registry + "/none:1\nQueueWorkerImage=public.ecr.aws/a/b:1\n")
	_, errs = d.deploy(1)
	contains(t, errs, "HourlyBatchImage: there is no image "+registry+"/none:1", "1 problem.")

	d.run(0, "destroy", "--source", d.source(), "--env", env, "--yes", "--all")
	for _, stack := range []string{"slipway-" + env, "slipway-" + env + "-images"} {
		if _, err := cloudformation.NewFromConfig(d.cfg).DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &stack}); err == nil {
			t.Errorf("stack %s is still there", stack)
		}
	}
}

func TestDestroyShowsFirstAndGoesOnWithWhatIsLeft(t *testing.T) {
	d := newDeployment(t)
	theirs := d.theirs()
	stack := "slipway-" + theirs[max(0, len(theirs)-20):]
	destroy := func(want int, args ...string) (out, errs string) {
		return d.run(want, append([]string{"destroy", "--source", d.source(), "--stack", stack}, args...)...)
	}
	_, errs := destroy(3)
	contains(t, errs, "there is no stack "+stack)
	if err := d.create(cloudformation.NewFromConfig(d.cfg), stack, "", ""); err != nil {
		t.Fatal(err)
	}
	outputs, err := stacks.New(d.cfg, d.cfg.BaseEndpoint).Outputs(t.Context(), stack)
	if err != nil {
		t.Fatal(err)
	}
	uploads, batches, table := outputs["UploadsBucketName"], outputs["BatchBucketName"], outputs["RunsTableName"]
	store := s3.NewFromConfig(d.cfg, func(o *s3.Options) { o.UsePathStyle = true })
	for _, b := range []string{uploads, batches, theirs} {
		if _, err := store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &b, Key: aws.String("a"), Body: strings.NewReader("a")}); err != nil {
			t.Fatal(err)
		}
	}
	there := func(bucket string) bool {
		_, err := store.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket})
		return err == nil
	}
	stored := func() bool {
		_, err := dynamodb.NewFromConfig(d.cfg).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
		return err == nil
	}

	out, _ := destroy(0, "--dry-run")
	contains(t, out, "goes", "bucket "+uploads+" of the examples", "stays", "the ledger "+table, "--all deletes it", batches)
	_, errs = destroy(2)
	contains(t, errs, "nobody to ask", "--yes")
	d.world.terminal, d.world.in = true, strings.NewReader("n\n")
	destroy(1)
	if !there(uploads) {
		t.Fatal("a no deleted a bucket")
	}

	destroy(0, "--yes")
	if there(uploads) || !there(batches) || !stored() || !there(theirs) {
		t.Errorf("uploads %v, batches %v, ledger %v, theirs %v: want all but the first to be there", there(uploads), there(batches), stored(), there(theirs))
	}
	out, _ = destroy(0, "--all", "--yes", "--json") // the stack is gone, and what it has left is still found
	contains(t, out, "the ledger "+table)
	if there(batches) || stored() {
		t.Errorf("batches %v, ledger %v: want both to be gone", there(batches), stored())
	}
	if _, err := store.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &theirs, Key: aws.String("a")}); err != nil {
		t.Errorf("what is in a bucket of their own: %v", err)
	}
}
