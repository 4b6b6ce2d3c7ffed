package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"slipway/internal/config"
	"slipway/internal/config/compile"
	"slipway/internal/match"
	"slipway/internal/run"
)

// matched is the answer of match.
type matched struct {
	Object run.Object `json:"object"`
	Jobs   []verdict  `json:"jobs"`
}

// verdict is what a job makes of the object, and how it would start a task for it.
type verdict struct {
	match.Verdict
	plan
}

func matchCommand(o *options) *cobra.Command {
	var size, step string
	var values []string
	c := &cobra.Command{
		Use:   "match s3://BUCKET/KEY",
		Short: "Say which jobs want an object, or by which rule each declines, and the RunTask request",
		Long: `Match decides as s3-trigger does, without calling anything. The key is taken as it is, not decoded.
For each job that takes the object it prints the RunTask request of the first launch, as "aws ecs run-task
--cli-input-json" reads it, and what of it is known only at the launch. With --step it is the request of another step of
task.capacity.

Values such as ${UploadsBucket} come from --value, from SLIPWAY_VALUES, or from the stack's outputs in the environment
(SLIPWAY_UploadsBucketName …, as .local/env sets them). One that is not known stands for itself.`,
		Example: `  slipway match 's3://${UploadsBucket}/incoming/a b.jpg'
  slipway match s3://my-bucket/incoming/a.jpg --size 5MiB --value UploadsBucket=my-bucket
  slipway match 's3://${UploadsBucket}/incoming/a.jpg' --step FARGATE`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return o.match(args[0], size, step, values) },
	}
	c.Flags().StringVar(&size, "size", "0B", "size of the object, as in 5MiB or 1234 (bytes)")
	c.Flags().StringVar(&step, "step", "", "the step of task.capacity to print the request of, instead of the first")
	c.Flags().StringArrayVar(&values, "value", nil, "a deploy-time value, as NAME=TEXT")
	return c
}

func (o *options) match(address, size, step string, given []string) error {
	bucket, key, err := splitAddress(address)
	if err != nil {
		return err
	}
	bytes, err := compile.ParseSize(size)
	if err != nil {
		return fmt.Errorf("read --size: %w", err)
	}
	values, err := o.values(given, func(name string) string { return o.getenv("SLIPWAY_" + name) }, true)
	if err != nil {
		return err
	}
	c, err := o.valid()
	if err != nil {
		return err
	}
	if c, err = c.Fill(values); err != nil {
		return err
	}
	bucket, _ = config.Expand(bucket, func(name string) (string, bool) { v, ok := values[name]; return v, ok })
	object := run.Object{Bucket: bucket, Key: key, Size: bytes}
	answer := matched{object, o.verdicts(c.Jobs, object, step, values)}
	return o.answer(answer, func(w io.Writer) { answer.print(w, c.Jobs) })
}

func (o *options) verdicts(jobs []run.Job, object run.Object, step string, values map[string]string) []verdict {
	stack, _, err := o.stackName()
	if err != nil {
		stack = "STACK" // the answer says so
	}
	out := []verdict{}
	for i, v := range match.Match(jobs, object) {
		full := verdict{Verdict: v}
		if v.Matched {
			full.plan = planner{stack, values["BatchBucket"], step, o.now()}.plan(jobs[i], object)
		}
		out = append(out, full)
	}
	return out
}

func splitAddress(address string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(address, "s3://")
	bucket, key, slash := strings.Cut(rest, "/")
	if !ok || !slash || bucket == "" || key == "" {
		return "", "", fmt.Errorf("%q is not an object: write s3://BUCKET/KEY", address)
	}
	return bucket, key, nil
}

// outputs are the stack's outputs that are deploy-time values under another name.
var outputs = map[string]string{
	"ClusterName": "ClusterName", "BatchBucket": "BatchBucketName", "UploadsBucket": "UploadsBucketName", "ResultsBucket": "ResultsBucketName",
	"WorkQueueUrl": "WorkQueueUrl", "WorkerService": "WorkerServiceName",
}

// values gathers deploy-time values, the most explicit last: the outputs of the stack, SLIPWAY_VALUES where the
// environment is that stack's, and those given.
func (o *options) values(given []string, output func(string) string, environment bool) (map[string]string, error) {
	values := valuesOf(output)
	if text := o.getenv("SLIPWAY_VALUES"); text != "" && environment {
		if err := json.Unmarshal([]byte(text), &values); err != nil {
			return nil, fmt.Errorf("read SLIPWAY_VALUES: %w", err)
		}
	}
	for _, g := range given {
		name, value, ok := strings.Cut(g, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("read --value %q: write NAME=TEXT", g)
		}
		values[name] = value
	}
	return values, nil
}

func (m matched) print(w io.Writer, jobs []run.Job) {
	takers := 0
	for i, v := range m.Jobs {
		word := "no "
		if v.Matched {
			word, takers = "yes", takers+1
		}
		say(w, "%s  %-*s  %s\n", word, widest(jobs), v.Job, why(v.Verdict, jobs[i], m.Object))
	}
	for _, v := range m.Jobs {
		if v.Matched {
			say(w, "\n%s:\n", v.Job)
			v.print(w)
		}
	}
	if takers == 0 {
		say(w, "No job wants s3://%s/%s.\n", m.Object.Bucket, m.Object.Key)
	}
}

func widest(jobs []run.Job) int {
	width := 0
	for _, j := range jobs {
		width = max(width, len(j.Name))
	}
	return width
}

// why is a verdict in words.
func why(v match.Verdict, j run.Job, o run.Object) string {
	switch v.Reason {
	case match.NoS3Trigger:
		return "it is not started by objects"
	case match.OtherBucket:
		return fmt.Sprintf("it watches the bucket %s", j.Trigger.S3.Bucket)
	case match.Excluded:
		return fmt.Sprintf("the key is excluded by !%s", v.Pattern)
	case match.OtherKey:
		return fmt.Sprintf("the key matches none of %s", strings.Join(j.Trigger.S3.Keys, ", "))
	case match.TooSmall:
		return fmt.Sprintf("%d bytes are less than size.min, which is %d", o.Size, j.Trigger.S3.Size.Min)
	case match.TooLarge:
		return fmt.Sprintf("%d bytes are more than size.max, which is %d", o.Size, j.Trigger.S3.Size.Max)
	case match.Matched:
		if v.Pattern != "" {
			return "the key matches " + v.Pattern
		}
	}
	return "it takes every key"
}
