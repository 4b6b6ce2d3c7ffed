package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway/local/internal/screen"
)

// Guide is what a person wants to know of a stack that runs, and what they can try.
func (r Record) Guide(state string) string {
	env := filepath.Join(state, "env")
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, env); err == nil {
			env = rel
		}
	}
	rows := [][]string{
		{"what", "where"},
		{"AWS", r.Endpoint()},
		{"ECS", r.ECSEndpoint() + " (tasks run as " + r.runsAs() + ")"},
		{"mails", r.Endpoint() + "/_ministack/ses/messages"},
		{"uploads", "s3://" + r.Outputs["UploadsBucketName"] + "/incoming/"},
		{"results", "s3://" + r.Outputs["ResultsBucketName"]},
		{"work queue", r.Outputs["WorkQueueUrl"]},
		{"launch queue", r.Outputs["LaunchQueueUrl"]},
		{"lifecycle queue", r.Outputs["LifecycleQueueUrl"]},
		{"service", r.Outputs["ClusterName"] + "/" + r.Outputs["WorkerServiceName"]},
		{"logs", filepath.Join(state, "log")},
	}
	table := strings.Join(screen.Table(rows), "\n  ")
	return fmt.Sprintf(guide, table, env)
}

func (r Record) runsAs() string {
	if r.Engine == "docker" {
		return "containers"
	}
	return "host processes"
}

const guide = `
  %s

Try it, with any AWS tool:
  . %s
  aws s3 cp picture.png "s3://$SLIPWAY_UploadsBucketName/incoming/picture.png"
  aws s3 ls --recursive "s3://$SLIPWAY_ResultsBucketName/"
  aws ecs list-tasks --cluster "$SLIPWAY_ClusterName" --desired-status STOPPED
  aws sqs send-message --queue-url "$SLIPWAY_WorkQueueUrl" --message-body hello
See everything at work with make demo; stop the stack with make down.`
