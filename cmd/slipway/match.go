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
	Object run.Object      `json:"object"`
	Jobs   []match.Verdict `json:"jobs"`
}

func matchCommand(o *options) *cobra.Command {
	var size string
	var values []string
	c := &cobra.Command{
		Use:   "match s3://BUCKET/KEY",
		Short: "Say which jobs want an object, or by which rule each declines",
		Long: `Match decides as s3-trigger does, without calling anything. The key is taken as it is, not decoded.
Values such as ${UploadsBucket} come from --value, from SLIPWAY_VALUES, or from the stack's outputs in the environment
(SLIPWAY_UploadsBucketName …, as .local/env sets them). One that is not known stands for itself.`,
		Example: `  slipway match 's3://${UploadsBucket}/incoming/a b.jpg'
  slipway match s3://my-bucket/incoming/a.jpg --size 5MiB --value UploadsBucket=my-bucket`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return o.match(args[0], size, values) },
	}
	c.Flags().StringVar(&size, "size", "0B", "size of the object, as in 5MiB or 1234 (bytes)")
	c.Flags().StringArrayVar(&values, "value", nil, "a deploy-time value, as NAME=TEXT")
	return c
}

func (o *options) match(address, size string, given []string) error {
	bucket, key, err := splitAddress(address)
	if err != nil {
		return err
	}
	bytes, err := compile.ParseSize(size)
	if err != nil {
		return fmt.Errorf("read --size: %w", err)
	}
	values, err := o.values(given)
	if err != nil {
		return err
	}
	c, err := o.valid()
	if err != nil {
		return err
	}
	lookup := func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	for i := range c.Jobs {
		if s3 := c.Jobs[i].Trigger.S3; s3 != nil {
			s3.Bucket, _ = config.Expand(s3.Bucket, lookup)
		}
	}
	bucket, _ = config.Expand(bucket, lookup)
	object := run.Object{Bucket: bucket, Key: key, Size: bytes}
	answer := matched{object, match.Match(c.Jobs, object)}
	return o.answer(answer, func(w io.Writer) { answer.print(w, c.Jobs) })
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

// values gathers deploy-time values, the most explicit last.
func (o *options) values(given []string) (map[string]string, error) {
	values := map[string]string{}
	for name, output := range outputs {
		if v := o.getenv("SLIPWAY_" + output); v != "" {
			values[name] = v
		}
	}
	if text := o.getenv("SLIPWAY_VALUES"); text != "" {
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
		say(w, "%s  %-*s  %s\n", word, widest(jobs), v.Job, why(v, jobs[i], m.Object))
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
