package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"

	"slipway/internal/cloud/bucket"
)

const samconfigSample = `version = 0.1

# a comment
[default.global.parameters]
stack_name = "from-global"   # the default
[default.deploy.parameters]
region = 'eu-north-1'
capabilities = ["CAPABILITY_IAM"]
confirm_changeset = true
[prod.global.parameters]
stack_name = "global"
[prod.deploy.parameters]
stack_name = "production"
`

func TestStackName(t *testing.T) {
	for name, tc := range map[string]struct {
		flag, env, samconfig, configEnv, want string
	}{
		"the flag":                   {"mine", "env", samconfigSample, "", "mine"},
		"the environment":            {"", "env", samconfigSample, "", "env"},
		"samconfig.toml":             {"", "", samconfigSample, "", "from-global"},
		"an environment of it":       {"", "env", samconfigSample, "prod", "production"},
		"not there":                  {"", "", "version = 0.1\n", "", ""},
		"no such environment":        {"", "env", samconfigSample, "staging", ""},
		"a name that no stack has":   {"a b", "", "", "", ""},
		"without a file":             {"", "", "", "", ""},
		"without a file, but a flag": {"mine", "", "", "", "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t)
			s.env["SLIPWAY_STACK"] = tc.env
			if tc.samconfig != "" {
				if err := os.WriteFile(s.path("samconfig.toml"), []byte(tc.samconfig), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			o := &options{world: s.world, file: s.path("slipway.yaml"), stack: tc.flag, configEnv: tc.configEnv}
			got, _, err := o.stackName()
			if tc.want == "" && err == nil || tc.want != "" && (err != nil || got != tc.want) {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestSamconfigOfTheProject(t *testing.T) {
	text, err := os.ReadFile("../../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	if got := readSamconfig(string(text), "default"); got["stack_name"] == "" {
		t.Errorf("got %v, want a stack_name", got)
	}
	want := map[string]string{"stack_name": "production"}
	if got := readSamconfig(samconfigSample, "prod"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOutputsComeFromCloudFormation(t *testing.T) {
	s := newStack(t)
	client := cloudformation.NewFromConfig(s.cfg)
	name := "cli-" + unique(t, "")[:8]
	template := `{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"RunsTableName": {"Value": "` + s.env["SLIPWAY_RunsTableName"] + `"}}}`
	if _, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &template}); err != nil {
		t.Fatal(err)
	}
	if err := cloudformation.NewStackCreateCompleteWaiter(client).Wait(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	s.manual("k")
	for _, known := range []string{"another", ""} {
		s.env["SLIPWAY_STACK"] = known
		out, _ := s.run(0, "runs", "--stack", name)
		contains(t, out, "import-")
	}
	_, errs := s.run(3, "dead-letters", "--stack", name)
	contains(t, errs, "has no output LaunchDeadLetterQueueUrl", "--stack")
	_, errs = s.run(3, "runs", "--stack", "nobody")
	contains(t, errs, "describe stack nobody: there is no such stack", "--stack or SLIPWAY_STACK")
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	s := newStack(t)
	good := s.cfg
	for name, tc := range map[string]struct {
		change func(*aws.Config)
		says   string
	}{
		"no region":      {func(c *aws.Config) { c.Region = "" }, "--region"},
		"no credentials": {func(c *aws.Config) { c.Credentials = nil }, "aws configure"},
		"credentials that cannot be had": {func(c *aws.Config) {
			c.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("the session is over")
			})
		}, "the session is over"},
		"nobody there": {func(c *aws.Config) {
			c.BaseEndpoint = aws.String("http://127.0.0.1:1")
			c.RetryMaxAttempts = 1
		}, "AWS_ENDPOINT_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			s.cfg = good
			tc.change(&s.cfg)
			_, errs := s.run(3, "runs")
			contains(t, errs, tc.says)
		})
	}
	s.cfg = good
	s.env["SLIPWAY_RunsTableName"] = "gone"
	_, errs := s.run(3, "runs")
	contains(t, errs, "still deployed")
}

func TestEveryRefusalHasAdvice(t *testing.T) {
	for code, want := range advice {
		err := &smithy.OperationError{ServiceID: "SQS", OperationName: "X", Err: &smithy.GenericAPIError{Code: code}}
		if next, refused := afterRefusal(err); !refused || next != want {
			t.Errorf("%s: got %q, %v", code, next, refused)
		}
	}
	for code, want := range map[string]string{"ThrottlingException": tryAgain, "InvalidBucketName": asItIs} {
		err := &smithy.OperationError{Err: &smithy.GenericAPIError{Code: code}}
		if next, refused := afterRefusal(err); !refused || next != want {
			t.Errorf("%s: got %q, %v", code, next, refused)
		}
	}
	if _, refused := afterRefusal(errors.New("anything")); refused {
		t.Error("an error of our own is AWS's")
	}
}

func TestUnversionedBucketsAreTold(t *testing.T) {
	s := newStack(t)
	for _, versioned := range []bool{false, true} {
		b := bucket.New(s.cfg, s.cfg.BaseEndpoint, s.uploads(versioned))
		if got, err := b.Versioned(t.Context()); err != nil || got != versioned {
			t.Errorf("got %v, %v, want %v", got, err, versioned)
		}
	}
}
