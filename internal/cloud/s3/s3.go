package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"slipway/internal/cloud/refusal"
	"slipway/internal/run"
)

// The IAM actions that each use of this package needs: s3:ListBucket on the bucket, the others on its objects. Who may
// not list a bucket is told that access is denied where there is no object.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
var (
	PutActions = []string{"s3:PutObject"}
	GetActions = []string{"s3:GetObject", "s3:ListBucket"}
)

// permanent are the codes that no retry can help.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var permanent = refusal.Codes{
	"NoSuchBucket":                 "no-such-bucket",
	"InvalidBucketName":            "no-such-bucket",
	"AccessDenied":                 "access-denied",
	"AllAccessDisabled":            "access-denied",
	"PermanentRedirect":            "wrong-region",
	"AuthorizationHeaderMalformed": "wrong-region",
	"KeyTooLongError":              "object-refused",
	"EntityTooLarge":               "object-refused",
	"InvalidRequest":               "object-refused",
	"InvalidObjectState":           "object-archived",
}

// S3 is Amazon S3 in one region. It may be used by several goroutines at once.
type S3 struct {
	client *client
}

// New returns an adapter. Endpoint is nil for AWS's own; one of one's own is addressed by path.
func New(cfg aws.Config, endpoint *string) *S3 { return &S3{newClient(cfg, endpoint)} }

// object is where content is: the key as S3 knows it, never URL-encoded.
type object struct{ bucket, key string }

func parse(url string) (object, error) {
	rest, ok := strings.CutPrefix(url, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	if !ok || bucket == "" || key == "" {
		return object{}, run.Never("not-an-s3-url", fmt.Errorf("%q: want s3://bucket/key", url))
	}
	return object{bucket, key}, nil
}

// Put stores content at s3://bucket/key in place of what is there.
func (s *S3) Put(ctx context.Context, url, contentType string, content []byte) error {
	o, err := parse(url)
	if err != nil {
		return err
	}
	return refusal.Of("write "+url, s.client.PutObject(ctx, o, contentType, content), permanent)
}

// Get returns the content of s3://bucket/key. The error is run.ErrNotFound when there is no such object, and no retry
// helps when it has more bytes than the limit.
func (s *S3) Get(ctx context.Context, url string, limit int64) ([]byte, error) {
	o, err := parse(url)
	if err != nil {
		return nil, err
	}
	content, err := s.client.GetObject(ctx, o, limit)
	var api smithy.APIError
	switch {
	case errors.Is(err, errTooLarge):
		return nil, run.Never("object-too-large", fmt.Errorf("read %s: it has more than %d bytes", url, limit))
	case errors.As(err, &api) && api.ErrorCode() == "NoSuchKey":
		return nil, &missingError{url, err}
	}
	return content, refusal.Of("read "+url, err, permanent)
}

// missingError says that there is no object.
type missingError struct {
	url string
	err error
}

func (e *missingError) Error() string        { return "read " + e.url + ": there is no such object" }
func (e *missingError) Is(target error) bool { return target == run.ErrNotFound }
func (e *missingError) Unwrap() error        { return e.err }
