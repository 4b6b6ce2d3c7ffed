package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"slipway/tasks/internal/container"
)

// maxDescription is how much of a description is read, in bytes. It has a key of a kilobyte and little else.
const maxDescription = 64 << 10

// s3Store is one bucket.
type s3Store struct {
	client *s3.Client
	bucket string
}

// list asks for encoded keys, because XML has no words for some characters that keys may have.
func (t *s3Store) list(ctx context.Context, each func(file)) error {
	pages := s3.NewListObjectsV2Paginator(t.client, &s3.ListObjectsV2Input{Bucket: &t.bucket, EncodingType: types.EncodingTypeUrl})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return container.Explain(err)
		}
		for _, o := range page.Contents {
			key := aws.ToString(o.Key)
			if page.EncodingType == types.EncodingTypeUrl {
				if key, err = url.QueryUnescape(key); err != nil {
					return fmt.Errorf("decode key %q: %w", aws.ToString(o.Key), err)
				}
			}
			each(file{key, aws.ToInt64(o.Size), aws.ToTime(o.LastModified).UTC()})
		}
	}
	return nil
}

func (t *s3Store) get(ctx context.Context, key string) ([]byte, error) {
	out, err := t.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &t.bucket, Key: &key})
	var gone *types.NoSuchKey
	if errors.As(err, &gone) {
		return nil, errGone
	}
	if err != nil {
		return nil, container.Explain(err)
	}
	defer func() { _ = out.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(out.Body, maxDescription))
	if err != nil {
		return nil, &container.Transient{Err: err}
	}
	return text, nil
}

func (t *s3Store) put(ctx context.Context, key, contentType string, content []byte) error {
	_, err := t.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &t.bucket, Key: &key, ContentType: &contentType, Body: bytes.NewReader(content),
	})
	return container.Explain(err)
}
