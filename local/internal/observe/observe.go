package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/local/internal/inbox"
	"slipway/local/internal/stack"
)

// Observer looks at one stack.
type Observer struct {
	Record stack.Record
	stored *s3.Client
	queues *sqs.Client
	tasks  tasks
}

// New returns an observer of a stack that runs.
func New(r stack.Record) *Observer {
	return &Observer{Record: r, stored: r.S3(), queues: sqs.NewFromConfig(r.AWS()), tasks: tasks{ecs: r.ECS(), ended: map[string]Task{}}}
}

// Mails returns every mail that was sent, oldest first.
func (o *Observer) Mails(ctx context.Context) ([]inbox.Mail, error) {
	return inbox.Read(ctx, o.Record.Endpoint(), stack.Account)
}

// Depth is how many messages a queue holds.
type Depth struct{ Visible, InFlight int }

// Empty reports whether no message is left.
func (d Depth) Empty() bool { return d.Visible+d.InFlight == 0 }

// Queue returns what the queue in an output of the stack holds.
func (o *Observer) Queue(ctx context.Context, output string) (Depth, error) {
	visible, inFlight := sqstypes.QueueAttributeNameApproximateNumberOfMessages, sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible
	answer, err := o.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(o.Record.Outputs[output]), AttributeNames: []sqstypes.QueueAttributeName{visible, inFlight},
	})
	if err != nil {
		return Depth{}, fmt.Errorf("read queue %s: %w", output, err)
	}
	v, errVisible := strconv.Atoi(answer.Attributes[string(visible)])
	f, errInFlight := strconv.Atoi(answer.Attributes[string(inFlight)])
	return Depth{v, f}, errors.Join(errVisible, errInFlight)
}

// Description is what the object processor writes of an object, as far as anybody relies on it.
type Description struct {
	Key       string `json:"key"`
	RunID     string `json:"runId"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	Format    string `json:"format"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Thumbnail *struct {
		Key    string `json:"key"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	} `json:"thumbnail"`
}

// Description returns what is written of an object, or nil as long as there is nothing.
func (o *Observer) Description(ctx context.Context, key string) (*Description, error) {
	text, err := o.Result(ctx, key+"/description.json")
	if text == nil || err != nil {
		return nil, err
	}
	var d Description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read the description of %s: %w", key, err)
	}
	return &d, nil
}

// Result returns an object of the results bucket, or nil when there is none.
func (o *Observer) Result(ctx context.Context, key string) ([]byte, error) {
	answer, err := o.stored.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(o.Record.Outputs["ResultsBucketName"]), Key: &key})
	var missing *s3types.NoSuchKey
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read result %s: %w", key, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text := &strings.Builder{}
	if _, err := io.Copy(text, answer.Body); err != nil {
		return nil, fmt.Errorf("read result %s: %w", key, err)
	}
	return []byte(text.String()), nil
}

// Results returns the keys below a prefix of the results bucket that were written since a time.
func (o *Observer) Results(ctx context.Context, prefix string, since time.Time) ([]string, error) {
	var keys []string
	pages := s3.NewListObjectsV2Paginator(o.stored, &s3.ListObjectsV2Input{
		Bucket: aws.String(o.Record.Outputs["ResultsBucketName"]), Prefix: &prefix,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list results: %w", err)
		}
		for _, c := range page.Contents {
			if !c.LastModified.Before(since.Truncate(time.Second)) {
				keys = append(keys, *c.Key)
			}
		}
	}
	return keys, nil
}
