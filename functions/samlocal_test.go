//go:build samlocal

package functions_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"slipway/internal/emulator"
	"slipway/internal/samlocal"
)

// ids are the functions' logical IDs in template.yaml.
var ids = map[string]string{
	"s3-trigger": "S3TriggerFunction", "scheduler": "SchedulerFunction", "sqs-scaler": "SqsScalerFunction", "lifecycle-notifier": "LifecycleNotifierFunction",
}

// TestEveryEventThroughSAM invokes every function with every sample that is for it, in a container that `sam local
// invoke` starts from the template. It needs a container engine, and is for .ci/run: go test -tags samlocal.
func TestEveryEventThroughSAM(t *testing.T) {
	runner := samBuild(t)
	c := newCloud(t)
	for range 15 {
		in := &sqs.SendMessageInput{QueueUrl: aws.String(c.url["work"]), MessageBody: aws.String("work")}
		if _, err := c.queues.SendMessage(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("all", func(t *testing.T) {
		for _, folder := range folders {
			t.Run(folder, func(t *testing.T) {
				t.Parallel() // with the other functions; the events of one come in order
				invokeAll(t, runner, folder, c.env)
			})
		}
	})
	if n := len(c.ecs.All()); n != 10 {
		t.Errorf("%d tasks were started, want 10: one for the object of every envelope, nine for the batch", n)
	}
}

func invokeAll(t *testing.T, runner samlocal.Runner, folder string, env map[string]string) {
	runner.Timeout = timeout[folder]
	for _, s := range steps[folder] {
		t.Run(s.event, func(t *testing.T) {
			got, err := runner.Invoke(t.Context(), ids[folder], sample(t, s.event), env)
			if err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile("^" + s.answer + "$").MatchString(got.Answer) {
				t.Errorf("answer = %s, want %s; the log:\n%s", got.Answer, s.answer, got.Log)
			}
		})
	}
}

// samBuild builds the template for this machine.
func samBuild(t *testing.T) samlocal.Runner {
	t.Helper()
	r := samlocal.Runner{
		SAM:      cmp.Or(os.Getenv("SAM"), filepath.Join(emulator.Root(), ".tools", "sam", "bin", "sam")),
		Template: filepath.Join(t.TempDir(), "template.yaml"), Architecture: "x86_64", Image: os.Getenv("SLIPWAY_LAMBDA_IMAGE"),
	}
	if runtime.GOARCH != "amd64" {
		r.Architecture = runtime.GOARCH
	}
	cmd := exec.CommandContext(t.Context(), r.SAM, "build", "--template-file", filepath.Join(emulator.Root(), "template.yaml"), //nolint:gosec // the pinned SAM CLI
		"--build-dir", filepath.Dir(r.Template), "--parallel", "--parameter-overrides", "Architecture="+r.Architecture)
	cmd.Dir = emulator.Root()
	cmd.Env = append(os.Environ(), "GOARCH="+runtime.GOARCH, "SAM_CLI_TELEMETRY=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sam build: %v\n%s", err, out)
	}
	return r
}
